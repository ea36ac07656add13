import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { AnthropicServer, testApiKey } from '../../support/anthropic-server.ts';
import { until } from '../../support/until.ts';
import { sizeOf, type Benchmark } from '../benchmark.ts';
import { firstLogged, type BenchLine } from '../line/bench-line.ts';
import { chatRecord, randomNumbers } from '../load/chat-load.ts';
import { fillTopic } from '../load/fill-topic.ts';
import { lateBy, readDue } from './due-windows.ts';
import { listen } from './results-listener.ts';

const partitions = 8;
const graceMs = 2_000;
const gapMs = 30 * 60_000;
/** How long after their arrival the gap of every other window ends: well after its grace. */
const gapLeftMs = 5_000;
const windowsPerSecond = 10;
const messagesPerWindow = 6;
/** Before these the process is still warming up: its code, its connections, the plans. */
const warmUpWindows = 20;
const goal = { atMost: 150 };

/**
 * From the moment a window is due to its `window.enriched` in the hands of a subscriber.
 * Due, by the database's clock, is the later of two: the last arrival and the grace; the last
 * message's own time and the gap. Every other window is of one kind. Of history that is read
 * the grace ends last, and the closer knows that time before; of a live conversation the gap
 * ends last, which the closer finds out by looking.
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
    await line.beginProfile(database);
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
      const due = (await readDue(database.pool, { graceMs, gapMs })).slice(warmUpWindows).map((window) => ({
        ...window,
        arrivedMs: (arrivals.atMs.get(window.windowId) ?? Number.NaN) + offsetMs,
      }));
      const ofGrace = due.filter(({ last }) => last === 'grace');
      const ofGap = due.filter(({ last }) => last === 'gap');
      return {
        measurements: [
          { what: 'p50 over the grace', value: lateBy(ofGrace, 'arrivedMs', 0.5), unit: 'ms' },
          { what: 'p95 over the grace', value: lateBy(ofGrace, 'arrivedMs', 0.95), unit: 'ms', goal },
          {
            what: 'p50 over the gap of a live conversation',
            value: lateBy(ofGap, 'arrivedMs', 0.5),
            unit: 'ms',
          },
          {
            what: 'p95 over the gap of a live conversation',
            value: lateBy(ofGap, 'arrivedMs', 0.95),
            unit: 'ms',
            goal,
          },
        ],
        details: {
          windows: due.length,
          windowsPerSecond,
          messagesPerWindow,
          graceMs,
          concurrency: 4,
          closedOverGraceP50Ms: lateBy(ofGrace, 'closedMs', 0.5),
          closedOverGraceP95Ms: lateBy(ofGrace, 'closedMs', 0.95),
          closedOverGapP50Ms: lateBy(ofGap, 'closedMs', 0.5),
          closedOverGapP95Ms: lateBy(ofGap, 'closedMs', 0.95),
          settledP50Ms: lateBy(due, 'settledMs', 0.5),
          settledP95Ms: lateBy(due, 'settledMs', 0.95),
        },
      };
    } finally {
      await worker.stop();
      await line.keepProfile('latency', database);
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
    const lastMs = Date.now() - (window % 2 === 0 ? 2 * gapMs : gapMs - gapLeftMs);
    const records = Array.from({ length: messagesPerWindow }, (_, place) =>
      chatRecord(
        random,
        window,
        window * messagesPerWindow + place,
        lastMs - (messagesPerWindow - 1 - place) * 1_000,
      ),
    );
    await fillTopic(line.kafka, topic, records);
    await sleep(Math.max(0, startMs + ((window + 1) * 1_000) / windowsPerSecond - Date.now()));
  }
}

/** What to add to this process's clock to have the database's. */
async function clockOffset(pool: pg.Pool): Promise<number> {
  const beforeMs = Date.now();
  const { rows } = await pool.query<{ now_ms: string }>(
    'select extract(epoch from clock_timestamp()) * 1000 as now_ms',
  );
  return Number(rows[0]?.now_ms) - (beforeMs + Date.now()) / 2;
}
