import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type pg from 'pg';
import { settings, type FaultLine } from './fault-line.ts';

/** Of a line, what tells whether it rests. */
type Resting = Pick<FaultLine, 'kafka' | 'topics' | 'groupId'> & {
  readonly database: { readonly pool: pg.Pool };
};

const pollMs = 300;
/** At rest so many times in a row: between two loops work is in nobody's hand for a moment. */
const looks = 2;

/**
 * Waits until the line has done everything: no lag, no window due, no work pending, outbox
 * empty. Vectors are no part of it: who indexed them holds a lease of minutes, and dies with it. Returns what is left when the time is over, by name; empty: it is at rest.
 */
export async function waitForRest(line: Resting, limitMs: number): Promise<Readonly<Record<string, number>>> {
  const admin = line.kafka.admin();
  await admin.connect();
  try {
    const endMs = Date.now() + limitMs;
    let quiet = 0;
    for (;;) {
      const left = await readLeft(line, admin).catch(() => ({ unreachable: 1 }));
      quiet = Object.keys(left).length === 0 ? quiet + 1 : 0;
      if (quiet === looks || Date.now() > endMs) return left;
      await sleep(pollMs);
    }
  } finally {
    await admin.disconnect();
  }
}

async function readLeft(line: Resting, admin: Admin): Promise<Record<string, number>> {
  const counts = { ...(await readLag(line, admin)), ...(await readWork(line.database.pool)) };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** Records that are not stored yet, and those whose offsets are not committed. */
async function readLag(
  { topics, groupId, database }: Resting,
  admin: Admin,
): Promise<{ unstored: number; uncommitted: number }> {
  const ends = await admin.fetchTopicOffsets(topics.messages);
  const [group] = await admin.fetchOffsets({ groupId, topics: [topics.messages] });
  const { rows } = await database.pool.query<{ partition: number; next_offset: string }>(
    'select partition, next_offset from afterword.partition_progress where topic = $1',
    [topics.messages],
  );
  const stored = new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
  const committed = new Map(
    (group?.partitions ?? []).map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
  );
  const missing = (reached: ReadonlyMap<number, number>): number =>
    ends.reduce(
      (sum, { partition, high }) => sum + Math.abs(Number(high) - (reached.get(partition) ?? 0)),
      0,
    );
  return { unstored: missing(stored), uncommitted: missing(committed) };
}

type Work = Record<'due' | 'unsettled' | 'unsent', string>;

async function readWork(pool: pg.Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<Work>(
    `select
       (select count(*) from afterword.windows where status = 'open' and (due_reason is not null
          or ended_at_ms + $1::bigint < extract(epoch from clock_timestamp()) * 1000)) as due,
       (select count(*) from afterword.extractions
        where status in ('pending', 'running', 'retrying', 'deferred')) as unsettled,
       (select count(*) from afterword.outbox where sent_at is null and destination <> 'vectors') as unsent`,
    [settings.gapMs],
  );
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]));
}
