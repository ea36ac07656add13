-- Settings that change: how a process notices, and what else was configured with a run.
-- Two columns with constant defaults on a table of a handful of rows, so it costs nothing.

alter table afterword.runs
  -- Rises with every change of the run's entries in run_settings: whoever keeps them in
  -- memory reads this one number to know that they are still those.
  add column settings_version integer not null default 1,
  -- Extraction settings as the first start or the last `settings apply` had them, by name.
  -- Only compared and told: each process extracts by its own. Null: not recorded.
  add column extraction jsonb;
