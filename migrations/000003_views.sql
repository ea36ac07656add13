-- Read-only views with the names, columns and types that bots of the predecessor query:
-- conversation_summaries, universal_users, fact_entities, user_fact_relationships, in
-- schema public. Where public holds one of these names already, or where we may not create
-- in it, all four are made in schema afterword_compat instead, and that is said.
--
-- What they show: live windows, each key's active run, facts and preferences that hold
-- now. Times are UTC without a time zone; those of facts and preferences are event
-- times, so that reading an old conversation again does not make its facts look new.
-- Nothing is stored twice: a person who is forgotten is gone from here at once.
--
-- A view runs with its owner's rights: `grant select` on the four is all that a bot
-- needs. Cost: two indexes, one of them over all facts; on a large table they take a
-- few seconds per million rows, during which facts cannot be written.

-- The same entity for everybody who names it alike. Finer than the fold's canonical form
-- (no plurals): two facts of one person never meet in it. SHA-256, because md5 is refused
-- where a server runs in FIPS mode. The body is bound when it is created (`return`), so
-- that no search_path of a reader can change it.
create function afterword.entity_id(entity_type text, entity_name text) returns uuid
  language sql immutable strict parallel safe
  return encode(substring(sha256(convert_to(
    entity_type || ':' || regexp_replace(
      regexp_replace(lower(btrim(entity_name)), '\s+', ' ', 'g'),
      '^((a|an|the|some|my|our) )+', ''), 'UTF8')) from 1 for 16), 'hex')::uuid;

-- Finds an entity by its id, and the first of the facts that name it.
create index facts_by_entity on afterword.facts (afterword.entity_id(entity_type, entity_name), key_id, fact_id)
  where status = 'current';

-- The views' user ids are varchar: without this, each read would pass over all keys.
create index user_keys_by_varchar on afterword.user_keys ((user_id::varchar(255)));

create schema if not exists afterword_compat;

create view afterword_compat.conversation_summaries as
select
  -- Two thousand million results fit; beyond that ids start again rather than fail.
  (t.stage_task_id & 2147483647)::integer as id,
  k.user_id::varchar(255) as user_id,
  k.bot_id::varchar(100) as bot_name,
  t.result ->> 'summary_text' as summary_text,
  'time_window'::varchar(50) as summary_type,
  timestamp 'epoch' + w.started_at_ms * interval '1 millisecond' as start_timestamp,
  timestamp 'epoch' + w.ended_at_ms * interval '1 millisecond' as end_timestamp,
  -- Of the members that the summary was made from; a late one may have come since.
  t.message_count,
  array(select jsonb_array_elements_text(t.result -> 'key_topics'))::varchar[] as key_topics,
  (t.result ->> 'emotional_tone')::varchar(50) as emotional_tone,
  (t.result ->> 'compression_ratio')::double precision as compression_ratio,
  (t.result ->> 'confidence_score')::double precision as confidence_score,
  t.stage_version::varchar(20) as enrichment_version,
  t.created_at at time zone 'UTC' as created_at,
  t.created_at at time zone 'UTC' as updated_at
from afterword.stage_tasks t
join afterword.windows w on w.window_id = t.window_id
join afterword.user_keys k on k.key_id = t.key_id and k.run_id = w.run_id
where t.stage = 'summary' and t.status = 'done' and t.superseded_at is null
  and w.status in ('open', 'closed');

-- One row a person, over all bots. Of several values of one key the one that was asked
-- for in words comes first, then the newest; topics, of which there may be many, are listed.
create view afterword_compat.universal_users as
select
  u.user_id::varchar(255) as universal_id,
  u.user_id::varchar(255) as primary_username,
  (p.preferences -> 'preferred_name' ->> 'value')::varchar(255) as display_name,
  null::varchar(255) as email,
  u.created_at at time zone 'UTC' as created_at,
  coalesce(a.last_active, u.created_at at time zone 'UTC') as last_active,
  p.preferences,
  '{}'::text as privacy_settings
from (
  select user_id, min(created_at) as created_at from afterword.user_keys group by user_id
) u
cross join lateral (
  select timestamp 'epoch' + max(newest.ended_at_ms) * interval '1 millisecond' as last_active
  from afterword.user_keys k
  cross join lateral (
    select w.ended_at_ms from afterword.windows w
    where w.key_id = k.key_id and w.run_id = k.run_id and w.status in ('open', 'closed')
    order by w.started_at_ms desc limit 1
  ) newest
  where k.user_id = u.user_id
) a
cross join lateral (
  select coalesce(jsonb_object_agg(held.preference_key, held.entry), '{}'::jsonb) as preferences
  from (
    select
      p.preference_key,
      (array_agg(jsonb_build_object(
        'value', p.value,
        'confidence', p.confidence,
        'updated_at', timestamp 'epoch' + p.last_seen_ms * interval '1 millisecond',
        'metadata', jsonb_build_object(
          'extraction_method', p.preference -> 'method',
          'reasoning', p.preference -> 'reasoning',
          'conversation_context', p.preference #> '{evidence,0,quote}',
          'is_explicit', p.explicit,
          'is_preference_change', exists (
            select 1 from afterword.preferences o
            where o.key_id = p.key_id and o.run_id = p.run_id and o.group_key = p.group_key
              and o.status = 'superseded'),
          'bot_name', k.bot_id)
      ) order by p.explicit desc, p.last_seen_ms desc, p.preference_id))[1]
      || case when p.preference_key in ('topic_preferences', 'topics_to_avoid')
        then jsonb_build_object('value', string_agg(distinct p.value, ', '))
        else '{}'::jsonb end as entry
    from afterword.user_keys k
    join afterword.preferences p on p.key_id = k.key_id and p.run_id = k.run_id
    where k.user_id = u.user_id and p.status = 'current'
      and (p.valid_to_ms is null or p.valid_to_ms > extract(epoch from now()) * 1000)
    group by p.preference_key
  ) held
) p;

