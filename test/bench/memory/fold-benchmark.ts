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
/** So many of the person's newest windows are compared with the first windows of as many newcomers. */
const compared = 50;

/**
 * Claimed window to settled one, one after the other, in this process: the model and the
 * network to it are left out, for they are the same for both. The newcomers come last, so
 * that both are measured in the same large tables, with the same warm process.
 */
export const fold: Benchmark = {
  name: 'fold',
  about: 'one window of a person with 10,000 earlier ones, beside the first of a newcomer',
  run: async (line, options) => {
    const earlier = sizeOf(options, 10_000, 200);
    const many = await measure(line, earlier, cases.many);
    const one = await measure(line, earlier, cases.one);
    return {
      measurements: [
        ...measurementsOf(many, `of ${cases.many} things in turn`),
        ...measurementsOf(one, 'all of one thing'),
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

interface Measured {
  readonly earlier: number;
  /** Medians. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly facts: number;
}

async function measure(line: BenchLine, earlier: number, entities: number): Promise<Measured> {
  const load = personLoad(earlier + compared, compared, { entities, endMs: Date.now() - 3_600_000 });
  const topic = await line.createTopic('fold', 1);
  const database = await line.createDatabase();
  try {
    await makeClosedWindows(line, database, topic, load);
    await database.pool.query(
      `update afterword.extractions set priority = 1
       where key_id in (select key_id from afterword.user_keys where user_id <> $1)`,
      [rememberedUser],
    );
    line.note(`fold: ${load.windows} windows are closed`);
    const measured = 2 * compared;
    await buildUp(line, database, load.windows - measured);
    const settled = await settleAll(line, depsOf(database.pool), measured);
    return {
      earlier,
      firstMs: median(settled.filter(({ userId }) => userId !== rememberedUser)),
      lastMs: median(settled.filter(({ userId }) => userId === rememberedUser).slice(-compared)),
      facts: await countFacts(database.pool),
    };
  } finally {
    await database.drop();
    await line.removeTopics(topic);
  }
}

function measurementsOf({ earlier, firstMs, lastMs }: Measured, about: string): Measurement[] {
  return [
    { what: `a newcomer’s first window (${about})`, value: firstMs, unit: 'ms' },
    { what: `a window after ${earlier} earlier ones, ${about}`, value: lastMs, unit: 'ms' },
    { what: `the latter to the former, ${about}`, value: lastMs / firstMs, unit: '×', goal: { atMost: 2 } },
  ];
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
