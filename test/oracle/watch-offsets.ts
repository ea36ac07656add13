import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import pg from 'pg';
import { limited, type OracleInput, type Violation } from './oracle.ts';
import { openKafka, readCommitted } from './read-log.ts';

export interface OffsetWatch {
  /** Ends the watch; tells what it saw, how often it looked, and how often it could not. */
  stop(): Promise<{
    readonly violations: readonly Violation[];
    readonly samples: number;
    readonly missed: number;
  }>;
}

type Watched = Pick<OracleInput, 'brokers' | 'databaseUrl' | 'topics' | 'groupId'>;

/**
 * Looks again and again, while a line is at work, whether an offset was committed ahead of what
 * Postgres holds. Committed is read first: stored only rises, so whatever is found ahead of it
 * was ahead then. Where broker or database is away the sample is missed, not judged. Stop
 * it before the database is put back to an older copy.
 */
export function watchOffsets(input: Watched, everyMs = 200): OffsetWatch {
  const breaches = new Set<string>();
  const stopping = new AbortController();
  const counts = { samples: 0, missed: 0 };
  const watched = watch(input, everyMs, stopping.signal, (sample) => {
    if (sample === undefined) counts.missed += 1;
    else counts.samples += 1;
    for (const breach of sample ?? []) breaches.add(breach);
  });
  return {
    stop: async () => {
      stopping.abort();
      await watched;
      return { violations: limited('offsets-watched', [...breaches]), ...counts };
    },
  };
}

async function watch(
  input: Watched,
  everyMs: number,
  stopping: AbortSignal,
  tell: (sample: readonly string[] | undefined) => void,
): Promise<void> {
  const pool = new pg.Pool({
    connectionString: input.databaseUrl,
    application_name: 'oracle',
    max: 1,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  // A connection that was cut while nobody used it: the next sample opens another.
  pool.on('error', () => undefined);
  let admin: Admin | undefined;
  while (!stopping.aborted) {
    try {
      admin ??= await connect(input);
      tell(await takeSample(admin, pool, input));
    } catch {
      // Away: what it is watched for cannot be told now.
      tell(undefined);
      await admin?.disconnect().catch(() => undefined);
      admin = undefined;
    }
    await sleep(everyMs, undefined, { signal: stopping }).catch(() => undefined);
  }
  await admin?.disconnect().catch(() => undefined);
  await pool.end();
}

async function connect({ brokers }: Watched): Promise<Admin> {
  const admin = openKafka(brokers).admin({ retry: { retries: 1 } });
  await admin.connect();
  return admin;
}

async function takeSample(admin: Admin, pool: pg.Pool, { topics, groupId }: Watched): Promise<string[]> {
  const committed = await readCommitted(admin, groupId, topics.messages);
  const { rows } = await pool.query<{ partition: number; nextOffset: string }>(
    `select partition, next_offset::text as "nextOffset" from afterword.partition_progress where topic = $1`,
    [topics.messages],
  );
  return committedAhead(committed, new Map(rows.map((row) => [row.partition, BigInt(row.nextOffset)])));
}

/** By partition; what is not stored at all counts as nothing. */
export function committedAhead(
  committed: ReadonlyMap<number, bigint>,
  stored: ReadonlyMap<number, bigint>,
): string[] {
  return [...committed]
    .filter(([partition, offset]) => offset > (stored.get(partition) ?? 0n))
    .map(([partition, offset]) => {
      const next = stored.get(partition) ?? 'nothing';
      return `partition ${partition}: committed ${offset} ahead of what was durable, stored ${next}`;
    });
}
