import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { CrashingPool, crashPoints, type CrashPoint } from '../adapters/postgres/crashing-pool.ts';
import { dumpState } from '../adapters/postgres/dump-state.ts';
import {
  closeAll,
  closeOnce,
  dayMs,
  deleted,
  edited,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  sessionEnd,
  storeRecords,
  type RunSetup,
  type StoreHarness,
} from '../support/store-harness.ts';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});

const at = (minutes: number): number => dayMs + minutes * minuteMs;

const setup: RunSetup = { sessionKey: 'bot,user,channel' };

/** Two closed windows with their work, and an open one. */
const earlier = logOf([
  message({ id: 'a0', atMs: at(0) }),
  message({ id: 'a40', atMs: at(40) }),
  message({ id: 'b0', atMs: at(0), user: 'bob', channel: 'c1' }),
]);

/** One record of every kind and every way a window can change. */
const batch: readonly LogRecord[] = logOf(
  [
    message({ id: 'a0', atMs: at(0) }),
    message({ id: 'a20', atMs: at(20) }),
    message({ id: 'a40', atMs: at(40), content: 'another text under the same id' }),
    message({ id: 'b10', atMs: at(10), user: 'bob', channel: 'c1' }),
    message({ id: 'b100', atMs: at(100), user: 'bob', channel: 'c1' }),
    sessionEnd({ atMs: at(101), user: 'bob' }),
    edited({ id: 'b0', atMs: at(11), user: 'bob', channel: 'c1', content: 'better said' }),
    deleted({ id: 'a20', atMs: at(21) }),
    message({ id: 'e0', atMs: at(0), user: 'eve' }),
    Buffer.from('not JSON'),
    { type: 'typing', bot_id: 'aria', user_id: 'ann' },
  ],
  { firstOffset: 3 },
);

async function prepare(): Promise<void> {
  await harness.begin(setup);
  await storeRecords(harness.store, earlier);
  await closeAll(harness.closing);
}

async function storeThrough(crash?: CrashPoint): Promise<{ statements: readonly string[]; failed: boolean }> {
  const pool = new CrashingPool(harness.url, crash);
  const stored = storeRecords(createPostgresMessageStore(pool.asPool()), batch);
  const failed = await stored.then(
    () => false,
    () => true,
  );
  await pool.end();
  return { statements: pool.statements, failed };
}

describe('a process that dies while it stores a batch', { timeout: 240_000 }, () => {
  it('leaves nothing or everything, and the redelivered batch ends where it would have without', async () => {
    await prepare();
    const before = await dumpState(harness);
    const { statements } = await storeThrough();
    const whole = await dumpState(harness);
    expect(whole).not.toEqual(before);
    const commit = statements.indexOf('commit') + 1;
    expect(commit).toBeGreaterThan(10);
    for (const crash of crashPoints(statements.length)) {
      await prepare();
      expect(await storeThrough(crash), JSON.stringify(crash)).toMatchObject({ failed: true });
      const committed = crash.statement > commit || (crash.statement === commit && crash.when === 'after');
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(committed ? whole : before);
      await storeRecords(harness.store, batch);
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(whole);
    }
  });
});

describe('a process that dies while it closes windows', { timeout: 240_000 }, () => {
  it('closes each window once, with its span, its work and its event', async () => {
    const prepareOpen = async (): Promise<void> => {
      await harness.begin(setup);
      await storeRecords(harness.store, [...earlier, ...batch]);
    };
    const closeThrough = async (crash?: CrashPoint): Promise<readonly string[]> => {
      const pool = new CrashingPool(harness.url, crash);
      const closing = createPostgresClosingStore(pool.asPool());
      await closing.markCaughtUp([{ topic: 'bot.messages', partition: 0 }]).catch(() => undefined);
      const failed = await closeOnce(closing).then(
        () => false,
        () => true,
      );
      expect(failed).toBe(crash !== undefined);
      await pool.end();
      return pool.statements;
    };
    await prepareOpen();
    const statements = await closeThrough();
    const whole = await dumpState(harness);
    expect(whole['closed']?.length).toBeGreaterThan(2);
    for (const crash of crashPoints(statements.length)) {
      await prepareOpen();
      await closeThrough(crash);
      await closeAll(harness.closing);
      expect(await dumpState(harness), JSON.stringify(crash)).toEqual(whole);
    }
  });
});
