import type pg from 'pg';
import type { LiveMemory, StoredSummary, TouchedGroups } from '../../extract/extraction-store.ts';
import { factGroupKey, preferenceGroupKey } from '../../memory/group-keys.ts';
import type { FoldedFact, FoldedPreference, MemoryState } from '../../model/memory.ts';
import type { FactObservation, PreferenceObservation } from '../../model/observation.ts';
import type { SummaryResult } from '../../model/results.ts';
import { prepared } from './prepared.ts';

/** Whose memory: one key within one run. */
export interface MemoryOwner {
  readonly keyId: string;
  readonly runId: number;
}

/** How much of a person a profile is made from; older facts stay in their table. */
const profileLimits = { current: 300, history: 30, summaries: 3 } as const;

/** Marks a window's observations as no longer counting; returns the groups they were in. */
export async function supersedeObservations(
  client: pg.ClientBase,
  windowId: string,
  stages: readonly string[] | undefined,
): Promise<TouchedGroups> {
  const { rows } = await client.query<{ kind: 'fact' | 'preference'; group_key: string }>(
    prepared(
      `update afterword.observations set superseded_at = clock_timestamp()
     where window_id = $1 and superseded_at is null and ($2::text[] is null or stage = any($2::text[]))
     returning kind, group_key`,
      [windowId, stages ?? null],
    ),
  );
  const groups = (kind: string): Set<string> =>
    new Set(rows.filter((row) => row.kind === kind).map((row) => row.group_key));
  return { facts: groups('fact'), preferences: groups('preference') };
}

export async function insertObservations(
  client: pg.ClientBase,
  owner: MemoryOwner,
  observations: LiveMemory,
  stage: string,
): Promise<void> {
  const rows = [
    ...observations.facts.map((observation) => ({
      kind: 'fact',
      group: factGroupKey(observation.fact),
      observation,
    })),
    ...observations.preferences.map((observation) => ({
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
     select t.id, $2, $3, $4, t.kind, t.group_key, t.window_id, t.revision, t.occurred_at_ms, t.observation::jsonb
     from unnest($1::uuid[], $5::text[], $6::text[], $7::uuid[], $8::int[], $9::bigint[], $10::text[])
       as t (id, kind, group_key, window_id, revision, occurred_at_ms, observation)`,
      [
        rows.map((row) => row.observation.observationId),
        owner.keyId,
        owner.runId,
        stage,
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

/** The fold's input: all observations of the touched groups that still count. */
export async function readLiveObservations(
  client: pg.ClientBase,
  owner: MemoryOwner,
  groups: TouchedGroups,
): Promise<LiveMemory> {
  const read = async <Observation>(kind: string, keys: ReadonlySet<string>): Promise<Observation[]> => {
    if (keys.size === 0) return [];
    const { rows } = await client.query<{ observation: Observation }>(
      prepared(
        `select observation from afterword.observations
       where key_id = $1 and run_id = $2 and kind = $3 and group_key = any($4::text[]) and superseded_at is null`,
        [owner.keyId, owner.runId, kind, [...keys]],
      ),
    );
    return rows.map((row) => row.observation);
  };
  return {
    facts: await read<FactObservation>('fact', groups.facts),
    preferences: await read<PreferenceObservation>('preference', groups.preferences),
  };
}

/** The touched groups' memory as it stands. */
export async function readMemory(
  client: pg.ClientBase,
  owner: MemoryOwner,
  groups: TouchedGroups,
): Promise<MemoryState> {
  const facts = await client.query<{ fact: FoldedFact }>(
    prepared(
      `select fact from afterword.facts where key_id = $1 and run_id = $2 and group_key = any($3::text[])`,
      [owner.keyId, owner.runId, [...groups.facts]],
    ),
  );
  const preferences = await client.query<{ preference: FoldedPreference }>(
    prepared(
      `select preference from afterword.preferences
     where key_id = $1 and run_id = $2 and group_key = any($3::text[])`,
      [owner.keyId, owner.runId, [...groups.preferences]],
    ),
  );
  return {
    facts: facts.rows.map((row) => row.fact),
    preferences: preferences.rows.map((row) => row.preference),
  };
}

/** Replaces the memory of the touched groups: what the fold no longer holds goes, the rest is written over. */
export async function writeMemory(
  client: pg.ClientBase,
  owner: MemoryOwner,
  groups: TouchedGroups,
  memory: MemoryState,
): Promise<void> {
  await writeFacts(client, owner, groups.facts, memory.facts);
  await writePreferences(client, owner, groups.preferences, memory.preferences);
}

async function writeFacts(
  client: pg.ClientBase,
  owner: MemoryOwner,
  groups: ReadonlySet<string>,
  facts: readonly FoldedFact[],
): Promise<void> {
  await client.query(
    prepared(
      `delete from afterword.facts
     where key_id = $1 and run_id = $2 and group_key = any($3::text[]) and fact_id <> all($4::uuid[])`,
      [owner.keyId, owner.runId, [...groups], facts.map((fact) => fact.factId)],
    ),
  );
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
  groups: ReadonlySet<string>,
  preferences: readonly FoldedPreference[],
): Promise<void> {
  await client.query(
    prepared(
      `delete from afterword.preferences
     where key_id = $1 and run_id = $2 and group_key = any($3::text[]) and preference_id <> all($4::uuid[])`,
      [owner.keyId, owner.runId, [...groups], preferences.map((preference) => preference.preferenceId)],
    ),
  );
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

/** Bounded on purpose: the cost of a window must not grow with what is known of the person. */
export async function readProfileParts(
  client: Pick<pg.ClientBase, 'query'>,
  owner: MemoryOwner,
): Promise<MemoryState & { readonly summaries: readonly StoredSummary[] }> {
  const facts = await client.query<{ fact: FoldedFact }>(
    prepared(
      `(select fact from afterword.facts
      where key_id = $1 and run_id = $2 and status = 'current' order by last_seen_ms desc, fact_id limit $3)
     union all
     (select fact from afterword.facts
      where key_id = $1 and run_id = $2 and status in ('superseded', 'ended')
      order by last_seen_ms desc, fact_id limit $4)`,
      [owner.keyId, owner.runId, profileLimits.current, profileLimits.history],
    ),
  );
  const preferences = await client.query<{ preference: FoldedPreference }>(
    prepared(
      `select preference from afterword.preferences
     where key_id = $1 and run_id = $2 and status = 'current' order by last_seen_ms desc, preference_id limit $3`,
      [owner.keyId, owner.runId, profileLimits.current],
    ),
  );
  const summaries = await client.query<{
    window_id: string;
    started_at_ms: string;
    ended_at_ms: string;
    result: SummaryResult;
  }>(
    prepared(
      `select w.window_id, w.started_at_ms, w.ended_at_ms, t.result
     from afterword.stage_tasks t
     join afterword.windows w on w.window_id = t.window_id and w.status in ('open', 'closed')
     where t.key_id = $1 and t.run_id = $2 and t.stage = 'summary' and t.status = 'done'
       and t.superseded_at is null
     order by t.members_from_ms desc limit $3`,
      [owner.keyId, owner.runId, profileLimits.summaries],
    ),
  );
  return {
    facts: facts.rows.map((row) => row.fact),
    preferences: preferences.rows.map((row) => row.preference),
    summaries: summaries.rows.map((row) => ({
      windowId: row.window_id,
      startedAtMs: Number(row.started_at_ms),
      endedAtMs: Number(row.ended_at_ms),
      summary: row.result,
    })),
  };
}
