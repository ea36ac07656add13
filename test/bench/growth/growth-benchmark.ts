import { sizeOf, type Benchmark } from '../benchmark.ts';
import { consumeTopic } from '../consume/consume-topic.ts';
import type { BenchLine } from '../line/bench-line.ts';
import { makeRun } from '../line/make-run.ts';
import { readTableHealth } from '../line/table-health.ts';
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
    const rates = grown.map(({ perSecond }) => perSecond);
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
        ...grown.map(({ history, perSecond }) => ({
          what: `messages consumed, over ${history.toLocaleString('en')} stored`,
          value: perSecond,
          unit: 'a second',
        })),
        {
          what: 'the last rate to the first',
          value: (rates.at(-1) ?? Number.NaN) / (rates[0] ?? Number.NaN),
          unit: '×',
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
  readonly storage: Readonly<Record<string, number>>;
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
      storage: await readTableHealth(database.pool, changedTables),
    };
  } finally {
    await database.drop();
    await line.removeTopics(topic);
  }
}

/** Those that consuming changes. */
const changedTables = ['messages', 'partition_progress', 'user_keys', 'windows'];

function detailsOf({ history, storage }: Grown): Record<string, number> {
  return Object.fromEntries(Object.entries(storage).map(([name, value]) => [`${name}Over${history}`, value]));
}
