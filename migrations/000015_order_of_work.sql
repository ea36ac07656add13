-- Windows that are over at the same moment, as in an import, close in the order they were lived.
-- The new index takes the place of one over check_at_ms alone; it is over the few windows that
-- wait for their grace, and started_at_ms never changes, so appending costs no more than before.
drop index afterword.windows_due;
create index windows_due on afterword.windows (check_at_ms, started_at_ms)
  where status = 'open' and due_reason is not null;