-- One row an entity: the first of the facts that name it stands for all. A person's own
-- details (a colour, a breed) stay with their fact and never come here.
create view afterword_compat.fact_entities as
select
  afterword.entity_id(f.entity_type, f.entity_name) as id,
  f.entity_type,
  f.entity_name,
  f.entity_type as category,
  null::text as subcategory,
  '{}'::jsonb as attributes,
  to_tsvector('english', f.entity_name || ' ' || f.entity_type) as search_vector,
  timestamp 'epoch' + (f.fact ->> 'firstSeenMs')::bigint * interval '1 millisecond' as created_at,
  timestamp 'epoch' + f.last_seen_ms * interval '1 millisecond' as updated_at
from afterword.facts f
join afterword.user_keys k on k.key_id = f.key_id and k.run_id = f.run_id
where f.status = 'current' and (f.valid_to_ms is null or f.valid_to_ms > extract(epoch from now()) * 1000)
  and (f.key_id, f.fact_id) = (
    select g.key_id, g.fact_id
    from afterword.facts g
    join afterword.user_keys gk on gk.key_id = g.key_id and gk.run_id = g.run_id
    where afterword.entity_id(g.entity_type, g.entity_name) = afterword.entity_id(f.entity_type, f.entity_name)
      and g.status = 'current' and (g.valid_to_ms is null or g.valid_to_ms > extract(epoch from now()) * 1000)
    order by afterword.entity_id(g.entity_type, g.entity_name), g.key_id, g.fact_id limit 1);

-- One row for each bot and fact. The predecessor knew no negation: what a person says is
-- not so must not read as if it were, so dislikes are `dislikes`, everything else `not_…`.
create view afterword_compat.user_fact_relationships as
select
  f.fact_id as id,
  k.user_id::varchar(255) as user_id,
  afterword.entity_id(f.entity_type, f.entity_name) as entity_id,
  left(case
    when f.fact ->> 'polarity' = 'positive' then r.relation
    when f.relation in ('likes', 'loves', 'enjoys', 'prefers') then 'dislikes'
    else 'not_' || r.relation
  end, 50) as relationship_type,
  f.confidence,
  -- Never written by the predecessor: its default.
  0.5::double precision as strength,
  'neutral'::text as emotional_context,
  jsonb_build_object(
    'extraction_method', f.fact -> 'method',
    'polarity', f.fact -> 'polarity',
    'modality', f.fact -> 'modality',
    'attributes', f.fact -> 'attributes',
    'channels', f.fact -> 'channels',
    'valid_from', timestamp 'epoch' + f.valid_from_ms * interval '1 millisecond',
    'valid_to', timestamp 'epoch' + f.valid_to_ms * interval '1 millisecond',
    'confirmation_count', f.fact -> 'windowCount',
    'evidence', f.fact -> 'evidence') as context_metadata,
  f.fact #>> '{windowIds,0}' as source_conversation_id,
  k.bot_id::text as mentioned_by_character,
  -- Not known: messages name a channel, not its platform.
  null::text as source_platform,
  '[]'::jsonb as related_entities,
  timestamp 'epoch' + (f.fact ->> 'firstSeenMs')::bigint * interval '1 millisecond' as created_at,
  timestamp 'epoch' + f.last_seen_ms * interval '1 millisecond' as updated_at
from afterword.facts f
join afterword.user_keys k on k.key_id = f.key_id and k.run_id = f.run_id
cross join lateral (
  select case when f.relation <> 'other' then f.relation
    else coalesce(nullif(btrim(regexp_replace(lower(f.fact ->> 'predicate'), '[^[:alnum:]]+', '_', 'g'), '_'), ''),
      'related_to') end as relation
) r
where f.status = 'current' and (f.valid_to_ms is null or f.valid_to_ms > extract(epoch from now()) * 1000);

do $$
declare
  view_names constant text[] :=
    array['conversation_summaries', 'universal_users', 'fact_entities', 'user_fact_relationships'];
  taken text;
  why text;
  view_name text;
begin
  if to_regnamespace('public') is null then
    why := 'there is no schema public';
  else
    select string_agg('public.' || name, ', ' order by place) into taken
    from unnest(view_names) with ordinality as t (name, place)
    -- Every table and view has a type of its name, and other types keep a view out as well.
    where exists (select from pg_type where typnamespace = 'public'::regnamespace and typname = name)
      or to_regclass('public.' || name) is not null;
    if taken is not null then
      why := taken || ' is there already and stays as it is';
    elsif not has_schema_privilege('public', 'create') then
      why := 'this role may not create in schema public';
    end if;
  end if;
  -- All or none: who joins them must not meet ours beside somebody else's.
  if why is not null then
    raise notice 'afterword: %; the four views are in schema afterword_compat', why;
    return;
  end if;
  foreach view_name in array view_names loop
    execute format('alter view afterword_compat.%I set schema public', view_name);
  end loop;
  begin
    drop schema afterword_compat;
  exception when dependent_objects_still_exist then
    null; -- It holds what it held before.
  end;
end
$$;
