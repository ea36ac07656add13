import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import type { ClosingStore } from '../../src/consume/closing-store.ts';
import type { MessageStore, SessionKeyKind } from '../../src/consume/message-store.ts';
import { eventTime } from '../../src/consume/plan-batch.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { DatedSettings } from '../../src/sessions/settings-timeline.ts';
import {
  bothPartitions,
  changeSettings,
  closeAll,
  closeOnce,
  decodeAll,
  openStoreHarness,
  storeRecords,
  type RunSetup,
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

describe('with settings that change on the way', () => {
  it(
    'ends in the windows of the oracle, whatever was stored before each change and whatever is late',
    async () => {
      await fc.assert(fc.asyncProperty(arbitraryScenario('bot,user'), liveThroughChanges), parameters);
    },
    4_000 * numRuns,
  );
});

describe('the generated scenarios', () => {
  it('often have a gap that grows or shrinks on the way, for one bot only too, and late messages across it', () => {
    const seen = { grows: 0, shrinks: 0, ownBot: 0, lateAcross: 0 };
    for (const { setup, log } of fc.sample(arbitraryScenario('bot,user'), { numRuns: 500, seed: 7 })) {
      const dated = setup.dated ?? [];
      const steps = dated.slice(1).map((entry, index) => entry.gapMs - (dated[index]?.gapMs ?? 0));
      seen.grows += Number(steps.some((step) => step > 0));
      seen.shrinks += Number(steps.some((step) => step < 0));
      seen.ownBot += Number(
        setup.bots?.['zed']?.some(({ gapMs }, index) => gapMs !== dated[index]?.gapMs) ?? false,
      );
      seen.lateAcross += Number(
        dated.slice(1).some((entry) => log.some((records) => crosses(records, entry))),
      );
    }
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(50);
  });
});

/** A message from before the change comes after one from beyond it. */
function crosses(records: readonly LogRecord[], { effectiveFromMs }: DatedSettings): boolean {
  const times = decodeAll(records).flatMap(({ decoded }) =>
    decoded.kind === 'message' && decoded.sentAtMs !== null ? [decoded.sentAtMs] : [],
  );
  const firstBeyond = times.findIndex((atMs) => atMs >= effectiveFromMs);
  return firstBeyond >= 0 && times.slice(firstBeyond).some((atMs) => atMs < effectiveFromMs);
}

/**
 * Each entry is written only when its turn has come: what was stored until then lies before
 * its date, as `settings apply` has it, and everything is read again afterwards.
 */
async function liveThroughChanges(scenario: Scenario): Promise<void> {
  const { dated = [], bots = {} } = scenario.setup;
  const only = (index: number): RunSetup => ({
    ...scenario.setup,
    dated: dated.slice(index, index + 1),
    bots: Object.fromEntries(Object.entries(bots).map(([bot, own]) => [bot, own.slice(index, index + 1)])),
  });
  const runId = await harness.begin(only(0));
  for (const [index, { effectiveFromMs }] of dated.entries()) {
    if (index === 0) continue;
    await readAll(
      scenario,
      scenario.log.map((records) => records.filter((record) => isBefore(record, effectiveFromMs))),
    );
    await changeSettings(harness.pool, runId, only(index));
  }
  await readAll(scenario, scenario.log);
  await expectEveryRecordInItsPlace(harness, scenario.log);
  await expectWindowsOfOracle(harness, runId, scenario.setup);
}

function isBefore(record: LogRecord, beforeMs: number): boolean {
  const [entry] = decodeAll([record]);
  // What has no time is counted by its offset, or kept by it: read with the first part.
  if (entry === undefined || !('sentAtMs' in entry.decoded)) return true;
  const { sentAtMs } = entry.decoded;
  return sentAtMs !== null && eventTime(sentAtMs, record.timestampMs, Date.now()).ms < beforeMs;
}

async function readAll(scenario: Scenario, log: readonly (readonly LogRecord[])[]): Promise<void> {
  await Promise.all(
    scenario.writers.map((plan, index) => {
      const writer = writers[index];
      if (writer === undefined) throw new Error('a plan without a writer');
      return readLog(writer, plan, log);
    }),
  );
}

/** Lives through a scenario, and looks at what is there afterwards. */
async function live(scenario: Scenario): Promise<void> {
  const runId = await harness.begin(scenario.setup);
  await readAll(scenario, scenario.log);
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
