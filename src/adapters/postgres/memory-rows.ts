import type pg from 'pg';
import type { LiveMemory, StoredSummary } from '../../extract/extraction-store.ts';
import { factGroupKey, preferenceGroupKey } from '../../memory/group-keys.ts';
import type { FoldedFact, FoldedPreference, MemoryState } from '../../model/memory.ts';
import { prepared } from './prepared.ts';

/** Whose memory: one key within one run. */
export interface MemoryOwner {
  readonly keyId: string;
  readonly runId: number;
}

/** How much of a person a profile is made from; older facts stay in their table. */
const profileLimits = { current: 300, history: 30, summaries: 3 } as const;

export async function insertObservations(
  client: pg.ClientBase,
  owner: MemoryOwner,
  observations: LiveMemory,
): Promise<void> {
  const rows = [
    ...observations.facts.map((observation) => ({
      stage: observation.stage ?? 'facts',
      kind: 'fact',
      group: factGroupKey(observation.fact),
      observation,
    })),
    ...observations.preferences.map((observation) => ({
      stage: observation.stage ?? 'preferences',
      kind: 'preference',
      group: preferenceGroupKey(observation.preference),
      observation,
    })),
  ];
  if (rows.length === 0) return;
  await client.query(
    prepared(
      `insert into afterword.observations (observation_id, key_id, run_id, stage, kind, group_key, window_id,
       revision, occurred_at_ms, observation)
     select t.id, $2, $3, t.stage, t.kind, t.group_key, t.window_id, t.revision, t.occurred_at_ms, t.observation::jsonb
     from unnest($1::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::int[], $9::bigint[], $10::text[])
       as t (id, stage, kind, group_key, window_id, revision, occurred_at_ms, observation)`,
      [
        rows.map((row) => row.observation.observationId),
        owner.keyId,
        owner.runId,
        rows.map((row) => row.stage),
        rows.map((row) => row.kind),
        rows.map((row) => row.group),
        rows.map((row) => row.observation.windowId),
        rows.map((row) => row.observation.revision),
        rows.map((row) => row.observation.occurredAtMs),
        rows.map((row) => JSON.stringify(row.observation)),
      ],
    ),
  );
}

/** What the fold no longer holds goes, the rest is written over. */
export async function writeMemory(
  client: pg.ClientBase,
  owner: MemoryOwner,
  before: MemoryState,
  after: MemoryState,
): Promise<void> {
  const facts = new Set(after.facts.map(({ factId }) => factId));
  const preferences = new Set(after.preferences.map(({ preferenceId }) => preferenceId));
  await deleteMemory(client, owner, {
    factIds: before.facts.map(({ factId }) => factId).filter((id) => !facts.has(id)),
    preferenceIds: before.preferences
      .map(({ preferenceId }) => preferenceId)
      .filter((id) => !preferences.has(id)),
  });
  await writeFacts(client, owner, after.facts);
  await writePreferences(client, owner, after.preferences);
}

async function deleteMemory(
  client: pg.ClientBase,
  owner: MemoryOwner,
  gone: { readonly factIds: readonly string[]; readonly preferenceIds: readonly string[] },
): Promise<void> {
  if (gone.factIds.length + gone.preferenceIds.length === 0) return;
  await client.query(
    prepared(
      `with facts as (
         delete from afterword.facts where key_id = $1 and run_id = $2 and fact_id = any($3::uuid[]))
       delete from afterword.preferences
       where key_id = $1 and run_id = $2 and preference_id = any($4::uuid[])`,
      [owner.keyId, owner.runId, gone.factIds, gone.preferenceIds],
    ),
  );
}

async function writeFacts(
  client: pg.ClientBase,
  owner: MemoryOwner,
  facts: readonly FoldedFact[],
): Promise<void> {
  if (facts.length === 0) return;
  await client.query(
    prepared(
      `insert into afterword.facts (key_id, run_id, fact_id, group_key, status, relation, entity_name, entity_type,
       confidence, valid_from_ms, valid_to_ms, superseded_by, last_seen_ms, fact)
     select $1, $2, t.fact_id, t.group_key, t.status, t.relation, t.entity_name, t.entity_type, t.confidence,
       t.valid_from_ms, t.valid_to_ms, t.superseded_by, t.last_seen_ms, t.fact::jsonb
     from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[],
       $10::bigint[], $11::bigint[], $12::uuid[], $13::bigint[], $14::text[])
       as t (fact_id, group_key, status, relation, entity_name, entity_type, confidence, valid_from_ms,
         valid_to_ms, superseded_by, last_seen_ms, fact)
     on conflict (run_id, key_id, fact_id) do update
     set group_key = excluded.group_key, status = excluded.status, relation = excluded.relation,
         entity_name = excluded.entity_name, entity_type = excluded.entity_type,
         confidence = excluded.confidence, valid_from_ms = excluded.valid_from_ms,
         valid_to_ms = excluded.valid_to_ms, superseded_by = excluded.superseded_by,
         last_seen_ms = excluded.last_seen_ms, fact = excluded.fact, updated_at = clock_timestamp()`,
      [
        owner.keyId,
        owner.runId,
        facts.map((fact) => fact.factId),
        facts.map((fact) => fact.groupKey),
        facts.map((fact) => fact.status),
        facts.map((fact) => fact.relation),
        facts.map((fact) => fact.entityName),
        facts.map((fact) => fact.entityType),
        facts.map((fact) => fact.confidence),
        facts.map((fact) => fact.validFromMs),
        facts.map((fact) => fact.validToMs),
        facts.map((fact) => fact.supersededBy),
        facts.map((fact) => fact.lastSeenMs),
        facts.map((fact) => JSON.stringify(fact)),
      ],
    ),
  );
}

