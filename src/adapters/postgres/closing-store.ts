import type pg from 'pg';
import type {
  ClosedBatch,
  ClosingStore,
  OpenWindow,
  PartitionTime,
  Verdict,
} from '../../consume/closing-store.ts';
import { windowEventFields } from '../../model/event-data.ts';
import type { TopicPartition } from '../../model/record.ts';
import type { CloseReason } from '../../model/session-window.ts';
import type { ClosedWindowView } from '../../model/window-view.ts';
import { translating } from './database-errors.ts';
import { holdLeases, releaseLeases } from './leases.ts';
import { lockKeysById } from './lock-keys.ts';
import { appendEvents } from './outbox-rows.ts';
import { readRuns } from './run-settings.ts';
import { inTransaction } from './transaction.ts';
import { insertClosedSpans } from './window-rows.ts';

const leasePrefix = 'closer/';

export function createPostgresClosingStore(pool: pg.Pool): ClosingStore {
  return {
    holdLeases: (partitions, owner, ttlMs) => translating(() => hold(pool, partitions, owner, ttlMs)),
    releaseLeases: (owner) => translating(() => releaseLeases(pool, leasePrefix, owner)),
    times: (partitions) => translating(() => readTimes(pool, partitions)),
    runs: () => translating(() => readRuns(pool)),
    overdue: (partition, effectiveMs, limit) =>
      translating(() => readOverdue(pool, partition, effectiveMs, limit)),
    applyVerdicts: (verdicts) => translating(() => applyVerdicts(pool, verdicts)),
    closeDue: (nowMs, limit, owner) => translating(() => closeDue(pool, nowMs, limit, owner)),
    markCaughtUp: (partitions) => translating(() => markCaughtUp(pool, partitions)),
  };
}

function leaseName({ topic, partition }: TopicPartition): string {
  return `${leasePrefix}${topic}/${partition}`;
}

async function hold(
  pool: pg.Pool,
  partitions: readonly TopicPartition[],
  owner: string,
  ttlMs: number,
): Promise<readonly TopicPartition[]> {
  const held = new Set(await holdLeases(pool, partitions.map(leaseName), owner, ttlMs));
  return partitions.filter((partition) => held.has(leaseName(partition)));
}

async function readTimes(
  pool: pg.Pool,
  partitions: readonly TopicPartition[],
): Promise<{ nowMs: number; partitions: readonly PartitionTime[] }> {
  const { rows } = await pool.query<{
    now_ms: string;
    topic: string | null;
    partition: number;
    stream_time_ms: string;
    caught_up: boolean;
  }>(
    `select (extract(epoch from c.now) * 1000)::bigint as now_ms, p.topic, p.partition, p.stream_time_ms,
       coalesce(p.caught_up_at > c.now - interval '5 seconds', false) as caught_up
     from (select clock_timestamp() as now) c
     left join (afterword.partition_progress p
       join unnest($1::text[], $2::int[]) as t (topic, partition)
         on p.topic = t.topic and p.partition = t.partition) on true`,
    [partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition)],
  );
  return {
    nowMs: Number(rows[0]?.now_ms ?? 0),
    partitions: rows.flatMap(({ topic, partition, stream_time_ms, caught_up }) =>
      topic === null ? [] : [{ topic, partition, streamTimeMs: Number(stream_time_ms), caughtUp: caught_up }],
    ),
  };
}

async function readOverdue(
  pool: pg.Pool,
  partition: number,
  effectiveMs: number,
  limit: number,
): Promise<readonly OpenWindow[]> {
  const { rows } = await pool.query<{
    window_id: string;
    key_id: string;
    run_id: number;
    bot_id: string;
    ended_at_ms: string;
    touched_at_ms: string;
  }>(
    `select w.window_id, w.key_id, w.run_id, k.bot_id, w.ended_at_ms, w.touched_at_ms
     from afterword.windows w join afterword.user_keys k using (key_id)
     where w.status = 'open' and w.due_reason is null and w.partition = $1 and w.check_at_ms < $2
     order by w.check_at_ms limit $3`,
    [partition, effectiveMs, limit],
  );
  return rows.map((row) => ({
    windowId: row.window_id,
    keyId: row.key_id,
    runId: row.run_id,
    botId: row.bot_id,
    partition,
    endedAtMs: Number(row.ended_at_ms),
    touchedAtMs: Number(row.touched_at_ms),
  }));
}

/**
 * Skips windows that a batch is writing right now: waiting for them while holding others
 * could close a circle with that batch, and the next pass comes soon.
 */
async function applyVerdicts(pool: pg.Pool, verdicts: readonly Verdict[]): Promise<void> {
  if (verdicts.length === 0) return;
  await pool.query(
    `update afterword.windows w set due_reason = t.due_reason, check_at_ms = t.check_at_ms
     from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) as t (window_id, ended_at_ms, due_reason, check_at_ms)
     where w.window_id = t.window_id and w.window_id in (
       select v.window_id from afterword.windows v
       join unnest($1::uuid[], $2::bigint[]) as u (window_id, ended_at_ms) on u.window_id = v.window_id
       where v.status = 'open' and v.due_reason is null and v.ended_at_ms = u.ended_at_ms
       for update of v skip locked)`,
    [
      verdicts.map((verdict) => verdict.windowId),
      verdicts.map((verdict) => verdict.endedAtMs),
      verdicts.map((verdict) => (verdict.kind === 'due' ? verdict.reason : null)),
      verdicts.map((verdict) => verdict.checkAtMs),
    ],
  );
}

