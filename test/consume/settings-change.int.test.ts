import { afterAll, beforeAll, expect, it } from 'vitest';

import { applySettings, readSettings } from '../../src/adapters/postgres/run-settings.ts';
import type { MessageStore } from '../../src/consume/message-store.ts';
import type { RunConfiguration } from '../../src/model/run-settings.ts';
import { allowedSkewMs } from '../../src/sessions/plan-settings-change.ts';
import type { DatedSettings } from '../../src/sessions/settings-timeline.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import {
  closeOnce,
  defaultSettings,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import { expectWindowsOfOracle, readWindows } from './stored-state.ts';

const soon = { atMs: undefined, replaces: false };

function configured(gapMinutes: number, bots: Readonly<Record<string, number>> = {}): RunConfiguration {
  const boundaries = (minutes: number) => ({
    gapMs: minutes * minuteMs,
    maxMessages: defaultSettings.maxMessages,
    maxDurationMs: defaultSettings.maxDurationMs,
  });
  return {
    settings: {
      ...boundaries(gapMinutes),
      sessionKey: 'bot,user',
      bots: Object.fromEntries(Object.entries(bots).map(([bot, minutes]) => [bot, boundaries(minutes)])),
    },
    extraction: {},
  };
}

describeWithPostgres('a change of settings on Postgres', () => {
  let harness: StoreHarness;

  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterAll(async () => {
    await harness.close();
  });

  /** The same store, whose clock runs ahead by so much; with `between`, that happens after the look-up. */
  function storeAt(aheadMs: number, between: () => Promise<unknown> = () => Promise.resolve()): MessageStore {
    const { store } = harness;
    return {
      ...store,
      lookUp: async (partition, identities) => {
        const context = await store.lookUp(partition, identities);
        await between();
        return { ...context, nowMs: context.nowMs + aheadMs };
      },
    };
  }

  async function databaseNowMs(): Promise<number> {
    return (await readSettings(harness.pool))?.nowMs ?? 0;
  }

  async function dated(): Promise<DatedSettings[]> {
    const standing = await readSettings(harness.pool);
    return (standing?.entries ?? []).map(({ fromMs, settings }) => ({
      ...settings,
      effectiveFromMs: fromMs,
    }));
  }

  const recordsAt = (times: readonly number[], firstOffset: number, bot = 'aria') =>
    logOf(
      times.map((atMs, index) => message({ id: `m${firstOffset + index}`, atMs, bot })),
      { firstOffset, timestampMs: 0 },
    );

  it.each([
    { change: 'shorter', gapMinutes: 10, silenceMinutes: 20, windowCount: 3 },
    { change: 'longer', gapMinutes: 90, silenceMinutes: 40, windowCount: 4 },
  ])(
    'leaves no window cut twice when a batch that did not see a $change gap stores after it',
    async ({ gapMinutes, silenceMinutes, windowCount }) => {
      const runId = await harness.begin();
      const silenceMs = silenceMinutes * minuteMs;
      // As far ahead as a message may be: the batch looks up, the change commits, the batch stores.
      const lastMs = (await databaseNowMs()) + allowedSkewMs;
      const stalled = storeAt(0, () => applySettings(harness.pool, configured(gapMinutes), soon));
      const before = [3, 2, 1, 0].map((steps) => lastMs - steps * silenceMs);
      await storeRecords(stalled, recordsAt(before, 0));
      // Later, under the new gap, the same silences; and late messages before the change.
      const entries = await dated();
      const fromMs = entries[1]?.effectiveFromMs ?? Number.NaN;
      const ahead = storeAt(120 * minuteMs);
      const after = [0, 1, 2].map((steps) => fromMs + steps * silenceMs);
      await storeRecords(ahead, recordsAt(after, 10));
      await storeRecords(ahead, recordsAt([lastMs - 3 * silenceMs + minuteMs, lastMs + 10_000], 20));
      await expectWindowsOfOracle(harness, runId, { dated: entries });
      const windows = await readWindows(harness);
      expect(windows.filter(({ status }) => status === 'superseded')).toEqual([]);
      expect(windows).toHaveLength(windowCount);
    },
  );

  it('changes the gap of one bot and of no other', async () => {
    const runId = await harness.begin();
    await applySettings(harness.pool, configured(30, { zed: 10 }), soon);
    const [, change] = await dated();
    const fromMs = change?.effectiveFromMs ?? Number.NaN;
    const ahead = storeAt(120 * minuteMs);
    const times = [-40, -20, 0, 20, 40].map((minutes) => fromMs + minutes * minuteMs);
    await storeRecords(ahead, recordsAt(times, 0));
    await storeRecords(ahead, recordsAt(times, 10, 'zed'));
    const windows = await readWindows(harness);
    const counts = windows.map(({ bot_id, message_count }) => `${bot_id} ${message_count}`);
    expect(counts).toEqual(['aria 5', 'zed 2', 'zed 1', 'zed 1', 'zed 1']);
    const entries = await dated();
    const own = entries.map((entry, index) => ({ ...entry, gapMs: (index === 0 ? 30 : 10) * minuteMs }));
    await expectWindowsOfOracle(harness, runId, { dated: entries, bots: { zed: own } });
  });

  it('keeps a window open for as long as a longer gap that begins meanwhile lets it be joined', async () => {
    await harness.begin();
    await applySettings(harness.pool, configured(120), soon);
    const [, change] = await dated();
    const fromMs = change?.effectiveFromMs ?? Number.NaN;
    const ahead = storeAt(600 * minuteMs);
    const close = (): Promise<unknown> => closeOnce(harness.closing);
    await storeRecords(ahead, recordsAt([fromMs - 20 * minuteMs], 0));
    // Somebody else's message moves stream time on: by more than the old gap, by less than the new one.
    await storeRecords(ahead, recordsAt([fromMs + 80 * minuteMs], 1, 'zed'));
    await close();
    const overBecause = async (bot: string): Promise<string | null | undefined> =>
      (await readWindows(harness)).find(({ bot_id }) => bot_id === bot)?.due_reason;
    expect(await overBecause('aria')).toBeNull();
    await storeRecords(ahead, recordsAt([fromMs + 101 * minuteMs], 2, 'zed'));
    await close();
    expect(await overBecause('aria')).toBe('stream-time');
  });

  it('is written once when two processes apply it at the same time', async () => {
    await harness.begin();
    const pools = [harness.openPool(1), harness.openPool(1)];
    const applied = await Promise.all(pools.map((pool) => applySettings(pool, configured(10), soon)));
    expect(applied.map(({ change }) => change.entry !== undefined).sort()).toEqual([false, true]);
    expect(await dated()).toHaveLength(2);
  });

  it('ends in the order of dates when two processes apply different ones at the same time', async () => {
    const runId = await harness.begin();
    const pools = [harness.openPool(1), harness.openPool(1)];
    const outcomes = await Promise.allSettled(
      pools.map((pool, index) => applySettings(pool, configured(10 + index), soon)),
    );
    // Within one second both would have the same date: the second is told what is planned.
    const entries = await dated();
    expect(entries).toHaveLength(1 + outcomes.filter(({ status }) => status === 'fulfilled').length);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    const [row] = await harness.rows<{ settings_version: number }>(
      'select settings_version from afterword.runs where run_id = $1',
      [runId],
    );
    expect(row?.settings_version).toBe(entries.length);
  });

  it('takes back what was planned for later, and notes the new version', async () => {
    await harness.begin();
    const atMs = (await databaseNowMs()) + 86_400_000;
    await applySettings(harness.pool, configured(10), { atMs, replaces: false });
    await expect(applySettings(harness.pool, configured(5), soon)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await applySettings(harness.pool, configured(5), { ...soon, replaces: true });
    expect((await dated()).map(({ gapMs }) => gapMs / minuteMs)).toEqual([30, 5]);
  });

  it('begins a run with the configuration where there is none', async () => {
    await harness.begin();
    await harness.pool.query('delete from afterword.run_settings; delete from afterword.runs');
    expect((await applySettings(harness.pool, configured(10), soon)).began).toBe(true);
    expect(await dated()).toHaveLength(1);
    expect((await applySettings(harness.pool, configured(10), soon)).began).toBe(false);
  });
});
