-- Lets a window be folded from where the fold of its groups stood, instead of from every
-- observation that they ever had. One index over observations is built anew, and writing them
-- waits meanwhile (about a second for a million); the new table begins empty and fills by itself.

-- Where the fold of a group stood after its live observations up to an event time. Derived:
-- a group without a row is folded in full, so rows may be deleted at any time.
create table afterword.fold_checkpoints (
  key_id bigint not null references afterword.user_keys,
  run_id integer not null references afterword.runs,
  kind text not null check (kind in ('fact', 'preference')),
  group_key text not null,
  -- Event time, inclusive.
  upto_ms bigint not null,
  -- Of the fold that wrote it; another one's is not read, and written over.
  version text not null,
  -- JSON, and text so that it comes back byte for byte. It quotes messages.
  state text not null,
  updated_at timestamptz not null default clock_timestamp(),
  -- How it is found, when it is read and when it is dropped.
  primary key (key_id, run_id, kind, group_key)
);

-- The live observations of a group after its checkpoint, as one range.
drop index afterword.observations_live;
create index observations_live on afterword.observations (key_id, run_id, kind, group_key, occurred_at_ms)
  where superseded_at is null;

-- A checkpoint holds for exactly the observations that it was made of. Whoever adds, supersedes,
-- revives, changes or deletes one of them need not know that it exists: it goes in the same
-- statement. So no words of a deleted message stay in it either. Writers of one key hold the
-- key's lock, so nobody writes a checkpoint while another one's observation is on its way.
create function afterword.drop_fold_checkpoints() returns trigger
  language plpgsql
as $$
declare
  touched record;
begin
  -- Group by group: a join with rows whose number is unknown may be planned as a reading of
  -- all checkpoints, and the plan is kept for the connection.
  for touched in
    select key_id, run_id, kind, group_key, min(occurred_at_ms) as from_ms
    from touched_observations group by key_id, run_id, kind, group_key
    -- One order of locks.
    order by key_id, run_id, kind, group_key
  loop
    delete from afterword.fold_checkpoints c
    where c.key_id = touched.key_id and c.run_id = touched.run_id and c.kind = touched.kind
      and c.group_key = touched.group_key and c.upto_ms >= touched.from_ms;
  end loop;
  return null;
end
$$;

create trigger observations_added after insert on afterword.observations
  referencing new table as touched_observations
  for each statement execute function afterword.drop_fold_checkpoints();
create trigger observations_removed after delete on afterword.observations
  referencing old table as touched_observations
  for each statement execute function afterword.drop_fold_checkpoints();
-- An update counts for the group and time that the row had, and for those that it has now.
create trigger observations_changed_from after update on afterword.observations
  referencing old table as touched_observations
  for each statement execute function afterword.drop_fold_checkpoints();
create trigger observations_changed_to after update on afterword.observations
  referencing new table as touched_observations
  for each statement execute function afterword.drop_fold_checkpoints();
