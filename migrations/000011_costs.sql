-- What calls of a model cost, and budgets for a day that many processes share. Two new tables,
-- functions, and one partial index over extractions, which is built while writing them waits
-- (a second for a few million).

-- One row for each request to a model. It is there before the request is sent where a budget is
-- set (then `outcome` is null and its estimate is reserved), and written with the answer or the
-- failure otherwise. Never a word of a conversation. Who forgets a person deletes their rows,
-- but not those under way: what the days spent stands in budget_days.
create table afterword.model_calls (
  -- Given by the process before the call, so that recording it twice counts it once.
  call_id uuid primary key,
  -- The UTC day that it counts for: of its reservation, else of its end.
  day date not null,
  called_at timestamptz not null,
  run_id integer not null,
  key_id bigint,
  bot_id text not null,
  window_id uuid not null,
  -- The one that was being made.
  revision integer,
  strategy text not null,
  -- As it was asked for, which is what has a price.
  model text not null,
  purpose text not null check (purpose in ('first', 'repair', 'alone')),
  stages text[] not null,
  -- 'ok', an error's code, 'aborted', or 'lost': its process died with it. Null: under way.
  outcome text,
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  cache_write_input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  -- The most that it can cost. Null: the model's price is not known.
  estimate_nano_usd bigint,
  -- Null: not known.
  cost_nano_usd bigint,
  -- Nobody knows whether it was made to its end: the cost is the estimate.
  cost_is_estimate boolean not null default false,
  -- The shares of each stage, [{stage, …_tokens, cost_nano_usd}]; they add up to the row's own.
  stage_usage jsonb not null,
  took_ms bigint,
  -- By the database's clock: later than this nobody lives who would record it.
  reserved_until timestamptz,
  check ((outcome is null) = (reserved_until is not null)),
  check (reserved_until is null or estimate_nano_usd is not null)
);
-- `costs` and `status` read days; a day that gets its first budget sums what was spent before.
create index model_calls_by_day on afterword.model_calls (day);
-- Those whose process died are looked for with each reservation: a handful of rows.
create index model_calls_under_way on afterword.model_calls (reserved_until) where outcome is null;

-- What a UTC day has spent, and what calls under way may still spend; `bot_id` '' is everybody.
-- A row begins with the day's first reservation under such a budget. Whoever touches rows of a
-- day locks the one of everybody first, and later days before earlier ones, so that nobody waits
-- in a circle. A process without a budget adds to rows that are there; one that ends a call in the
-- very moment of a day's first reservation may be left out, so set a budget for all alike.
create table afterword.budget_days (
  day date not null,
  bot_id text not null,
  spent_nano_usd bigint not null default 0,
  reserved_nano_usd bigint not null default 0 check (reserved_nano_usd >= 0),
  -- The least that was refused since work was last taken up again: so much room is worth a try.
  least_refused_nano_usd bigint,
  primary key (day, bot_id)
) with (fillfactor = 50); -- every call writes it twice: room for that on the page (HOT)

-- What waits for its budget, seldom any: looked for every few seconds.
create index extractions_over_budget on afterword.extractions (not_before)
  where status = 'deferred' and error_code = 'MODEL_BUDGET_SPENT';

create function afterword.open_budget_day(of_day date, scope text) returns void
  language plpgsql volatile
as $$
begin
  if exists (select from afterword.budget_days where day = of_day and bot_id = scope) then
    return;
  end if;
  insert into afterword.budget_days (day, bot_id, spent_nano_usd, reserved_nano_usd)
  select of_day, scope,
    coalesce(sum(cost_nano_usd) filter (where outcome is not null), 0),
    coalesce(sum(estimate_nano_usd) filter (where outcome is null), 0)
  from afterword.model_calls where day = of_day and (scope = '' or bot_id = scope)
  on conflict (day, bot_id) do nothing;
end
$$;

-- Calls whose process died: they may have been made, so their estimate is spent. One that comes
-- back all the same puts its own cost in its place (record_call). The caller holds the lock of
-- today's row of everybody, which is later than any that is locked here.
create function afterword.count_lost_calls() returns void
  language plpgsql volatile
as $$
declare
  judged_at timestamptz := clock_timestamp();
  lost record;
