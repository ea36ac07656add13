import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createPostgresAnswerStore } from '../../../src/adapters/postgres/answer-store.ts';
import { createPostgresExtractionStore } from '../../../src/adapters/postgres/extraction-store.ts';
import { extractWindow, type ExtractDeps } from '../../../src/extract/extract-window.ts';
import { ModelGate } from '../../../src/extract/model-gate/model-gate.ts';
import { factsStage } from '../../../src/extract/stages/facts.ts';
import type { Timing } from '../../../src/extract/timing.ts';
import { sizeOf, type Benchmark, type Measurement } from '../benchmark.ts';
import type { BenchDatabase } from '../line/bench-database.ts';
import type { BenchLine } from '../line/bench-line.ts';
import { makeClosedWindows } from '../extraction/closed-windows.ts';
import { quantile } from '../report/quantile.ts';
import { instantModel } from './instant-model.ts';
import { personLoad, rememberedUser } from './person-load.ts';

/** Of how many things the person speaks, one a window in turn: of many, and of one all the time. */
const cases = { many: 500, one: 1 } as const;
/** So many of the person's windows are compared with the first windows of as many newcomers, at each size. */
const compared = 50;

/**
 * Claimed window to settled one, one after the other, in this process: the model and the
 * network to it are left out, for they are the same for both. At each size of the history a
 * few windows of the person and the first ones of as many newcomers are measured, in the same
 * tables and with the same warm process.
 */
export const fold: Benchmark = {
  name: 'fold',
  about: 'one window of a person with 10,000 earlier ones, beside the first of a newcomer',
  run: async (line, options) => {
    const earlier = sizeOf(options, 10_000, 500);
    const histories = [earlier / 100, earlier / 10, earlier].map(Math.ceil);
    const many = await measure(line, histories, cases.many);
    const one = await measure(line, histories, cases.one);
    return {
      measurements: [
        ...measurementsOf(many.sizes, `of ${cases.many} things in turn`),
        ...measurementsOf(one.sizes, 'all of one thing'),
      ],
      details: {
        earlier,
        compared,
        entities: cases.many,
        observationsInEachGroup: Math.ceil(earlier / cases.many),
        facts: many.facts,
        observationsInOneGroup: earlier,
      },
    };
  },
};

/** Medians at one size of the history. */
interface Measured {
  readonly earlier: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

async function measure(
  line: BenchLine,
  histories: readonly number[],
  entities: number,
): Promise<{ readonly sizes: readonly Measured[]; readonly facts: number }> {
  const windows = (histories.at(-1) ?? 0) + compared;
  const newcomers = compared * histories.length;
  const load = personLoad(windows, newcomers, { entities, endMs: Date.now() - 3_600_000 });
  const topic = await line.createTopic('fold', 1);
  const database = await line.createDatabase();
  try {
    await makeClosedWindows(line, database, topic, load);
    await setNewcomersAside(database.pool);
    line.note(`fold: ${load.windows} windows are closed`);
    const sizes: Measured[] = [];
    let behind = 0;
    for (const earlier of histories) {
      await buildUp(line, database, earlier - behind);
      const deps = depsOf(database.pool);
      const person = await settleAll(line, deps, compared);
      await bringForward(database.pool, compared);
      const newcomer = await settleAll(line, deps, compared);
      if (person.some(({ userId }) => userId !== rememberedUser) || newcomer.some(isRemembered))
        throw new Error('windows came in another order than they are measured in');
      sizes.push({ earlier, firstMs: median(newcomer), lastMs: median(person) });
      behind = Math.max(behind, earlier) + compared;
    }
    return { sizes, facts: await countFacts(database.pool) };
  } finally {
    await database.drop();
    await line.removeTopics(topic);
  }
}

function isRemembered({ userId }: SettledWindow): boolean {
  return userId === rememberedUser;
}

/** Claimed by priority, the lower first. */
async function setNewcomersAside(pool: pg.Pool): Promise<void> {
  await pool.query(
    `update afterword.extractions set priority = 2
     where key_id in (select key_id from afterword.user_keys where user_id <> $1)`,
    [rememberedUser],
  );
}

/** So many newcomers come next. */
async function bringForward(pool: pg.Pool, newcomers: number): Promise<void> {
  await pool.query(
    `update afterword.extractions set priority = -1
     where window_id in (select window_id from afterword.extractions where priority = 2 and status = 'pending'
       order by window_id limit $1)`,
    [newcomers],
  );
}

function measurementsOf(sizes: readonly Measured[], about: string): Measurement[] {
  return sizes.flatMap(({ earlier, firstMs, lastMs }, index) => [
    { what: `a newcomer’s first window beside ${earlier} (${about})`, value: firstMs, unit: 'ms' },
    { what: `a window after ${earlier} earlier ones, ${about}`, value: lastMs, unit: 'ms' },
    {
      what: `the latter to the former after ${earlier}, ${about}`,
      value: lastMs / firstMs,
      unit: '×',
      ...(index === sizes.length - 1 && { goal: { atMost: 2 } }),
    },
  ]);
}

/** What comes before is settled as the product does, only without waiting for the disk: it is not measured. */
async function buildUp(line: BenchLine, database: BenchDatabase, windows: number): Promise<void> {
  const pool = new pg.Pool({
    connectionString: database.url,
    max: 2,
    options: '-c synchronous_commit=off',
  });
  try {
    await settleAll(line, depsOf(pool), windows);
  } finally {
    await pool.end();
  }
}

interface SettledWindow {
  readonly userId: string;
  readonly tookMs: number;
}

async function settleAll(
  line: BenchLine,
  deps: ExtractDeps,
  windows: number,
): Promise<readonly SettledWindow[]> {
  const settled: SettledWindow[] = [];
  const { signal } = new AbortController();
  while (settled.length < windows) {
    const [claim] = await deps.store.claim(deps.owner, 1, 60_000);
    if (claim === undefined) throw new Error(`only ${settled.length} windows could be claimed`);
    const startedMs = performance.now();
    const { settled: end } = await extractWindow(deps, claim, signal);
    if (!end.settled) throw new Error(`a window was not settled: ${end.reason}`);
    settled.push({ userId: claim.userId, tookMs: performance.now() - startedMs });
    if (settled.length % 1_000 === 0) {
      const latest = median(settled.slice(-100));
      line.note(
        `fold: ${settled.length} windows are settled, the last hundred in ${latest.toFixed(1)} ms each`,
      );
    }
  }
  return settled;
}

function depsOf(pool: pg.Pool): ExtractDeps {
  const timing: Timing = {
    nowMs: () => Date.now(),
    random: () => 0.5,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  };
  return {
    store: createPostgresExtractionStore(pool),
    owner: 'bench',
    forBot: () => ({ stages: [factsStage], model: 'instant', ignoresUser: () => false }),
    model: { client: instantModel, gate: new ModelGate({ maxConcurrency: 1, timing }) },
    answersFor: (claim, members) => createPostgresAnswerStore(pool, claim, members),
    timing,
    fallbackAfterMs: null,
    onStageFault: (_claim, _stage, error) => {
      throw error;
    },
  };
}

function median(windows: readonly SettledWindow[]): number {
  return quantile(
    windows.map(({ tookMs }) => tookMs).sort((a, b) => a - b),
    0.5,
  );
}

async function countFacts(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `select count(*) from afterword.facts where status = 'current'`,
  );
  return Number(rows[0]?.count);
}
