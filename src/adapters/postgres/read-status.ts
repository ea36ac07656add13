import type pg from 'pg';
import { translating } from './database-errors.ts';
import { readSchemaVersions, type SchemaVersions } from './migrate.ts';

export type Counts = Readonly<Record<string, number>>;

/** Where everything in the database stands; counts and times only. */
export interface StoreStatus {
  readonly schema: SchemaVersions;
  readonly messages: number;
  readonly people: number;
  /** By status of the window, live ones only. */
  readonly windows: Counts;
  /** By status of their work. */
  readonly extractions: Counts;
  /** Stage results that count now, by analyser. */
  readonly results: Counts;
  readonly deadLetters: Counts;
  readonly ignored: Counts;
  readonly outbox: Counts;
  readonly oldestWaitingSeconds: number;
  readonly gaps: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly nextOffset: bigint;
    readonly streamTimeMs: number;
  }[];
}

export async function readStatus(pool: pg.Pool, topic: string): Promise<StoreStatus> {
  return translating(async () => {
    const schema = await readSchemaVersions(pool);
    const counts = async (sql: string): Promise<Counts> => {
      const { rows } = await pool.query<{ name: string; count: string }>(sql);
      return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]));
    };
    const one = await pool.query<{
      messages: string;
      people: string;
      gaps: string;
      waiting_s: number | null;
    }>(
      `select (select count(*) from afterword.messages) as messages,
         (select count(*) from afterword.user_keys) as people,
         (select count(*) from afterword.log_gaps) as gaps,
         (select extract(epoch from clock_timestamp() - min(not_before))::float8 from afterword.extractions
          where status in ('pending', 'running', 'retrying', 'deferred')) as waiting_s`,
    );
    const partitions = await pool.query<{ partition: number; next_offset: string; stream_time_ms: string }>(
      `select partition, next_offset, stream_time_ms from afterword.partition_progress
       where topic = $1 order by partition`,
      [topic],
    );
    const row = one.rows[0];
    return {
      schema,
      messages: Number(row?.messages ?? 0),
      people: Number(row?.people ?? 0),
      gaps: Number(row?.gaps ?? 0),
      oldestWaitingSeconds: Math.max(0, Math.round(row?.waiting_s ?? 0)),
      windows: await counts(
        `select status as name, count(*) from afterword.windows where status in ('open', 'closed') group by 1 order by 1`,
      ),
      extractions: await counts(
        'select status as name, count(*) from afterword.extractions group by 1 order by 1',
      ),
      results: await counts(
        `select stage || ', ' || method as name, count(*) from afterword.stage_tasks
         where status = 'done' and superseded_at is null group by 1 order by 1`,
      ),
      deadLetters: await counts(
        'select reason as name, count(*) from afterword.dead_letters group by 1 order by 1',
      ),
      ignored: await counts(
        'select type as name, sum(records) as count from afterword.ignored_records group by 1 order by 1',
      ),
      outbox: await counts(
        'select destination as name, count(*) from afterword.outbox where sent_at is null group by 1 order by 1',
      ),
      partitions: partitions.rows.map((found) => ({
        partition: found.partition,
        nextOffset: BigInt(found.next_offset),
        streamTimeMs: Number(found.stream_time_ms),
      })),
    };
  });
}

export interface BotStatus {
  readonly bot_id: string;
  readonly people: number;
  readonly windows: number;
  readonly summaries: number;
  readonly failed: number;
  readonly first: string;
  readonly latest: string;
}

export async function readStatusByBot(pool: pg.Pool): Promise<BotStatus[]> {
  return translating(async () => {
    const { rows } = await pool.query<{
      bot_id: string;
      people: string;
      windows: string;
      summaries: string;
      failed: string;
      first_ms: string;
      latest_ms: string;
    }>(
      `select k.bot_id, count(distinct k.key_id) as people, count(*) as windows,
         count(t.window_id) as summaries, count(*) filter (where e.status = 'failed') as failed,
         min(w.started_at_ms) as first_ms, max(w.ended_at_ms) as latest_ms
       from afterword.windows w
       join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
       left join afterword.extractions e using (window_id)
       left join afterword.stage_tasks t on t.window_id = w.window_id and t.stage = 'summary'
         and t.status = 'done' and t.superseded_at is null
       where w.status in ('open', 'closed') group by k.bot_id order by k.bot_id`,
    );
    return rows.map((row) => ({
      bot_id: row.bot_id,
      people: Number(row.people),
      windows: Number(row.windows),
      summaries: Number(row.summaries),
      failed: Number(row.failed),
      first: new Date(Number(row.first_ms)).toISOString(),
      latest: new Date(Number(row.latest_ms)).toISOString(),
    }));
  });
}
