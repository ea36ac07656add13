import type pg from 'pg';
import type { ChangedMessage } from '../../consume/message-store.ts';
import {
  changesWithout,
  resultWithout,
  retractedIds,
  type DeletedMessage,
  type RetractedId,
  type ToldChange,
} from '../../model/redaction.ts';

function placesOf(messages: readonly ChangedMessage[]): unknown[] {
  return [
    messages.map(({ keyId }) => keyId),
    messages.map(({ sentAtMs }) => sentAtMs),
    messages.map(({ channelId }) => channelId),
  ];
}

/** An answer is not read for what it took from where: all go that were asked for of such a stretch. */
export async function deleteAnswers(
  client: pg.ClientBase,
  messages: readonly ChangedMessage[],
): Promise<void> {
  await client.query(
    `delete from afterword.kept_answers a
     using unnest($1::bigint[], $2::bigint[], $3::text[]) as t (key_id, sent_at_ms, channel_id)
     where a.key_id = t.key_id and a.members_to_ms >= t.sent_at_ms and a.members_from_ms <= t.sent_at_ms
       and not exists (select from afterword.windows w
         where w.window_id = a.window_id and w.session_key <> w.key_id
           and w.channel_id is distinct from t.channel_id)`,
    placesOf(messages),
  );
}

export interface ResultRow {
  readonly window_id: string;
  readonly revision: number;
  readonly stage: string;
  readonly key_id: string;
  readonly run_id: number;
  /** Null: taken out by an earlier delete. */
  readonly result: unknown;
  /** Readers see it, if they see its run. */
  readonly current: boolean;
  /** Of its members, those that were deleted. */
  readonly deleted: readonly DeletedMessage[];
}

/**
 * The results that hold these messages. Also those that an earlier delete took out: what a stage
 * of a user's own remembered of its other messages stands in observations still.
 */
export async function readResults(
  client: pg.ClientBase,
  messages: readonly ChangedMessage[],
): Promise<readonly ResultRow[]> {
  const { rows } = await client.query<Omit<ResultRow, 'deleted'> & { places: number[] }>(
    `select r.window_id, r.revision, r.stage, r.key_id, r.run_id, r.result, r.superseded_at is null as current,
       array_agg(t.place::int) as places
     from unnest($1::bigint[], $2::bigint[], $3::text[]) with ordinality
       as t (key_id, sent_at_ms, channel_id, place)
     join afterword.stage_tasks r on r.key_id = t.key_id
       and r.members_to_ms >= t.sent_at_ms and r.members_from_ms <= t.sent_at_ms
     join afterword.windows w on w.window_id = r.window_id
       and (w.session_key = w.key_id or w.channel_id is not distinct from t.channel_id)
     where r.result is not null or r.redacted_at is not null
     group by r.window_id, r.revision, r.stage`,
    placesOf(messages),
  );
  return rows.map(({ places, ...row }) => ({
    ...row,
    deleted: places.flatMap((place) => messages[place - 1] ?? []),
  }));
}

/** The deleted messages of each window, over all its results. */
function deletedByWindow(results: readonly ResultRow[]): DeletedByWindow {
  const byWindow = new Map<string, Set<DeletedMessage>>();
  for (const { window_id: windowId, deleted } of results) {
    byWindow.set(windowId, new Set([...(byWindow.get(windowId) ?? []), ...deleted]));
  }
  return new Map([...byWindow].map(([windowId, deleted]) => [windowId, [...deleted]]));
}

type DeletedByWindow = ReadonlyMap<string, readonly DeletedMessage[]>;

/** A result that is taken out as a whole is nobody's current one any more. */
export async function redactResults(client: pg.ClientBase, results: readonly ResultRow[]): Promise<void> {
  const standing = results.filter(({ result }) => result !== null);
  const left = standing.map((row) => resultWithout(row.stage, row.result, row.deleted));
  await client.query(
    `update afterword.stage_tasks r
     set result = t.result::jsonb,
         redacted_at = case when t.result is null then clock_timestamp() end,
         superseded_at = case when t.result is null then coalesce(r.superseded_at, clock_timestamp())
           else r.superseded_at end
     from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) as t (window_id, revision, stage, result)
     where r.window_id = t.window_id and r.revision = t.revision and r.stage = t.stage`,
    [
      standing.map((row) => row.window_id),
      standing.map((row) => row.revision),
      standing.map((row) => row.stage),
      left.map((result) => (result === null ? null : JSON.stringify(result))),
    ],
  );
}

/** A retraction that was to be told in words that are gone now. */
export interface DroppedRetraction {
  readonly keyId: string;
  /** As events have it. */
  readonly runId: string;
  readonly retracted: RetractedId;
}

