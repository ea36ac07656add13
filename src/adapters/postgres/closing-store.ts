import type pg from 'pg';
import type {
  ClosingStore,
  OpenWindow,
  PartitionClock,
  PartitionTime,
  Verdict,
} from '../../consume/closing-store.ts';
import type { UnreadPartition } from '../../consume/unread-partition.ts';
import type { TopicPartition } from '../../model/record.ts';
import { closeDue, closerLeasePrefix as leasePrefix } from './close-due.ts';
import { translating } from './database-errors.ts';
import { holdLeases, releaseLeases } from './leases.ts';
import { readRuns } from './run-settings.ts';

export function createPostgresClosingStore(pool: pg.Pool): ClosingStore {
  return {
    holdLeases: (partitions, owner, ttlMs) => translating(() => hold(pool, partitions, owner, ttlMs)),
    releaseLeases: (owner) => translating(() => releaseLeases(pool, leasePrefix, owner)),
    times: (partitions) => translating(() => readTimes(pool, partitions)),
    runs: () => translating(() => readRuns(pool)),
    holdUnreadLease: (owner, ttlMs) =>
      translating(async () => (await holdLeases(pool, [unreadLease], owner, ttlMs)).length === 1),
    unread: (topic, quietMs) => translating(() => readUnread(pool, topic, quietMs)),
    overdue: (partitions, limit) => translating(() => readOverdue(pool, partitions, limit)),
    nextLookAtMs: (partitions) => translating(() => readNextLook(pool, partitions)),
    applyVerdicts: (verdicts) => translating(() => applyVerdicts(pool, verdicts)),
    closeDue: (nowMs, limit, owner) => translating(() => closeDue(pool, nowMs, limit, owner)),
    markCaughtUp: (partitions) => translating(() => markCaughtUp(pool, partitions)),
  };
}

/** No topic and no partition in it, so that it counts for none. */
const unreadLease = `${leasePrefix}unread`;

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

/** Steps from one partition number to the next by `windows_check`, however many windows are open. */
async function readUnread(
  pool: pg.Pool,
  topic: string,
  quietMs: number,
): Promise<{ nowMs: number; partitions: readonly UnreadPartition[] }> {
  const { rows } = await pool.query<{ now_ms: string; partition: number; next_offset: string | null }>(
    `with recursive waiting (partition) as (
       select min(partition) from afterword.windows where status = 'open' and due_reason is null
       union all
       select (select min(w.partition) from afterword.windows w
         where w.status = 'open' and w.due_reason is null and w.partition > waiting.partition)
       from waiting where waiting.partition is not null
     )
     select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms, waiting.partition, p.next_offset
     from waiting
     left join afterword.partition_progress p on p.topic = $1 and p.partition = waiting.partition
     where waiting.partition is not null and not exists (
       select 1 from afterword.leases l
       where starts_with(l.name, $3) and split_part(l.name, '/', 3) = waiting.partition::text
         and l.expires_at > clock_timestamp() - $2 * interval '1 millisecond'
         and (split_part(l.name, '/', 2) <> $1 or p.topic is not null))
     order by waiting.partition`,
    [topic, quietMs, leasePrefix],
  );
  return {
    nowMs: Number(rows[0]?.now_ms ?? 0),
    partitions: rows.map(({ partition, next_offset }) => ({
      partition,
      stored: next_offset === null ? null : BigInt(next_offset),
    })),
  };
}

/** One index probe a partition, in one statement: a pass that finds nothing should cost little. */
async function readOverdue(
  pool: pg.Pool,
  partitions: readonly PartitionClock[],
  limit: number,
): Promise<readonly OpenWindow[]> {
  const { rows } = await pool.query<{
    window_id: string;
    key_id: string;
    run_id: number;
    bot_id: string;
    partition: number;
    ended_at_ms: string;
    touched_at_ms: string;
  }>(
    `select w.window_id, w.key_id, w.run_id, k.bot_id, w.partition, w.ended_at_ms, w.touched_at_ms
     from unnest($1::int[], $2::bigint[]) as p (partition, effective_ms)
     cross join lateral (
       select v.window_id, v.key_id, v.run_id, v.partition, v.ended_at_ms, v.touched_at_ms
       from afterword.windows v
       where v.status = 'open' and v.due_reason is null and v.partition = p.partition
         and v.check_at_ms < p.effective_ms
       order by v.check_at_ms limit $3) w
     join afterword.user_keys k using (key_id)`,
    [partitions.map(({ partition }) => partition), partitions.map(({ effectiveMs }) => effectiveMs), limit],
  );
  return rows.map((row) => ({
    windowId: row.window_id,
    keyId: row.key_id,
    runId: row.run_id,
    botId: row.bot_id,
    partition: row.partition,
    endedAtMs: Number(row.ended_at_ms),
    touchedAtMs: Number(row.touched_at_ms),
  }));
}

/** One index probe a partition. */
async function readNextLook(pool: pg.Pool, partitions: readonly number[]): Promise<number | null> {
  const { rows } = await pool.query<{ next_ms: string | null }>(
    `select min(w.check_at_ms) as next_ms
     from unnest($1::int[]) as p (partition)
     cross join lateral (
       select check_at_ms from afterword.windows v
       where v.status = 'open' and v.due_reason is null and v.partition = p.partition
       order by check_at_ms limit 1) w`,
    [partitions],
  );
  const next = rows[0]?.next_ms ?? null;
  return next === null ? null : Number(next);
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

async function markCaughtUp(pool: pg.Pool, partitions: readonly TopicPartition[]): Promise<void> {
  if (partitions.length === 0) return;
  await pool.query(
    `update afterword.partition_progress p set caught_up_at = clock_timestamp()
     from unnest($1::text[], $2::int[]) as t (topic, partition)
     where p.topic = t.topic and p.partition = t.partition`,
    [partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition)],
  );
}
