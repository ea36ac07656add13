import type pg from 'pg';
import { sizeOf, type Benchmark } from '../benchmark.ts';
import { consumeTopic } from '../consume/consume-topic.ts';
import type { BenchLine } from '../line/bench-line.ts';
import { makeRun } from '../line/make-run.ts';
import { spreadLoad } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';
import { messagesPerWindow, seedHistory } from './seed-history.ts';

const partitions = 8;
const newMessagesPerUser = 25;

/**
 * The same new messages of the same people, of whom one earlier conversation is stored, ten and
 * a hundred. Judged by CPU for each message, of the consumer and of Postgres: time also tells what
 * the disk and the neighbours of the machine were doing.
 */
export const growth: Benchmark = {
  name: 'growth',
  about: 'consuming over 1, 10 and 100 times the stored history',
  run: async (line, options) => {
    const largest = sizeOf(options, 1_000_000, 20_000);
    const users = Math.ceil(largest / (100 * messagesPerWindow));
    const grown: Grown[] = [];
    for (const windowsPerUser of [1, 10, 100]) grown.push(await consumeOver(line, users, windowsPerUser));
    const costs = grown.map(({ cpuUs }) => cpuUs);
    return {
      measurements: [
        ...grown.map(({ history, cpuUs }) => ({
          what: `CPU of both a message, over ${history.toLocaleString('en')} stored`,
          value: cpuUs,
          unit: 'µs',
        })),
        {
          what: 'the last to the first',
          value: (costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN),
          unit: '×',
          goal: { atMost: 1.25 },
        },
      ],
      details: Object.assign({ partitions, users }, ...grown.map(detailsOf)) as Record<string, number>,
    };
  },
};

interface Grown {
  readonly history: number;
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly storage: Storage;
}

async function consumeOver(line: BenchLine, users: number, windowsPerUser: number): Promise<Grown> {
  const topic = await line.createTopic('growth', partitions);
  const database = await line.createDatabase();
  try {
    await makeRun(line, database, topic);
    const endMs = Date.now();
    const history = users * windowsPerUser * messagesPerWindow;
    await seedHistory(database.pool, { users, windowsPerUser, partitions, endMs });
    line.note(`growth: ${history} messages are stored`);
    const load = spreadLoad(users * newMessagesPerUser, users, endMs - 60_000, 5);
    const { records } = await fillTopic(line.kafka, topic, load.records());
    const consumed = await consumeTopic(line, database, { topic, records, label: `growth-${history}` });
    return {
      history,
      cpuUs: ((consumed.cpuSeconds + consumed.postgresCpuSeconds) / records) * 1_000_000,
      perSecond: (records / consumed.tookMs) * 1_000,
      storage: await readStorage(database.pool),
    };
  } finally {
    await database.drop();
    await line.removeTopics(topic);
  }
}

/** What the appends have left behind on the table that they change. */
interface Storage {
  readonly hotShare: number;
  readonly deadWindows: number;
  readonly windowsMb: number;
  readonly windowIndexesMb: number;
  readonly messagesMb: number;
  readonly messageIndexesMb: number;
}

async function readStorage(pool: pg.Pool): Promise<Storage> {
  const { rows } = await pool.query<Record<keyof Storage, string>>(
    `select coalesce(n_tup_hot_upd::float8 / nullif(n_tup_upd, 0), 1) as "hotShare", n_dead_tup as "deadWindows",
       pg_table_size('afterword.windows') / 1e6 as "windowsMb", pg_indexes_size('afterword.windows') / 1e6 as "windowIndexesMb",
       pg_table_size('afterword.messages') / 1e6 as "messagesMb", pg_indexes_size('afterword.messages') / 1e6 as "messageIndexesMb"
     from pg_stat_user_tables where schemaname = 'afterword' and relname = 'windows'`,
  );
  const read = (name: keyof Storage): number => Math.round(Number(rows[0]?.[name]) * 100) / 100;
  return {
    hotShare: read('hotShare'),
    deadWindows: read('deadWindows'),
    windowsMb: read('windowsMb'),
    windowIndexesMb: read('windowIndexesMb'),
    messagesMb: read('messagesMb'),
    messageIndexesMb: read('messageIndexesMb'),
  };
}

function detailsOf({ history, perSecond, storage }: Grown): Record<string, number> {
  const entries = Object.entries({ messagesPerSecond: Math.round(perSecond), ...storage });
  return Object.fromEntries(entries.map(([name, value]) => [`${name}Over${history}`, value]));
}
