import type pg from 'pg';
import { AnthropicServer, testApiKey } from '../../support/anthropic-server.ts';
import { until } from '../../support/until.ts';
import { sizeOf, type Benchmark, type BenchmarkResult } from '../benchmark.ts';
import type { BenchDatabase } from '../line/bench-database.ts';
import { firstLogged, type BenchLine } from '../line/bench-line.ts';
import { readTableHealth } from '../line/table-health.ts';
import { readPostgresCpu, readUsage } from '../line/process-usage.ts';
import { tightLoad } from '../load/chat-load.ts';
import { makeClosedWindows } from './closed-windows.ts';

const partitions = 8;
const messagesPerWindow = 10;
/** Waiting for Postgres to sync overlaps; the model itself never makes anybody wait here. */
const concurrency = 16;
/** Those that settling changes, and the one that relays empty. */
const changedTables = ['extractions', 'facts', 'outbox', 'profiles', 'stage_tasks', 'user_keys'];

export const extraction: Benchmark = {
  name: 'extraction',
  about: 'closed windows to settled ones with a model that answers at once',
  run: async (line, options) => {
    const topic = await line.createTopic('extraction', partitions);
    const database = await line.createDatabase();
    const model = await AnthropicServer.start();
    try {
      const windows = sizeOf(options, 6_000, 300);
      const load = tightLoad(windows * messagesPerWindow, Date.now() - 3_600_000);
      await makeClosedWindows(line, database, topic, load);
      line.note(`extraction: ${windows} windows wait`);
      return await measureExtraction(line, database, model, windows);
    } finally {
      await model.close();
      await database.drop();
      await line.removeTopics(topic);
    }
  },
};

async function measureExtraction(
  line: BenchLine,
  database: BenchDatabase,
  model: AnthropicServer,
  windows: number,
): Promise<BenchmarkResult> {
  await database.pool.query('checkpoint');
  await line.beginProfile(database);
  const worker = line.startWorker('extract', 'extraction', {
    DATABASE_URL: database.url,
    ANTHROPIC_API_KEY: testApiKey,
    ANTHROPIC_BASE_URL: model.baseURL,
    EXTRACT_CONCURRENCY: String(concurrency),
  });
  try {
    const startedMs = await firstLogged(worker, 'process.started');
    const cpuBefore = readUsage(worker.child.pid)?.cpuSeconds ?? Number.NaN;
    const ownBefore = process.cpuUsage();
    const postgresBefore = (await readPostgresCpu(database.pool)) ?? Number.NaN;
    await until('every window to be settled', async () => !(await isAnyUnsettled(database.pool)), {
      deadlineMs: 900_000,
      everyMs: 100,
    });
    const seconds = (Date.now() - startedMs) / 1_000;
    const own = process.cpuUsage(ownBefore);
    const usage = readUsage(worker.child.pid);
    const postgresCpu = ((await readPostgresCpu(database.pool)) ?? Number.NaN) - postgresBefore;
    const ended = await readEnded(database.pool);
    if (ended.done !== windows) throw new Error(`${ended.done} of ${windows} windows were settled as done`);
    return {
      measurements: [
        { what: 'windows settled', value: windows / seconds, unit: 'a second', goal: { atLeast: 300 } },
        {
          what: 'model calls for each window revision',
          value: model.calls.length / ended.revisions,
          unit: '',
          // Repairs come on top; this model needs none.
          goal: { atMost: 1 },
        },
        { what: 'CPU of the extractor', value: (usage?.cpuSeconds ?? Number.NaN) - cpuBefore, unit: 's' },
        { what: 'CPU of Postgres', value: postgresCpu, unit: 's' },
      ],
      details: {
        windows,
        messagesPerWindow,
        concurrency,
        seconds: Math.round(seconds * 10) / 10,
        modelCalls: model.calls.length,
        refusedCalls: model.refusals.length,
        cpuOfTheModelStandInSeconds: (own.user + own.system) / 1_000_000,
        peakResidentMb: Math.round(usage?.peakResidentMb ?? Number.NaN),
        facts: ended.facts,
        ...(await readTableHealth(database.pool, changedTables)),
      },
    };
  } finally {
    await worker.stop();
    await line.keepProfile('extraction', database);
  }
}

/** Asked often, so it must not cost much: by the indexes of what is waiting and what runs. */
async function isAnyUnsettled(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>(
    `select exists (select from afterword.extractions where status in ('pending', 'retrying', 'deferred'))
       or exists (select from afterword.extractions where status = 'running') as found`,
  );
  return rows[0]?.found === true;
}

async function readEnded(
  pool: pg.Pool,
): Promise<{ readonly done: number; readonly revisions: number; readonly facts: number }> {
  const { rows } = await pool.query<{ done: string; revisions: string; facts: string }>(
    `select count(*) filter (where status = 'done') as done, sum(revision) as revisions,
       (select count(*) from afterword.facts) as facts
     from afterword.extractions`,
  );
  const [row] = rows;
  return { done: Number(row?.done), revisions: Number(row?.revisions), facts: Number(row?.facts) };
}
