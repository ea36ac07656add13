import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  changeSettings,
  closeAll,
  dayMs,
  defaultSettings,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  sessionEnd,
  storeRecords,
  type Said,
  type StoreHarness,
} from '../support/store-harness.ts';
import { readWindows } from './stored-state.ts';

let harness: StoreHarness;
let nextOffset = 0;

beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});

const at = (minutes: number): number => dayMs + minutes * minuteMs;

async function store(...values: unknown[]): Promise<void> {
  await storeRecords(harness.store, logOf(values, { firstOffset: nextOffset }));
  nextOffset += values.length;
}

let said = 0;
function saidAt(minutes: number, where: Omit<Said, 'id' | 'atMs'> = {}): unknown {
  said += 1;
  return message({ id: `m${said}`, atMs: at(minutes), ...where });
}

/** Windows as people speak of them: channel, from and to in minutes, messages, how they stand. */
async function windows(): Promise<unknown[]> {
  return (await readWindows(harness)).map((window) => [
    ...(window.session_channel === null ? [] : [window.session_channel]),
    (Number(window.started_at_ms) - dayMs) / minuteMs,
    (Number(window.ended_at_ms) - dayMs) / minuteMs,
    window.message_count,
    window.status === 'open' ? `open ${window.due_reason ?? ''}`.trim() : window.status,
  ]);
}

describe('windows of a key', () => {
  it('merges two windows when a late message bridges the gap', async () => {
    await harness.begin();
    await store(saidAt(0), saidAt(40));
    expect(await windows()).toEqual([
      [0, 0, 1, 'open gap'],
      [40, 40, 1, 'open'],
    ]);
    await store(saidAt(20));
    expect(await windows()).toEqual([
      [0, 40, 3, 'open'],
      [40, 40, 1, 'superseded'],
    ]);
  });

  it('keeps a message exactly one gap later, and parts one a millisecond after that', async () => {
    await harness.begin();
    await store(saidAt(0), saidAt(30));
    await store(message({ id: 'after', atMs: at(60) + 1 }));
    expect((await windows()).map((window) => (window as unknown[]).slice(2))).toEqual([
      [2, 'open gap'],
      [1, 'open'],
    ]);
  });

  it('reopens a closed window when a message extends it, and keeps its name', async () => {
    await harness.begin();
    await store(saidAt(0));
    const [first] = await closeAll(harness.closing);
    await store(saidAt(10));
    expect(await windows()).toEqual([[0, 10, 2, 'open']]);
    const [again] = await closeAll(harness.closing);
    expect(again?.windowId).toBe(first?.windowId);
    expect(again?.messageCount).toBe(2);
  });

  it('keeps a closed window closed when a late message falls into it, and asks for a revision', async () => {
    await harness.begin();
    await store(saidAt(0), saidAt(10), saidAt(50));
    await closeAll(harness.closing);
    await harness.pool.query(`update afterword.extractions set status = 'done', revision = 1`);
    await store(saidAt(5));
    expect(await windows()).toEqual([
      [0, 10, 3, 'closed'],
      [50, 50, 1, 'closed'],
    ]);
    const work = await harness.rows('select status from afterword.extractions order by status');
    expect(work).toEqual([{ status: 'done' }, { status: 'pending' }]);
  });

  it('brings a superseded window back to life under its old name', async () => {
    await harness.begin({ dated: [{ ...defaultSettings, maxMessages: 4 }] });
    await store(saidAt(0), saidAt(1), saidAt(2), saidAt(20), saidAt(21));
    await closeAll(harness.closing);
    const before = await readWindows(harness);
    // Late ones move the cut away from 20 …
    await store(saidAt(3), saidAt(4));
    expect(await windows()).toEqual([
      [0, 3, 4, 'closed'],
      [4, 21, 3, 'open'],
      [20, 21, 2, 'superseded'],
    ]);
    // … and later ones back to it.
    await store(saidAt(4.5), saidAt(5));
    expect(await windows()).toEqual([
      [0, 3, 4, 'closed'],
      [4, 5, 3, 'open full'],
      [20, 21, 2, 'open'],
    ]);
    expect((await readWindows(harness)).at(-1)?.window_id).toBe(before.at(-1)?.window_id);
  });

  it('ends a window at a session.end, whichever comes first', async () => {
    await harness.begin();
    await store(saidAt(0), saidAt(6));
    await store(sessionEnd({ atMs: at(5) }));
    expect(await windows()).toEqual([
      [0, 0, 1, 'open end'],
      [6, 6, 1, 'open'],
    ]);
    await store(sessionEnd({ atMs: at(100) }));
    await store(saidAt(95), saidAt(101));
    expect((await windows()).slice(2)).toEqual([
      [95, 95, 1, 'open end'],
      [101, 101, 1, 'open'],
    ]);
  });

  it('holds a changed gap for messages after the change only', async () => {
    const runId = await harness.begin();
    await store(saidAt(0), saidAt(20));
    await changeSettings(harness.pool, runId, {
      dated: [{ ...defaultSettings, effectiveFromMs: at(30), gapMs: 5 * minuteMs }],
    });
    await store(saidAt(31), saidAt(10), saidAt(40));
    expect(await windows()).toEqual([
      [0, 20, 3, 'open gap'],
      [31, 31, 1, 'open gap'],
      [40, 40, 1, 'open'],
    ]);
  });
});

