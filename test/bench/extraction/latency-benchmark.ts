import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { AnthropicServer, testApiKey } from '../../support/anthropic-server.ts';
import { until } from '../../support/until.ts';
import { sizeOf, type Benchmark } from '../benchmark.ts';
import { firstLogged, type BenchLine } from '../line/bench-line.ts';
import { chatRecord, randomNumbers } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';
import { quantile } from '../report/quantile.ts';

const partitions = 8;
const graceMs = 2_000;
const windowsPerSecond = 10;
const messagesPerWindow = 6;
/** Before these the process is still warming up: its code, its connections, the plans. */
const warmUpWindows = 20;

/**
 * From the moment a window is due to its `window.enriched` in the hands of a subscriber.
 * Due: the last arrival, by the database's clock, and the grace. The messages' own times
 * are an hour old, so the gap has passed when they arrive, and only the grace is left; a
 * live conversation is the same once its gap is over, for then its due time is set at once.
 */
export const latency: Benchmark = {
  name: 'latency',
  about: 'window due to its result event at an independent subscriber, the model answering at once',
  run: async (line, options) => {
    const windows = sizeOf(options, 300, 20) + warmUpWindows;
    const topics = {
      messages: await line.createTopic('latency', partitions),
      results: await line.createTopic('latency-results', partitions),
      dead: await line.createTopic('latency-dead', 1),
    };
    const database = await line.createDatabase();
    const model = await AnthropicServer.start();
    const arrivals = await listen(line, topics.results);
    const worker = line.startWorker('consume,extract,publish', 'latency', {
      KAFKA_MESSAGES_TOPIC: topics.messages,
      KAFKA_RESULTS_TOPIC: topics.results,
      KAFKA_DEAD_LETTER_TOPIC: topics.dead,
      KAFKA_GROUP_ID: topics.messages,
      DATABASE_URL: database.url,
      ANTHROPIC_API_KEY: testApiKey,
      ANTHROPIC_BASE_URL: model.baseURL,
      SESSION_GRACE: `${graceMs}ms`,
    });
    try {
      await firstLogged(worker, 'consumer.joined');
      await publishSlowly(line, topics.messages, windows);
      await until('every window to be enriched', () => arrivals.atMs.size === windows, {
        deadlineMs: 300_000,
      });
      const offsetMs = await clockOffset(database.pool);
      const due = (await readDue(database.pool)).slice(warmUpWindows);
      const inOrder = (times: readonly number[]): readonly number[] => [...times].sort((a, b) => a - b);
      const late = inOrder(
        due.map(({ windowId, dueMs }) => (arrivals.atMs.get(windowId) ?? Number.NaN) + offsetMs - dueMs),
      );
      const closed = inOrder(due.map(({ dueMs, closedMs }) => closedMs - dueMs));
      const settled = inOrder(due.map(({ dueMs, settledMs }) => settledMs - dueMs));
      return {
        measurements: [
          { what: 'p50 over the grace', value: quantile(late, 0.5), unit: 'ms' },
          { what: 'p95 over the grace', value: quantile(late, 0.95), unit: 'ms', goal: { atMost: 150 } },
          { what: 'slowest', value: late.at(-1) ?? Number.NaN, unit: 'ms' },
        ],
        details: {
          windows: late.length,
          windowsPerSecond,
          messagesPerWindow,
          graceMs,
          concurrency: 4,
          closedMsP50: Math.round(quantile(closed, 0.5)),
          closedMsP95: Math.round(quantile(closed, 0.95)),
          settledMsP50: Math.round(quantile(settled, 0.5)),
          settledMsP95: Math.round(quantile(settled, 0.95)),
        },
      };
    } finally {
      await worker.stop();
      await arrivals.stop();
      await model.close();
      await database.drop();
      await line.removeTopics(...Object.values(topics));
    }
  },
};

/** Every window's messages in one go; windows evenly in time. */
async function publishSlowly(line: BenchLine, topic: string, windows: number): Promise<void> {
  const random = randomNumbers(3);
  const startMs = Date.now();
  for (let window = 0; window < windows; window += 1) {
    const sentAtMs = Date.now() - 3_600_000;
    const records = Array.from({ length: messagesPerWindow }, (_, place) =>
      chatRecord(random, window, window * messagesPerWindow + place, sentAtMs + place * 1_000),
    );
    await fillTopic(line.kafka, topic, records);
    await sleep(Math.max(0, startMs + ((window + 1) * 1_000) / windowsPerSecond - Date.now()));
  }
}

interface Arrivals {
  /** By window, when its `window.enriched` was received, by this process's clock. */
  readonly atMs: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

async function listen(line: BenchLine, topic: string): Promise<Arrivals> {
  const atMs = new Map<string, number>();
  const consumer = line.kafka.consumer({ groupId: `listener-${topic}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      if (String(message.headers?.['ce_type']) !== 'afterword.window.enriched.v1') return Promise.resolve();
      const data = JSON.parse(message.value?.toString('utf8') ?? 'null') as { window_id: string };
      if (!atMs.has(data.window_id)) atMs.set(data.window_id, Date.now());
      return Promise.resolve();
    },
  });
  return { atMs, stop: () => consumer.disconnect() };
}

interface DueWindow {
  readonly windowId: string;
  readonly dueMs: number;
  readonly closedMs: number;
  readonly settledMs: number;
}

/** In the order of their due times; all by the database's clock. */
async function readDue(pool: pg.Pool): Promise<readonly DueWindow[]> {
  const { rows } = await pool.query<{ window_id: string; touched: string; closed: string; settled: string }>(
    `select w.window_id, w.touched_at_ms as touched, extract(epoch from w.closed_at) * 1000 as closed,
       extract(epoch from e.updated_at) * 1000 as settled
     from afterword.windows w join afterword.extractions e using (window_id) order by w.touched_at_ms`,
  );
  return rows.map((row) => ({
    windowId: row.window_id,
    dueMs: Number(row.touched) + graceMs,
    closedMs: Number(row.closed),
    settledMs: Number(row.settled),
  }));
}

/** What to add to this process's clock to have the database's. */
async function clockOffset(pool: pg.Pool): Promise<number> {
  const beforeMs = Date.now();
  const { rows } = await pool.query<{ now_ms: string }>(
    'select extract(epoch from clock_timestamp()) * 1000 as now_ms',
  );
  return Number(rows[0]?.now_ms) - (beforeMs + Date.now()) / 2;
}
