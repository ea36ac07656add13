import type pg from 'pg';
import type { SettingsStanding } from '../../model/run-settings.ts';
import { translating } from './database-errors.ts';
import { readSchemaVersions, type SchemaVersions } from './migrate.ts';
import { stateExpression } from './read-windows.ts';
import { readSettings } from './run-settings.ts';

export type Counts = Readonly<Record<string, number>>;

export interface WaitingWork {
  readonly count: number;
  /** Since it could have been done, in seconds; 0: nothing is due. */
  readonly oldestSeconds: number;
}

export interface PartitionStanding {
  readonly partition: number;
  /** Everything below has ended in its place. */
  readonly nextOffset: bigint;
  /** Greatest event time seen. */
  /** Null: nothing that was read had an event time. */
  readonly streamTimeMs: number | null;
  /** When the polled end of the log was last found reached. */
  readonly caughtUpAtMs: number | null;
}

/** Where everything in the database stands: counts, times and settings, never a text or a person. */
export interface StoreStatus {
  readonly schema: SchemaVersions;
  /** From a million on an estimate of the database's statistics: counting them takes seconds. */
  readonly messages: number;
  readonly people: number;
  /** Live windows of active runs, by where they stand. */
  readonly windows: Counts;
  /** Work on windows, by its status. */
  readonly extractions: Counts;
  /** Windows that failed for good, by code. */
  readonly failures: Counts;
  readonly due: WaitingWork;
  /** Current results, `stage, method`. */
  readonly results: Counts;
  /** By destination. */
  readonly outbox: Readonly<Record<string, WaitingWork>>;
  /** By reason. */
  readonly deadLetters: Counts;
  /** Records of unknown types, by type. */
  readonly ignored: Counts;
  /** Ranges of offsets that the log no longer had. */
  readonly gaps: number;
  readonly partitions: readonly PartitionStanding[];
  /** Of the live run; undefined: no worker has started yet. */
  readonly settings: SettingsStanding | undefined;
}

/** @throws AfterwordError DATABASE_UNAVAILABLE */
export function readStatus(pool: pg.Pool, topic: string): Promise<StoreStatus> {
  return translating(async () => ({
    schema: await readSchemaVersions(pool),
    ...(await readTotals(pool)),
    windows: await readCounts(
      pool,
      `select ${stateExpression} as name, count(*)
       from afterword.windows w
       join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
       left join afterword.extractions e using (window_id)
       where w.status in ('open', 'closed') group by 1 order by 1`,
    ),
    extractions: await readCounts(
      pool,
      'select status as name, count(*) from afterword.extractions group by 1 order by 1',
    ),
    failures: await readCounts(
      pool,
      `select coalesce(error_code, 'unknown') as name, count(*) from afterword.extractions
       where status = 'failed' group by 1 order by 1`,
    ),
    results: await readCounts(
      pool,
      `select stage || ', ' || method as name, count(*) from afterword.stage_tasks
       where status = 'done' and superseded_at is null group by 1 order by 1`,
    ),
    deadLetters: await readCounts(
      pool,
      'select reason as name, count(*) from afterword.dead_letters group by 1 order by 1',
    ),
    ignored: await readCounts(
      pool,
      'select type as name, sum(records) as count from afterword.ignored_records group by 1 order by 1',
    ),
    outbox: await readOutbox(pool),
    partitions: await readPartitions(pool, topic),
    settings: await readSettings(pool),
  }));
}

async function readCounts(pool: pg.Pool, sql: string): Promise<Counts> {
  const { rows } = await pool.query<{ name: string; count: string }>(sql);
  return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]));
}

type Totals = Pick<StoreStatus, 'messages' | 'people' | 'gaps' | 'due'>;

async function readTotals(pool: pg.Pool): Promise<Totals> {
  const { rows } = await pool.query<{
    messages: string;
    people: string;
    gaps: string;
    due: string;
    oldest_s: number | null;
  }>(
    // `case` looks at one branch only, so that a large table is not read.
    `select case when c.reltuples >= 1000000 then c.reltuples::bigint
         else (select count(*) from afterword.messages) end as messages,
       (select count(*) from afterword.user_keys) as people,
       (select count(*) from afterword.log_gaps) as gaps,
       w.due, w.oldest_s
     from pg_class c,
       (select count(*) as due, extract(epoch from clock_timestamp() - min(not_before))::float8 as oldest_s
        from afterword.extractions
        where status in ('pending', 'retrying', 'deferred') and not_before <= clock_timestamp()) w
     where c.oid = 'afterword.messages'::regclass`,
  );
  const row = rows[0];
  return {
    messages: Number(row?.messages ?? 0),
    people: Number(row?.people ?? 0),
    gaps: Number(row?.gaps ?? 0),
    due: { count: Number(row?.due ?? 0), oldestSeconds: wholeSeconds(row?.oldest_s) },
  };
}

async function readOutbox(pool: pg.Pool): Promise<Readonly<Record<string, WaitingWork>>> {
  const { rows } = await pool.query<{ destination: string; count: string; oldest_s: number }>(
    `select destination, count(*), extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest_s
     from afterword.outbox where sent_at is null group by 1 order by 1`,
  );
  return Object.fromEntries(
    rows.map((row) => [
      row.destination,
      { count: Number(row.count), oldestSeconds: wholeSeconds(row.oldest_s) },
    ]),
  );
}

async function readPartitions(pool: pg.Pool, topic: string): Promise<PartitionStanding[]> {
  const { rows } = await pool.query<{
    partition: number;
    next_offset: string;
    stream_time_ms: string | null;
    caught_up_ms: string | null;
  }>(
    `select partition, next_offset, nullif(stream_time_ms, $2) as stream_time_ms, (extract(epoch from caught_up_at) * 1000)::bigint as caught_up_ms
     from afterword.partition_progress where topic = $1 order by partition`,
    // What is stored where there is none.
    [topic, Number.MIN_SAFE_INTEGER],
  );
  return rows.map((row) => ({
    partition: row.partition,
    nextOffset: BigInt(row.next_offset),
    streamTimeMs: row.stream_time_ms === null ? null : Number(row.stream_time_ms),
    caughtUpAtMs: row.caught_up_ms === null ? null : Number(row.caught_up_ms),
  }));
}

function wholeSeconds(seconds: number | null | undefined): number {
  return Math.max(0, Math.round(seconds ?? 0));
}