interface ClosingRow {
  window_id: string;
  run_id: number;
  key_id: string;
  session_key: string;
  channel_id: string | null;
  channel_type: string | null;
  started_at_ms: string;
  ended_at_ms: string;
  message_count: number;
  close_reason: CloseReason;
  next_revision: number;
}

async function closeDue(pool: pg.Pool, nowMs: number, limit: number, owner: string): Promise<ClosedBatch> {
  // Without locks first: most passes find nothing and should cost one index probe.
  const due = await pool.query<{ window_id: string; key_id: string }>(
    `select window_id, key_id from afterword.windows
     where status = 'open' and due_reason is not null and check_at_ms <= $1
     order by check_at_ms limit $2`,
    [nowMs, limit],
  );
  const windows = due.rows.length === 0 ? [] : await closeThese(pool, due.rows, nowMs, owner);
  const next = await pool.query<{ check_at_ms: string | null }>(
    `select min(check_at_ms) as check_at_ms from afterword.windows
     where status = 'open' and due_reason is not null`,
  );
  const nextCheckAt = next.rows[0]?.check_at_ms ?? null;
  return { windows, nextCheckAtMs: nextCheckAt === null ? null : Number(nextCheckAt) };
}

async function closeThese(
  pool: pg.Pool,
  due: readonly { window_id: string; key_id: string }[],
  nowMs: number,
  owner: string,
): Promise<readonly ClosedWindowView[]> {
  return inTransaction(pool, async (client) => {
    const keys = await lockKeysById(client, [...new Set(due.map((row) => row.key_id))]);
    if (!(await holdsAnyLease(client, owner))) return [];
    const closed = await markClosed(
      client,
      due.map((row) => row.window_id),
      nowMs,
    );
    if (closed.length === 0) return [];
    await insertClosedSpans(
      client,
      closed.map((row) => ({
        windowId: row.window_id,
        runId: row.run_id,
        sessionKey: row.session_key,
        startedAtMs: Number(row.started_at_ms),
        endedAtMs: Number(row.ended_at_ms),
      })),
    );
    await enqueueExtraction(client, closed);
    const names = new Map(keys.map((key) => [key.keyId, key]));
    const views = closed.map((row) => toView(row, names));
    await appendEvents(
      client,
      keys,
      views.map((view) => ({
        keyId: view.keyId,
        windowId: view.windowId,
        type: 'afterword.window.closed.v1',
        data: windowEventFields(view),
      })),
    );
    return views;
  });
}

async function holdsAnyLease(client: pg.ClientBase, owner: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from afterword.leases
     where starts_with(name, $1) and owner = $2 and expires_at > clock_timestamp() limit 1`,
    [leasePrefix, owner],
  );
  return rowCount === 1;
}

/** Under the keys' locks: a window that a message has just extended is not due any more. */
async function markClosed(
  client: pg.ClientBase,
  windowIds: readonly string[],
  nowMs: number,
): Promise<ClosingRow[]> {
  const { rows } = await client.query<ClosingRow>(
    `update afterword.windows w
     set status = 'closed', close_reason = w.due_reason, due_reason = null, closed_at = clock_timestamp()
     where w.window_id = any($1::uuid[]) and w.status = 'open' and w.due_reason is not null
       and w.check_at_ms <= $2
     returning w.window_id, w.run_id, w.key_id, w.session_key, w.channel_id, w.channel_type, w.started_at_ms,
       w.ended_at_ms, w.message_count, w.close_reason, w.revision + 1 as next_revision`,
    [windowIds, nowMs],
  );
  // In the order they were lived, so that a key's events leave in that order.
  return rows.sort((a, b) => Number(a.started_at_ms) - Number(b.started_at_ms));
}

/** One row of work a window; one that was closed before gets a further revision. */
async function enqueueExtraction(client: pg.ClientBase, closed: readonly ClosingRow[]): Promise<void> {
  await client.query(
    `insert into afterword.extractions as e (window_id, run_id, key_id, status)
     select t.window_id, t.run_id, t.key_id, 'pending'
     from unnest($1::uuid[], $2::int[], $3::bigint[]) as t (window_id, run_id, key_id)
     order by t.window_id
     on conflict (window_id) do update
     set changed = (e.status = 'running'),
         status = case when e.status = 'running' then 'running' else 'pending' end,
         attempts = case when e.status = 'running' then e.attempts else 0 end,
         not_before = clock_timestamp(), error_code = null, updated_at = clock_timestamp()`,
    [closed.map((row) => row.window_id), closed.map((row) => row.run_id), closed.map((row) => row.key_id)],
  );
}

function toView(
  row: ClosingRow,
  keys: ReadonlyMap<string, { readonly botId: string; readonly userId: string }>,
): ClosedWindowView {
  const key = keys.get(row.key_id);
  if (key === undefined) throw new Error('a window was closed without holding its key');
  return {
    windowId: row.window_id,
    runId: row.run_id,
    keyId: row.key_id,
    botId: key.botId,
    userId: key.userId,
    channelId: row.channel_id,
    channelType: row.channel_type,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    messageCount: row.message_count,
    closeReason: row.close_reason,
    revision: row.next_revision,
  };
}

async function markCaughtUp(pool: pg.Pool, partitions: readonly TopicPartition[]): Promise<void> {
  if (partitions.length === 0) return;
  await pool.query(
    `update afterword.partition_progress p set caught_up_at = clock_timestamp()
     from unnest($1::text[], $2::int[]) as t (topic, partition)
     where p.topic = t.topic and p.partition = t.partition`,
    [partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition)],
  );
}
