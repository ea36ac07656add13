import type pg from 'pg';
import type {
  GroupCheckpoints,
  LiveMemory,
  TouchedGroups,
  TouchedMemory,
} from '../../extract/extraction-store.ts';
import type { FoldCheckpoint } from '../../memory/fold-checkpoint.ts';
import { foldVersion } from '../../memory/fold-version.ts';
import type { FoldedFact, FoldedPreference } from '../../model/memory.ts';
import type { FactObservation, PreferenceObservation } from '../../model/observation.ts';
import type { MemoryOwner } from './memory-rows.ts';
import { prepared } from './prepared.ts';

export interface TouchedOwner extends MemoryOwner {
  readonly botId: string;
  readonly userId: string;
}

/** Names are compared by the tables of Unicode, so another edition of them makes another fold. */
const version = `${foldVersion}/${process.versions['unicode'] ?? ''}`;

/** The fold's input, checkpoints and the live observations after each, and its output as it stands. */
export async function readTouched(
  client: pg.ClientBase,
  owner: TouchedOwner,
  groups: TouchedGroups,
): Promise<TouchedMemory> {
  const { rows } = await client.query<TouchedRow>(
    prepared(
      // `offset 0`: one look-up and one range of the index for each group, whatever the statistics say.
      `with touched as (
         select t.kind, t.group_key, c.upto_ms, c.state
         from (select 'fact' as kind, unnest($3::text[]) as group_key
               union all select 'preference', unnest($4::text[])) t
         left join lateral (
           select upto_ms, state from afterword.fold_checkpoints
           where key_id = $1 and run_id = $2 and kind = t.kind and group_key = t.group_key and version = $5
           offset 0) c on true)
       select 'checkpoint' as part, kind, group_key, upto_ms, state, null::jsonb as item
       from touched where state is not null
       union all
       select 'observed', t.kind, null, null, null, o.observation
       from touched t cross join lateral (
         select observation from afterword.observations
         where key_id = $1 and run_id = $2 and kind = t.kind and group_key = t.group_key
           and superseded_at is null and occurred_at_ms > coalesce(t.upto_ms, '-9223372036854775808'::bigint)
         offset 0) o
       union all
       select 'folded', 'fact', null, null, null, fact from afterword.facts
       where key_id = $1 and run_id = $2 and group_key = any($3::text[])
       union all
       select 'folded', 'preference', null, null, null, preference from afterword.preferences
       where key_id = $1 and run_id = $2 and group_key = any($4::text[])`,
      [owner.keyId, owner.runId, [...groups.facts], [...groups.preferences], version],
    ),
  );
  return asTouched(rows, owner);
}

/** All live observations of these groups: for once in a while, the cost grows with them. */
export async function readLiveObservations(
  client: pg.ClientBase,
  owner: MemoryOwner,
  groups: TouchedGroups,
): Promise<LiveMemory> {
  const { rows } = await client.query<ObservedRow>(
    prepared(
      `select 'observed' as part, kind, observation as item from afterword.observations
       where key_id = $1 and run_id = $2 and superseded_at is null
         and kind = 'fact' and group_key = any($3::text[])
       union all
       select 'observed', kind, observation from afterword.observations
       where key_id = $1 and run_id = $2 and superseded_at is null
         and kind = 'preference' and group_key = any($4::text[])`,
      [owner.keyId, owner.runId, [...groups.facts], [...groups.preferences]],
    ),
  );
  return {
    facts: rows.flatMap((row) => (row.kind === 'fact' ? [row.item] : [])),
    preferences: rows.flatMap((row) => (row.kind === 'preference' ? [row.item] : [])),
  };
}

export async function writeCheckpoints(
  client: pg.ClientBase,
  owner: MemoryOwner,
  checkpoints: GroupCheckpoints,
): Promise<void> {
  const rows = [
    ...checkpoints.facts.map((checkpoint) => ({ kind: 'fact', checkpoint })),
    ...checkpoints.preferences.map((checkpoint) => ({ kind: 'preference', checkpoint })),
  ];
  await client.query(
    prepared(
      `insert into afterword.fold_checkpoints (key_id, run_id, version, kind, group_key, upto_ms, state)
       select $1, $2, $3, t.kind, t.group_key, t.upto_ms, t.state
       from unnest($4::text[], $5::text[], $6::bigint[], $7::text[]) as t (kind, group_key, upto_ms, state)
       on conflict (key_id, run_id, kind, group_key) do update
       set version = excluded.version, upto_ms = excluded.upto_ms, state = excluded.state,
           updated_at = clock_timestamp()`,
      [
        owner.keyId,
        owner.runId,
        version,
        rows.map(({ kind }) => kind),
        rows.map(({ checkpoint }) => checkpoint.group.groupKey),
        rows.map(({ checkpoint }) => checkpoint.uptoMs),
        rows.map(({ checkpoint }) => checkpoint.state),
      ],
    ),
  );
}

type ObservedRow =
  | { readonly part: 'observed'; readonly kind: 'fact'; readonly item: FactObservation }
  | { readonly part: 'observed'; readonly kind: 'preference'; readonly item: PreferenceObservation };

type TouchedRow =
  | ObservedRow
  | {
      readonly part: 'checkpoint';
      readonly kind: 'fact' | 'preference';
      readonly group_key: string;
      readonly upto_ms: string;
      readonly state: string;
    }
  | { readonly part: 'folded'; readonly kind: 'fact'; readonly item: FoldedFact }
  | { readonly part: 'folded'; readonly kind: 'preference'; readonly item: FoldedPreference };

function asTouched(rows: readonly TouchedRow[], { botId, userId }: TouchedOwner): TouchedMemory {
  const touched = {
    checkpoints: { facts: [] as FoldCheckpoint[], preferences: [] as FoldCheckpoint[] },
    live: { facts: [] as FactObservation[], preferences: [] as PreferenceObservation[] },
    folded: { facts: [] as FoldedFact[], preferences: [] as FoldedPreference[] },
  };
  for (const row of rows) {
    if (row.part === 'checkpoint') {
      const group = { botId, userId, groupKey: row.group_key };
      const place = row.kind === 'fact' ? 'facts' : 'preferences';
      touched.checkpoints[place].push({ group, uptoMs: Number(row.upto_ms), state: row.state });
    } else if (row.part === 'observed') {
      if (row.kind === 'fact') touched.live.facts.push(row.item);
      else touched.live.preferences.push(row.item);
    } else if (row.kind === 'fact') touched.folded.facts.push(row.item);
    else touched.folded.preferences.push(row.item);
  }
  return touched;
}