begin
  if not exists (select from afterword.model_calls where outcome is null and reserved_until < judged_at) then
    return;
  end if;
  perform from afterword.budget_days
  where bot_id = ''
    and day in (select day from afterword.model_calls where outcome is null and reserved_until < judged_at)
  order by day desc for update;
  for lost in
    update afterword.model_calls
    set outcome = 'lost', cost_nano_usd = estimate_nano_usd, cost_is_estimate = true, reserved_until = null
    where outcome is null and reserved_until < judged_at
    returning day, bot_id, estimate_nano_usd
  loop
    update afterword.budget_days
    set reserved_nano_usd = reserved_nano_usd - lost.estimate_nano_usd,
        spent_nano_usd = spent_nano_usd + lost.estimate_nano_usd
    where day = lost.day and bot_id in ('', lost.bot_id);
  end loop;
end
$$;

-- Reserves a call's estimate in the budgets of the day, or tells who refuses it: a row is a
-- refusal. Budgets that are null are not looked at. The lock of the day's row makes the check
-- and the reservation one step for all processes.
create function afterword.reserve_call(its_call jsonb, all_budget bigint, bot_budget bigint, lasts_ms bigint)
  returns table (refused_by text, retry_in_ms bigint)
  language plpgsql volatile
as $$
declare
  planned afterword.model_calls := jsonb_populate_record(null::afterword.model_calls, its_call);
  today date := (clock_timestamp() at time zone 'UTC')::date;
  budget record;
begin
  perform afterword.open_budget_day(today, '');
  perform from afterword.budget_days where day = today and bot_id = '' for update;
  if bot_budget is not null then
    perform afterword.open_budget_day(today, planned.bot_id);
  end if;
  perform afterword.count_lost_calls();
  -- Each statement here sees what was committed before it began, and so before the lock was given.
  for budget in
    select b.scope, b.most, d.spent_nano_usd as spent, d.reserved_nano_usd as reserved
    from (values ('', all_budget), (planned.bot_id, bot_budget)) as b (scope, most)
    join afterword.budget_days d on d.day = today and d.bot_id = b.scope
    where b.most is not null order by b.scope
  loop
    if budget.spent + budget.reserved + planned.estimate_nano_usd > budget.most then
      update afterword.budget_days d set least_refused_nano_usd = planned.estimate_nano_usd
      where d.day = today and d.bot_id = budget.scope
        and (d.least_refused_nano_usd is null or d.least_refused_nano_usd > planned.estimate_nano_usd);
      refused_by := case when budget.scope = '' then 'all' else 'bot' end;
      -- 0: only calls under way are in its place, and most cost less than was reserved.
      retry_in_ms := case when budget.spent + planned.estimate_nano_usd <= budget.most then 0
        else ceil(extract(epoch from ((today + 1)::timestamp at time zone 'UTC') - clock_timestamp()) * 1000) end;
      return next;
      return;
    end if;
  end loop;
  planned.day := today;
  planned.called_at := clock_timestamp();
  planned.outcome := null;
  planned.cost_nano_usd := null;
  planned.cost_is_estimate := false;
  planned.reserved_until := clock_timestamp() + lasts_ms * interval '1 millisecond';
  insert into afterword.model_calls select planned.*;
  update afterword.budget_days d set reserved_nano_usd = d.reserved_nano_usd + planned.estimate_nano_usd
  where d.day = today and d.bot_id in ('', planned.bot_id);
end
$$;

-- A call that has ended, with what it cost; in place of its reservation where it has one. Twice is
-- once. Costs no lock where no budget is set.
create function afterword.record_call(its_call jsonb) returns void
  language plpgsql volatile
as $$
declare
  ended afterword.model_calls := jsonb_populate_record(null::afterword.model_calls, its_call);
  begun afterword.model_calls;
begin
  select * into begun from afterword.model_calls where call_id = ended.call_id;
  if not found then
    ended.day := (clock_timestamp() at time zone 'UTC')::date;
    ended.called_at := clock_timestamp() - ended.took_ms * interval '1 millisecond';
    ended.reserved_until := null;
    perform from afterword.budget_days where day = ended.day and bot_id = '' for update;
    insert into afterword.model_calls select ended.* on conflict (call_id) do nothing;
    if not found then
      return;
    end if;
    update afterword.budget_days set spent_nano_usd = spent_nano_usd + coalesce(ended.cost_nano_usd, 0)
    where day = ended.day and bot_id in ('', ended.bot_id);
    return;
  end if;
  perform from afterword.budget_days where day = begun.day and bot_id = '' for update;
  -- As it is now that nobody else can change it.
  select * into begun from afterword.model_calls where call_id = ended.call_id;
  if not found or coalesce(begun.outcome, 'lost') <> 'lost' then
    return;
  end if;
  update afterword.model_calls
  set outcome = ended.outcome, input_tokens = ended.input_tokens, cached_input_tokens = ended.cached_input_tokens,
      cache_write_input_tokens = ended.cache_write_input_tokens, output_tokens = ended.output_tokens,
      cost_nano_usd = ended.cost_nano_usd, cost_is_estimate = ended.cost_is_estimate,
      stage_usage = ended.stage_usage, took_ms = ended.took_ms, reserved_until = null
  where call_id = ended.call_id;
  update afterword.budget_days
  set reserved_nano_usd = reserved_nano_usd - case when begun.outcome is null then begun.estimate_nano_usd else 0 end,
      spent_nano_usd = spent_nano_usd - case when begun.outcome is null then 0 else begun.estimate_nano_usd end
        + coalesce(ended.cost_nano_usd, begun.estimate_nano_usd)
  where day = begun.day and bot_id in ('', begun.bot_id);
