-- Tells a window that never fits the model's timeout from a provider that is away. A column
-- with a constant default, so it costs nothing.

alter table afterword.extractions
  -- Calls of this revision that timed out while the provider answered others; counted anew
  -- where attempts are.
  add column timeouts integer not null default 0;
