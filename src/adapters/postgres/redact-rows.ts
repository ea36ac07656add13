import type pg from 'pg';
import type { ChangedMessage } from '../../consume/message-store.ts';
import { changesWithout, resultWithout, type ToldChange } from '../../model/redaction.ts';

export type IdsByKey = ReadonlyMap<string, ReadonlySet<string>>;

export function citedByKey(messages: readonly ChangedMessage[]): IdsByKey {
  const cited = new Map<string, Set<string>>();
  for (const { keyId, messageId } of messages) {
    cited.set(keyId, (cited.get(keyId) ?? new Set()).add(messageId));
  }
  return cited;
}

function timesOf(messages: readonly ChangedMessage[]): unknown[] {
  return [messages.map(({ keyId }) => keyId), messages.map(({ sentAtMs }) => sentAtMs)];
}

/** An answer is not read for what it took from where. */
export async function deleteAnswers(
  client: pg.ClientBase,
  messages: readonly ChangedMessage[],
): Promise<void> {
  await client.query(
    `delete from afterword.kept_answers a
     using unnest($1::bigint[], $2::bigint[]) as t (key_id, sent_at_ms)
     where a.key_id = t.key_id and a.members_to_ms >= t.sent_at_ms and a.members_from_ms <= t.sent_at_ms`,
    timesOf(messages),
  );
}

export interface ResultRow {
  readonly window_id: string;
  readonly revision: number;
  readonly stage: string;
  readonly key_id: string;
  readonly run_id: number;
  readonly result: unknown;
  /** Readers see it, if they see its run. */
  readonly current: boolean;
}

export async function readResults(
  client: pg.ClientBase,
  messages: readonly ChangedMessage[],
): Promise<readonly ResultRow[]> {
  const { rows } = await client.query<ResultRow>(
    `select distinct on (r.window_id, r.revision, r.stage)
       r.window_id, r.revision, r.stage, r.key_id, r.run_id, r.result, r.superseded_at is null as current
     from unnest($1::bigint[], $2::bigint[], $3::text[]) as t (key_id, sent_at_ms, channel_id)
     join afterword.stage_tasks r on r.key_id = t.key_id
       and r.members_to_ms >= t.sent_at_ms and r.members_from_ms <= t.sent_at_ms
     join afterword.windows w on w.window_id = r.window_id
       and (w.session_key = w.key_id or w.channel_id is not distinct from t.channel_id)
     where r.result is not null`,
    [...timesOf(messages), messages.map(({ channelId }) => channelId)],
  );
  return rows;
}

/** A result that is taken out as a whole is nobody's current one any more. */
export async function redactResults(
  client: pg.ClientBase,
  results: readonly ResultRow[],
  cited: IdsByKey,
): Promise<void> {
  const left = results.map((row) => resultWithout(row.stage, row.result, cited.get(row.key_id) ?? new Set()));
  await client.query(
    `update afterword.stage_tasks r
     set result = t.result::jsonb,
         redacted_at = case when t.result is null then clock_timestamp() end,
         superseded_at = case when t.result is null then coalesce(r.superseded_at, clock_timestamp())
           else r.superseded_at end
     from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) as t (window_id, revision, stage, result)
     where r.window_id = t.window_id and r.revision = t.revision and r.stage = t.stage`,
    [
      results.map((row) => row.window_id),
      results.map((row) => row.revision),
      results.map((row) => row.stage),
      left.map((result) => (result === null ? null : JSON.stringify(result))),
    ],
  );
}

/**
 * Events that tell of those results go, sent or not: a further revision's will come. Of
 * changes of memory those go that cite; what became of them is told by the fold below.
 * Locked in the order in which the relay marks them.
 */
export async function redactEvents(
  client: pg.ClientBase,
  results: readonly ResultRow[],
  cited: IdsByKey,
): Promise<void> {
  await client.query(
    `delete from afterword.outbox where outbox_id in (
       select outbox_id from afterword.outbox
       where destination = 'results' and key_id = any($1::bigint[]) and window_id = any($2::uuid[])
         and event_type in ('afterword.stage.completed.v1', 'afterword.window.enriched.v1')
       order by outbox_id for update)`,
    [[...cited.keys()], [...new Set(results.map((row) => row.window_id))]],
  );
  const { rows } = await client.query<{
    outbox_id: string;
    key_id: string;
    event: Readonly<Record<string, unknown>> & { readonly changes: readonly ToldChange[] };
  }>(
    `select outbox_id, key_id, event from afterword.outbox
     where destination = 'results' and key_id = any($1::bigint[])
       and event_type = 'afterword.memory.changed.v1'
     order by outbox_id for update`,
    [[...cited.keys()]],
  );
  const left = rows.flatMap((row) => {
    const changes = changesWithout(row.event.changes, cited.get(row.key_id) ?? new Set());
    return changes.length === row.event.changes.length ? [] : [{ ...row, changes }];
  });
  if (left.length === 0) return;
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
}

export interface ObservationRow {
  readonly key_id: string;
  readonly run_id: number;
  readonly kind: 'fact' | 'preference';
  readonly group_key: string;
  readonly current: boolean;
}

/** The claims that cite a deleted message, whole: without its words they stand on nothing. */
export async function deleteObservations(
  client: pg.ClientBase,
  results: readonly ResultRow[],
  messages: readonly ChangedMessage[],
): Promise<readonly ObservationRow[]> {
  const { rows } = await client.query<ObservationRow>(
    `delete from afterword.observations o
     where o.window_id = any($1::uuid[]) and exists (
       select from jsonb_array_elements(
         coalesce(o.observation #> '{fact,evidence}', o.observation #> '{preference,evidence}')) e
       join unnest($2::bigint[], $3::text[]) as t (key_id, message_id) on t.message_id = e ->> 'message_id'
       where t.key_id = o.key_id)
     returning o.key_id, o.run_id, o.kind, o.group_key, o.superseded_at is null as current`,
    [
      [...new Set(results.map((row) => row.window_id))],
      messages.map(({ keyId }) => keyId),
      messages.map(({ messageId }) => messageId),
    ],
  );
  return rows;
}