end
$$;

-- A reservation whose request was never sent.
create function afterword.release_call(its_id uuid) returns void
  language plpgsql volatile
as $$
declare
  begun afterword.model_calls;
begin
  select * into begun from afterword.model_calls where call_id = its_id and outcome is null;
  if not found then
    return;
  end if;
  perform from afterword.budget_days where day = begun.day and bot_id = '' for update;
  delete from afterword.model_calls where call_id = its_id and outcome is null;
  if not found then
    return;
  end if;
  update afterword.budget_days set reserved_nano_usd = reserved_nano_usd - begun.estimate_nano_usd
  where day = begun.day and bot_id in ('', begun.bot_id);
end
$$;

-- An answer and its call, in one transaction: the call counts also where the answer is not kept.
-- The key's lock is held while the budget's is waited for, and never the other way round.
create function afterword.keep_answer_of_call(
  its_key bytea, person bigint, of_window uuid, from_ms bigint, to_ms bigint, by_model text, its_text text,
  its_usage jsonb, member_identities uuid[], its_call jsonb
) returns void
  language plpgsql volatile
as $$
begin
  perform afterword.keep_answer(
    its_key, person, of_window, from_ms, to_ms, by_model, its_text, its_usage, member_identities);
  perform afterword.record_call(its_call);
end
$$;

-- Takes up again what was put off for its budget, once that has room for the least of what was
-- refused: it was raised or taken away, or calls under way cost less than was reserved. Returns
-- how many windows.
create function afterword.resume_over_budget(all_budget bigint, bots text[], bot_budgets bigint[], most integer)
  returns bigint
  language plpgsql volatile
as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  of_bots text[];
begin
  if not exists (
    select from afterword.extractions
    where status = 'deferred' and error_code = 'MODEL_BUDGET_SPENT' and not_before > clock_timestamp()
  ) then
    return 0;
  end if;
  -- Everybody's first, as always.
  perform from afterword.budget_days where day = today and bot_id = '' for update;
  perform afterword.count_lost_calls();
  if exists (
    select from afterword.budget_days d
    where d.day = today and d.bot_id = ''
      and d.spent_nano_usd + d.reserved_nano_usd + coalesce(d.least_refused_nano_usd, 0) > all_budget
  ) then
    return 0;
  end if;
  with free as (
    select e.window_id, k.bot_id
    from afterword.extractions e
    join afterword.user_keys k using (key_id)
    left join unnest(bots, bot_budgets) as b (bot_id, most_nano_usd) on b.bot_id = k.bot_id
    left join afterword.budget_days d on d.day = today and d.bot_id = b.bot_id
    where e.status = 'deferred' and e.error_code = 'MODEL_BUDGET_SPENT' and e.not_before > clock_timestamp()
      and (b.most_nano_usd is null or d.day is null
        or d.spent_nano_usd + d.reserved_nano_usd + coalesce(d.least_refused_nano_usd, 0) <= b.most_nano_usd)
    order by e.not_before limit most
    -- Whoever has it just now decides when it is due.
    for update of e skip locked
  ), resumed as (
    update afterword.extractions e set not_before = clock_timestamp(), updated_at = clock_timestamp()
    from free where e.window_id = free.window_id
    returning free.bot_id
  )
  select array_agg(bot_id) into of_bots from resumed;
  if of_bots is null then
    return 0;
  end if;
  update afterword.budget_days set least_refused_nano_usd = null
  where day = today and (bot_id = '' or bot_id = any(of_bots));
  return cardinality(of_bots);
end
$$;