/**
 * Events that tell of those results go, sent or not: a further revision's will come. Of
 * changes of memory those go that cite; what became of them is told by the fold below, but
 * for what was retracted: the fold knows nothing of it any more. Returns these.
 * Locked in the order in which the relay marks them.
 */
export async function redactEvents(
  client: pg.ClientBase,
  results: readonly ResultRow[],
): Promise<readonly DroppedRetraction[]> {
  const keyIds = [...new Set(results.map((row) => row.key_id))];
  const deleted = deletedByWindow(results);
  await client.query(
    `delete from afterword.outbox where outbox_id in (
       select outbox_id from afterword.outbox
       where destination = 'results' and key_id = any($1::bigint[]) and window_id = any($2::uuid[])
         and event_type in ('afterword.stage.completed.v1', 'afterword.window.enriched.v1')
       order by outbox_id for update)`,
    [keyIds, [...deleted.keys()]],
  );
  const { rows } = await client.query<{
    outbox_id: string;
    key_id: string;
    event: Readonly<Record<string, unknown>> & {
      readonly run_id: string;
      readonly changes: readonly ToldChange[];
    };
  }>(
    `select outbox_id, key_id, event from afterword.outbox
     where destination = 'results' and key_id = any($1::bigint[])
       and event_type = 'afterword.memory.changed.v1'
     order by outbox_id for update`,
    [keyIds],
  );
  const left = rows.flatMap((row) => {
    const changes = changesWithout(row.event.changes, deleted);
    return changes.length === row.event.changes.length ? [] : [{ ...row, changes }];
  });
  if (left.length === 0) return [];
  await client.query('delete from afterword.outbox where outbox_id = any($1::bigint[])', [
    left.filter(({ changes }) => changes.length === 0).map((row) => row.outbox_id),
  ]);
  await client.query(
    `update afterword.outbox o set event = t.event::jsonb
     from unnest($1::bigint[], $2::text[]) as t (outbox_id, event) where o.outbox_id = t.outbox_id`,
    [
      left.map((row) => row.outbox_id),
      left.map(({ event, changes }) => JSON.stringify({ ...event, changes })),
    ],
  );
  return left.flatMap(({ key_id: keyId, event, changes }) =>
    retractedIds(event.changes.filter((change) => !changes.includes(change))).map((retracted) => ({
      keyId,
      runId: event.run_id,
      retracted,
    })),
  );
}

/** Of what was retracted, that which memory does not hold again: somebody has yet to be told that it is gone. */
export async function stillRetracted(
  client: pg.ClientBase,
  owner: { readonly keyId: string; readonly runId: number },
  retracted: readonly RetractedId[],
): Promise<readonly RetractedId[]> {
  if (retracted.length === 0) return [];
  const { rows } = await client.query<{ id: string }>(
    `select fact_id as id from afterword.facts
     where key_id = $1 and run_id = $2 and fact_id = any($3::uuid[]) and status <> 'retracted'
     union all
     select preference_id from afterword.preferences
     where key_id = $1 and run_id = $2 and preference_id = any($3::uuid[]) and status <> 'retracted'`,
    [owner.keyId, owner.runId, retracted.map(({ id }) => id)],
  );
  const held = new Set(rows.map(({ id }) => id));
  return retracted.filter(({ id }) => !held.has(id));
}

export interface ObservationRow {
  readonly key_id: string;
  readonly run_id: number;
  readonly kind: 'fact' | 'preference';
  readonly group_key: string;
  readonly current: boolean;
}

/**
 * The claims that cite a deleted message, whole: without its words they stand on nothing.
 * Evidence without a channel counts, as in `citesAny`.
 */
export async function deleteObservations(
  client: pg.ClientBase,
  results: readonly ResultRow[],
): Promise<readonly ObservationRow[]> {
  const cited = [...deletedByWindow(results)].flatMap(([windowId, deleted]) =>
    deleted.map((message) => ({ windowId, ...message })),
  );
  const { rows } = await client.query<ObservationRow>(
    `delete from afterword.observations o
     where o.window_id = any($1::uuid[]) and exists (
       select from jsonb_array_elements(
         coalesce(o.observation #> '{fact,evidence}', o.observation #> '{preference,evidence}')) e
       join unnest($1::uuid[], $2::text[], $3::text[]) as t (window_id, message_id, channel_id)
         on t.message_id = e ->> 'message_id'
       where t.window_id = o.window_id
         and (not e ? 'channel_id' or e ->> 'channel_id' is not distinct from t.channel_id))
     returning o.key_id, o.run_id, o.kind, o.group_key, o.superseded_at is null as current`,
    [
      cited.map(({ windowId }) => windowId),
      cited.map(({ messageId }) => messageId),
      cited.map(({ channelId }) => channelId),
    ],
  );
  return rows;
}