describe('what a batch reads', () => {
  let membersRead = 0;

  async function storeCounting(...values: unknown[]): Promise<void> {
    const { store } = harness;
    const counting: typeof store = {
      ...store,
      transaction: (work) =>
        store.transaction((transaction) =>
          work({
            ...transaction,
            members: async (stretches) => {
              const read = await transaction.members(stretches);
              membersRead += read.reduce((sum, { members }) => sum + members.length, 0);
              return read;
            },
          }),
        ),
    };
    await storeRecords(counting, logOf(values, { firstOffset: nextOffset }));
    nextOffset += values.length;
  }

  it('is the neighbourhood of each message, not what lies between an old and a new one', async () => {
    await harness.begin();
    const everyHour = Array.from({ length: 100 }, (_, hour) => 60 * hour);
    await store(...everyHour.map((minutes) => saidAt(minutes)));
    membersRead = 0;
    await storeCounting(saidAt(6_000), saidAt(60 * 50 + 5), saidAt(5), sessionEnd({ atMs: at(60 * 50 + 2) }));
    // Of each: its own window, or the one it joins. The windows an hour away are out of reach.
    expect(membersRead).toBe(5);
    const all = await windows();
    expect(all).toHaveLength(102);
    expect(all.slice(0, 2)).toEqual([
      [0, 5, 2, 'open gap'],
      [60, 60, 1, 'open gap'],
    ]);
    expect(all.slice(50, 52)).toEqual([
      [3_000, 3_000, 1, 'open gap'],
      [3_005, 3_005, 1, 'open gap'],
    ]);
    expect(all.slice(-2)).toEqual([
      [5_940, 5_940, 1, 'open gap'],
      [6_000, 6_000, 1, 'open'],
    ]);
  });

  it('is nothing for a message that extends a window which a cap has begun', async () => {
    await harness.begin({ dated: [{ ...defaultSettings, maxMessages: 10 }] });
    await store(...Array.from({ length: 11 }, (_, minute) => saidAt(minute)));
    expect(await windows()).toHaveLength(2);
    membersRead = 0;
    await storeCounting(saidAt(11));
    await storeCounting(saidAt(12), saidAt(13));
    expect(membersRead).toBe(0);
    expect((await windows()).at(-1)).toEqual([10, 13, 4, 'open']);
  });
});

describe('windows of channels', () => {
  const channels = { sessionKey: 'bot,user,channel' } as const;

  it('ends by a session.end without a channel also a channel that came in the same batch', async () => {
    await harness.begin(channels);
    await store(saidAt(0, { channel: 'c1' }), sessionEnd({ atMs: at(1) }), saidAt(2, { channel: 'c1' }));
    expect(await windows()).toEqual([
      ['c1', 0, 0, 1, 'open end'],
      ['c1', 2, 2, 1, 'open'],
    ]);
  });

  it('ends by a session.end without a channel every channel that is known', async () => {
    await harness.begin(channels);
    await store(saidAt(0, { channel: 'c1' }), saidAt(0, { channel: 'c2' }), saidAt(0));
    await store(sessionEnd({ atMs: at(1) }));
    expect(await windows()).toEqual([
      ['', 0, 0, 1, 'open end'],
      ['c1', 0, 0, 1, 'open end'],
      ['c2', 0, 0, 1, 'open end'],
    ]);
  });

  it('ends by a session.end of a channel that channel only, also before its first message', async () => {
    await harness.begin(channels);
    await store(sessionEnd({ atMs: at(1), channel: 'c1' }), saidAt(0, { channel: 'c2' }));
    await store(saidAt(0, { channel: 'c1' }), saidAt(2, { channel: 'c1' }), saidAt(2, { channel: 'c2' }));
    expect(await windows()).toEqual([
      ['c1', 0, 0, 1, 'open end'],
      ['c1', 2, 2, 1, 'open'],
      ['c2', 0, 2, 2, 'open'],
    ]);
  });

  it('finds the members of a window by its channel, however its type was told', async () => {
    await harness.begin(channels);
    await store(
      saidAt(0, { channel: 'c1', channelType: 'dm' }),
      saidAt(1, { channel: 'c1', channelType: 'private' }),
    );
    const [window] = await readWindows(harness);
    expect([window?.channel_id, window?.channel_type]).toEqual(['c1', null]);
  });
});
