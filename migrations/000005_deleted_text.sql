-- Deletes take a message's text out of everything that was made from it: results and kept
-- answers have to be found by the time of the message, and a result can be taken out.
-- Cost: writes every row of both tables anew, and one index on each.

-- The stretch of event time of the members that it was made from. A window's own span will
-- not do: a later cut may have given its members to others.
alter table afterword.stage_tasks add column members_from_ms bigint, add column members_to_ms bigint;
update afterword.stage_tasks t
set members_from_ms = w.started_at_ms, members_to_ms = w.ended_at_ms
from afterword.windows w where w.window_id = t.window_id;
alter table afterword.stage_tasks
  alter column members_from_ms set not null,
  alter column members_to_ms set not null,
  -- A member was deleted, and with it a result of which nobody can tell what it took from where.
  add column redacted_at timestamptz,
  drop constraint stage_tasks_check,
  add constraint stage_tasks_result check (
    (status = 'done') = (method is not null)
    and (status = 'done') = (result is not null or redacted_at is not null)
    and (result is null or redacted_at is null));
-- The results that hold a message: those of a person that end at or after it. For a message of
-- late these are few, and only late ones are deleted often.
create index stage_tasks_by_time on afterword.stage_tasks (key_id, members_to_ms);

alter table afterword.kept_answers add column members_from_ms bigint, add column members_to_ms bigint;
update afterword.kept_answers a
set members_from_ms = w.started_at_ms, members_to_ms = w.ended_at_ms
from afterword.windows w where w.window_id = a.window_id;
delete from afterword.kept_answers where members_to_ms is null;
alter table afterword.kept_answers
  alter column members_from_ms set not null,
  alter column members_to_ms set not null;
create index kept_answers_by_time on afterword.kept_answers (key_id, members_to_ms);
drop index afterword.kept_answers_by_key;

-- The newest summaries of a person within a run, for the profile. By windows it would pass
-- over all that have none: short ones, of which a person may have thousands.
create index stage_tasks_summaries on afterword.stage_tasks (key_id, run_id, members_from_ms)
  where stage = 'summary' and status = 'done' and superseded_at is null;
