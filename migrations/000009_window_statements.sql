-- What each window needs of the database in fewer statements, and plans that hold whatever
-- the statistics say. Functions and a storage setting, so it costs nothing.

-- Half of each page is left free: every conversation that goes on appends to its window, and
-- where one batch touches all windows of a page, each needs room for its new version (HOT).
-- At 80 more than half of the appends left the page and wrote every index of it (measured:
-- twice the time), and the table grew larger than with the room.
alter table afterword.windows set (fillfactor = 45);

-- Claims the work that comes next. Work of workers that died is freed first: their lease has
-- run out by the database's clock. `skip locked`, so that workers never wait for each other
-- here; each claim raises the lease's epoch.
--
-- A queue's statistics are always late: a backlog that has just come looks like none, and the
-- planner would then read and sort all of it for every claim (6,000 windows: 29 ms; read in
-- the order of the index: less than 1 ms). So sorting is no choice here.
create function afterword.claim_windows(new_owner text, most integer, lease_ms bigint)
  returns table (window_id uuid, lease_epoch bigint, attempts integer, timeouts integer)
  language sql volatile rows 10
  set enable_sort = off
  set enable_bitmapscan = off
  set enable_seqscan = off
as $$
  update afterword.extractions
  set status = 'pending', lease_owner = null, lease_expires_at = null, not_before = clock_timestamp()
  where window_id in (
    select window_id from afterword.extractions
    where status = 'running' and lease_expires_at < clock_timestamp()
    for update skip locked);
  with due as (
    select e.window_id
    from afterword.extractions e join afterword.windows w using (window_id)
    where e.status in ('pending', 'retrying', 'deferred') and e.not_before <= clock_timestamp()
      and w.status in ('closed', 'superseded')
    order by e.priority, e.not_before limit most
    for update of e skip locked)
  update afterword.extractions e
  set status = 'running', changed = false, error_code = null,
      lease_owner = new_owner, lease_epoch = e.lease_epoch + 1,
      lease_expires_at = clock_timestamp() + lease_ms * interval '1 millisecond',
      attempts = e.attempts + 1, timeouts = case when e.attempts = 0 then 0 else e.timeouts end,
      updated_at = clock_timestamp()
  from due where e.window_id = due.window_id
  returning e.window_id, e.lease_epoch, e.attempts, e.timeouts;
$$;

-- Keeps a model's answer, unless a message that it was made from was deleted meanwhile. The
-- key's lock, shared, comes first: a delete that is under way ends before the second statement
-- looks, and one that comes later finds the answer. It is the only lock held, so nobody waits
-- in a circle.
create function afterword.keep_answer(
  its_key bytea, person bigint, of_window uuid, from_ms bigint, to_ms bigint, by_model text, its_text text,
  its_usage jsonb, member_identities uuid[]
) returns void
  language plpgsql volatile
as $$
begin
  perform from afterword.user_keys where key_id = person for share;
  -- Each statement here sees what was committed before it began.
  if exists (select from afterword.messages where identity = any(member_identities) and deleted) then
    return;
  end if;
  insert into afterword.kept_answers
    (answer_key, key_id, window_id, members_from_ms, members_to_ms, model, answer, usage)
  values (its_key, person, of_window, from_ms, to_ms, by_model, its_text, its_usage)
  on conflict (answer_key) do nothing;
end
$$;
