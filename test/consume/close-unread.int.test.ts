import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { closeUnread } from '../../src/consume/close-windows.ts';
import type { LogPartition } from '../../src/consume/record-source.ts';
import {
  dayMs,
  logOf,
  message,
  messagesTopic,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});

/** One message each of ann (partition 0), bob (1) and cid (5), all long ago. */
beforeEach(async () => {
  await harness.begin();
  for (const [partition, user] of [
    [0, 'ann'],
    [1, 'bob'],
    [5, 'cid'],
  ] as const) {
    await storeRecords(harness.store, logOf([message({ id: 'm', atMs: dayMs, user })], { partition }));
  }
});

/** What the topic holds: this many records in each partition from 0 on. */
const logWith = (...ends: bigint[]): LogPartition[] =>
  ends.map((end, partition) => ({ partition, start: 0n, end }));

async function closed(
  log: readonly LogPartition[],
  { owner = 'one', topic = messagesTopic } = {},
): Promise<string[]> {
  const pass = await closeUnread(harness.closing, topic, log, {
    owner,
    graceMs: 0,
    leaseMs: 60_000,
    batchSize: 100,
  });
  return pass.closed.map(({ userId, closeReason }) => `${userId} ${closeReason}`).sort();
}

const lease = (partition: number, topic = messagesTopic): Promise<unknown> =>
  harness.closing.holdLeases([{ topic, partition }], 'reader', 60_000);

async function expireLeases(seconds: number): Promise<void> {
  await harness.pool.query(
    `update afterword.leases set expires_at = clock_timestamp() - $1 * interval '1 second'`,
    [seconds],
  );
}

describe('a partition that nobody reads', () => {
  it('closes by the clock when the topic no longer has it; one whose records wait does not', async () => {
    expect(await closed(logWith(2n, 2n))).toEqual(['cid idle']);
    expect(await closed(logWith(2n, 2n))).toEqual([]);
  });

  it('closes by the clock when everything in it is stored', async () => {
    expect(await closed(logWith(2n, 1n, 0n, 0n, 0n, 9n))).toEqual(['bob idle']);
  });

  it('waits while the log is not known', async () => {
    expect(await closed([])).toEqual([]);
  });

  it('is left to its reader, also for a while after its lease has run out', async () => {
    await lease(5);
    expect(await closed(logWith(2n, 2n))).toEqual([]);
    await expireLeases(100);
    expect(await closed(logWith(2n, 2n))).toEqual([]);
    await expireLeases(200);
    expect(await closed(logWith(2n, 2n))).toEqual(['cid idle']);
  });

  it('is left to a reader of another topic: a window does not know its own', async () => {
    await lease(5, 'renamed');
    expect(await closed(logWith(2n, 2n))).toEqual([]);
  });

  it('is looked after by one process at a time', async () => {
    await closed(logWith(2n, 2n, 0n, 0n, 0n, 2n), { owner: 'other' });
    expect(await closed(logWith(2n, 2n))).toEqual([]);
    await harness.closing.releaseLeases('other');
    expect(await closed(logWith(2n, 2n))).toEqual(['cid idle']);
  });

  it('waits for a window whose gap has not passed', async () => {
    const now = Date.now();
    await storeRecords(
      harness.store,
      logOf([message({ id: 'n', atMs: now, user: 'dot' })], { partition: 6, timestampMs: now }),
    );
    expect(await closed(logWith(2n, 2n))).toEqual(['cid idle']);
  });
});

describe('windows from a topic that is read no longer', () => {
  it('close where the new topic has nothing to read, though its partition is held', async () => {
    await lease(0, 'renamed');
    await lease(1, 'renamed');
    // Nothing was ever stored from the new topic: its closer has no stream time to judge by.
    expect(await closed(logWith(0n, 3n), { topic: 'renamed' })).toEqual(['ann idle', 'cid idle']);
  });

  it('wait while somebody still reads the old one', async () => {
    await lease(0, 'renamed');
    await lease(0);
    expect(await closed(logWith(0n, 3n), { topic: 'renamed' })).toEqual(['cid idle']);
  });
});
