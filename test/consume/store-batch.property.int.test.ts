import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import type { ClosingStore } from '../../src/consume/closing-store.ts';
import type { MessageStore, SessionKeyKind } from '../../src/consume/message-store.ts';
import type { LogRecord } from '../../src/model/record.ts';
import {
  bothPartitions,
  closeAll,
  closeOnce,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import { arbitraryScenario, type Scenario, type Step, type WriterPlan } from './arbitrary-log.ts';
import { expectEveryRecordInItsPlace, expectWindowsOfOracle } from './stored-state.ts';

/** On a real Postgres; more of them with AFTERWORD_TEST_RUNS. */
const numRuns = Number(process.env['AFTERWORD_TEST_RUNS'] ?? '150');
const seed = process.env['AFTERWORD_TEST_SEED'];
const parameters: fc.Parameters<[Scenario]> = { numRuns, ...(seed !== undefined && { seed: Number(seed) }) };

interface Writer {
  readonly owner: string;
  readonly store: MessageStore;
  readonly closing: ClosingStore;
}

let harness: StoreHarness;
let writers: Writer[];

beforeAll(async () => {
  harness = await openStoreHarness();
  writers = ['one', 'two', 'three'].map((owner) => {
    const pool = harness.openPool(2);
    return { owner, store: createPostgresMessageStore(pool), closing: createPostgresClosingStore(pool) };
  });
});

afterAll(async () => {
  await harness.close();
});

describe.each<SessionKeyKind>(['bot,user', 'bot,user,channel'])('with sessions by %s', (sessionKey) => {
  it(
    'ends in the windows of the oracle, each record in one place, whatever the order, batches and processes',
    async () => {
      await fc.assert(fc.asyncProperty(arbitraryScenario(sessionKey), live), parameters);
    },
    3_000 * numRuns,
  );
});

/** Lives through a scenario, and looks at what is there afterwards. */
async function live(scenario: Scenario): Promise<void> {
  const runId = await harness.begin(scenario.setup);
  await Promise.all(
    scenario.writers.map((plan, index) => {
      const writer = writers[index];
      if (writer === undefined) throw new Error('a plan without a writer');
      return readLog(writer, plan, scenario.log);
    }),
  );
  await expectEveryRecordInItsPlace(harness, scenario.log);
  await expectWindowsOfOracle(harness, runId, scenario.setup);
  await harness.pool.query('delete from afterword.leases');
  await closeAll(harness.closing);
  await expectWindowsOfOracle(harness, runId, scenario.setup);
  const open = await harness.rows(`select 1 from afterword.windows where status = 'open'`);
  expect(open).toEqual([]);
  await expectEventsInOrder();
}

/** One process: every partition from its start to the end, in batches of its own. */
async function readLog(
  writer: Writer,
  plan: WriterPlan,
  log: readonly (readonly LogRecord[])[],
): Promise<void> {
  const positions = log.map(() => 0);
  for (let turn = 0; positions.some((position, index) => position < (log[index]?.length ?? 0)); turn += 1) {
    const step = plan.steps[turn % plan.steps.length];
    const partition = turn % log.length;
    const from = positions[partition] ?? 0;
    if (step === undefined) throw new Error('a plan without steps');
    const batch = log[partition]?.slice(from, from + step.batchSize) ?? [];
    positions[partition] = from + batch.length;
    if (batch.length > 0) await takeStep(writer, step, batch);
    if (step.thenRewindsTo !== undefined && turn < plan.steps.length) {
      positions[partition] = Math.floor(step.thenRewindsTo * (from + batch.length));
    }
  }
}

async function takeStep(writer: Writer, step: Step, batch: readonly LogRecord[]): Promise<void> {
  for (const records of step.redelivers ? [batch, batch] : [batch]) {
    const outcomes = await storeRecords(writer.store, records);
    expect(outcomes).toHaveLength(1);
    const [outcome] = outcomes;
    if (outcome === undefined) continue;
    const { messages, duplicates, changes, sessionEnds, ignored, deadLetters } = outcome;
    expect(messages + duplicates + changes + sessionEnds + ignored + deadLetters.length).toBe(records.length);
  }
  if (step.thenCloses === 'clock') await writer.closing.markCaughtUp(bothPartitions);
  // Leases that run out at once, so that closers take over from each other all the time.
  if (step.thenCloses !== 'no') await closeOnce(writer.closing, { owner: writer.owner, leaseMs: 5 });
}

/** What was told of a person, told in order: sequences rise with the outbox's ids. */
async function expectEventsInOrder(): Promise<void> {
  const rows = await harness.rows<{ key_id: string; sequence: string }>(
    `select key_id, sequence from afterword.outbox where destination = 'results' order by outbox_id`,
  );
  const last = new Map<string, number>();
  for (const row of rows) {
    expect(Number(row.sequence)).toBeGreaterThan(last.get(row.key_id) ?? 0);
    last.set(row.key_id, Number(row.sequence));
  }
}