async function writePreferences(
  client: pg.ClientBase,
  owner: MemoryOwner,
  preferences: readonly FoldedPreference[],
): Promise<void> {
  if (preferences.length === 0) return;
  await client.query(
    prepared(
      `insert into afterword.preferences (key_id, run_id, preference_id, group_key, status, preference_key, value,
       explicit, confidence, valid_from_ms, valid_to_ms, superseded_by, last_seen_ms, preference)
     select $1, $2, t.preference_id, t.group_key, t.status, t.preference_key, t.value, t.explicit, t.confidence,
       t.valid_from_ms, t.valid_to_ms, t.superseded_by, t.last_seen_ms, t.preference::jsonb
     from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::float8[],
       $10::bigint[], $11::bigint[], $12::uuid[], $13::bigint[], $14::text[])
       as t (preference_id, group_key, status, preference_key, value, explicit, confidence, valid_from_ms,
         valid_to_ms, superseded_by, last_seen_ms, preference)
     on conflict (run_id, key_id, preference_id) do update
     set group_key = excluded.group_key, status = excluded.status, preference_key = excluded.preference_key,
         value = excluded.value, explicit = excluded.explicit, confidence = excluded.confidence,
         valid_from_ms = excluded.valid_from_ms, valid_to_ms = excluded.valid_to_ms,
         superseded_by = excluded.superseded_by, last_seen_ms = excluded.last_seen_ms,
         preference = excluded.preference, updated_at = clock_timestamp()`,
      [
        owner.keyId,
        owner.runId,
        preferences.map((preference) => preference.preferenceId),
        preferences.map((preference) => preference.groupKey),
        preferences.map((preference) => preference.status),
        preferences.map((preference) => preference.key),
        preferences.map((preference) => preference.value),
        preferences.map((preference) => preference.explicit),
        preferences.map((preference) => preference.confidence),
        preferences.map((preference) => preference.validFromMs),
        preferences.map((preference) => preference.validToMs),
        preferences.map((preference) => preference.supersededBy),
        preferences.map((preference) => preference.lastSeenMs),
        preferences.map((preference) => JSON.stringify(preference)),
      ],
    ),
  );
}

/** A profile tells neither evidence nor windows, which are most of what a fact takes: left empty. */
const bare = `|| '{"evidence": [], "windowIds": []}'::jsonb`;

/**
 * Bounded on purpose: the cost of a window must not grow with what is known of the person.
 *
 * @param told whether facts and preferences come with their evidence and windows
 */
export async function readProfileParts(
  client: Pick<pg.ClientBase, 'query'>,
  owner: MemoryOwner,
  told: 'whole' | 'bare',
): Promise<MemoryState & { readonly summaries: readonly StoredSummary[] }> {
  const cut = told === 'bare' ? bare : '';
  const { rows } = await client.query<ProfilePartRow>(
    prepared(
      // What is cut is cut of those that were chosen, not of all.
      `select 'fact' as part, fact ${cut} as item from (
         select fact from afterword.facts
         where key_id = $1 and run_id = $2 and status = 'current'
         order by last_seen_ms desc, fact_id limit $3) held
       union all
       select 'fact', fact ${cut} from (
         select fact from afterword.facts
         where key_id = $1 and run_id = $2 and status in ('superseded', 'ended')
         order by last_seen_ms desc, fact_id limit $4) past
       union all
       select 'preference', preference ${cut} from (
         select preference from afterword.preferences
         where key_id = $1 and run_id = $2 and status = 'current'
         order by last_seen_ms desc, preference_id limit $3) wished
       union all
       (select 'summary', jsonb_build_object('windowId', w.window_id, 'startedAtMs', w.started_at_ms,
          'endedAtMs', w.ended_at_ms, 'summary', t.result)
        from afterword.stage_tasks t
        join afterword.windows w on w.window_id = t.window_id and w.status in ('open', 'closed')
        where t.key_id = $1 and t.run_id = $2 and t.stage = 'summary' and t.status = 'done'
          and t.superseded_at is null
        order by t.members_from_ms desc limit $5)`,
      [owner.keyId, owner.runId, profileLimits.current, profileLimits.history, profileLimits.summaries],
    ),
  );
  const parts = {
    facts: [] as FoldedFact[],
    preferences: [] as FoldedPreference[],
    summaries: [] as StoredSummary[],
  };
  for (const row of rows) {
    if (row.part === 'fact') parts.facts.push(row.item);
    else if (row.part === 'preference') parts.preferences.push(row.item);
    else parts.summaries.push(row.item);
  }
  return parts;
}

/** In any order. */
type ProfilePartRow =
  | { readonly part: 'fact'; readonly item: FoldedFact }
  | { readonly part: 'preference'; readonly item: FoldedPreference }
  | { readonly part: 'summary'; readonly item: StoredSummary };
