import type pg from 'pg';
import { until } from '../../support/until.ts';
import { sizeOf, type Benchmark } from '../benchmark.ts';
import type { BenchDatabase } from '../line/bench-database.ts';
import { firstLogged, type BenchLine } from '../line/bench-line.ts';
import { consumeEnvironment, makeRun } from '../line/make-run.ts';
import { seedOpenSessions } from '../line/seed-sessions.ts';
import { consumeTopic } from '../consume/consume-topic.ts';
import { spreadLoad } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';

const partitions = 8;
const gapMs = 30 * 60_000;
const restarts = 5;

export const openSessionsMemory: Benchmark = {
  name: 'memory',
  about: 'resident memory of a consumer that goes on with a million open sessions',
  run: async (line, options) => {
    const sessions = sizeOf(options, 1_000_000, 20_000);
    const messages = Math.min(sessions, 200_000);
    const topic = await line.createTopic('memory', partitions);
    const database = await line.createDatabase();
    try {
      await makeRun(line, database, topic);
      const nowMs = Date.now();
      await seedOpenSessions(database.pool, sessions, { partitions, lastMs: nowMs - 120_000, gapMs });
      // One message for each of so many of the sessions, spread over all of them.
      const load = spreadLoad(messages, messages, nowMs - 60_000);
      const { records } = await fillTopic(line.kafka, topic, load.records());
      const consumed = await consumeTopic(line, database, { topic, records, label: 'memory' });
      return {
        measurements: [
          { what: 'peak resident memory', value: consumed.peakResidentMb, unit: 'MB', goal: { atMost: 400 } },
        ],
        details: {
          openSessions: await countOpen(database.pool),
          messagesRead: records,
          seeded: 'by SQL, one message each',
          messagesPerSecond: Math.round((records / consumed.tookMs) * 1_000),
        },
      };
    } finally {
      await database.drop();
      await line.removeTopics(topic);
    }
  },
};

export const restart: Benchmark = {
  name: 'restart',
  about: 'from the group join to the first new message durable, with 100,000 open sessions',
  run: async (line, options) => {
    const sessions = sizeOf(options, 100_000, 5_000);
    const topic = await line.createTopic('restart', partitions);
    const database = await line.createDatabase();
    try {
      await makeRun(line, database, topic);
      const lastMs = Date.now() - 120_000;
      await seedOpenSessions(database.pool, sessions, { partitions, lastMs, gapMs });
      const times: number[] = [];
      for (let round = 0; round < restarts; round += 1)
        times.push(await restartOnce(line, database, topic, round));
      times.sort((a, b) => a - b);
      return {
        measurements: [
          { what: 'median of the restarts', value: times[Math.floor(restarts / 2)] ?? Number.NaN, unit: 's' },
          { what: 'slowest restart', value: times.at(-1) ?? Number.NaN, unit: 's', goal: { atMost: 2 } },
        ],
        details: { openSessions: await countOpen(database.pool), restarts, ended: 'by SIGTERM' },
      };
    } finally {
      await database.drop();
      await line.removeTopics(topic);
    }
  },
};

/** Messages wait in the log while a process starts. Seconds from its join to the first commit of any of them. */
async function restartOnce(
  line: BenchLine,
  database: BenchDatabase,
  topic: string,
  round: number,
): Promise<number> {
  const messages = partitions * 4;
  const load = spreadLoad(messages, messages, Date.now(), round);
  await fillTopic(line.kafka, topic, load.records());
  const before = await readPosition(database.pool, topic);
  const label = `restart-${round + 1}`;
  await line.beginProfile(database);
  const worker = line.startWorker('consume', label, consumeEnvironment(database, topic));
  try {
    const joinedAtMs = await firstLogged(worker, 'consumer.joined');
    // The position is stored by the same transaction as the messages.
    await until('a new message', async () => (await readPosition(database.pool, topic)) > before, {
      everyMs: 5,
    });
    return (Date.now() - joinedAtMs) / 1_000;
  } finally {
    await worker.stop();
    await line.keepProfile(label, database);
  }
}

async function readPosition(pool: pg.Pool, topic: string): Promise<number> {
  const { rows } = await pool.query<{ position: string }>(
    'select coalesce(sum(next_offset), 0) as position from afterword.partition_progress where topic = $1',
    [topic],
  );
  return Number(rows[0]?.position);
}

async function countOpen(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `select count(*) from afterword.windows where status = 'open'`,
  );
  return Number(rows[0]?.count);
}
