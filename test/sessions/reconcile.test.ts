import { describe, expect, it } from 'vitest';

import type { LiveWindow } from '../../src/model/session-window.ts';
import {
  appendToLast,
  commonChannel,
  desiredWindows,
  diffWindows,
  type DesiredWindow,
  type Member,
} from '../../src/sessions/reconcile.ts';
import { SettingsTimeline } from '../../src/sessions/settings-timeline.ts';

const settings = new SettingsTimeline([{ effectiveFromMs: 0, gapMs: 10, maxMessages: 5, maxDurationMs: 40 }]);

const inChannel = { channelId: 'c1', channelType: 'dm' };
const members = (...times: number[]): Member[] => times.map((sentAtMs) => ({ sentAtMs, ...inChannel }));

function live(
  startedAtMs: number,
  endedAtMs: number,
  messageCount: number,
  changes: Partial<LiveWindow> = {},
): LiveWindow {
  const range = { windowId: `w${startedAtMs}`, startedAtMs, endedAtMs, messageCount };
  return { ...range, ...inChannel, status: 'open', dueReason: null, ...changes };
}

function desired(
  startedAtMs: number,
  endedAtMs: number,
  messageCount: number,
  ending?: 'gap' | 'end',
): DesiredWindow {
  return { startedAtMs, endedAtMs, messageCount, ending, ...inChannel };
}

describe('appending to the last window', () => {
  it('grows it, and leaves it open', () => {
    const last = live(0, 5, 2);
    expect(appendToLast(last, members(5, 15), settings)).toEqual({
      opened: [],
      changed: [{ before: last, after: desired(0, 15, 4) }],
      ended: [],
      superseded: [],
    });
  });

  it('grows it, and opens another beyond the gap', () => {
    const last = live(0, 5, 2);
    expect(appendToLast(last, members(8, 19), settings)).toEqual({
      opened: [desired(19, 19, 1)],
      changed: [{ before: last, after: desired(0, 8, 3, 'gap') }],
      ended: [],
      superseded: [],
    });
  });

  it('leaves it as it is, but over, when everything lies beyond the gap', () => {
    const last = live(0, 5, 2);
    const changes = appendToLast(last, members(16), settings);
    expect(changes).toMatchObject({ changed: [], ended: [{ window: last, reason: 'gap' }] });
  });

  it.each([
    ['closed', live(0, 5, 2, { status: 'closed' })],
    ['due', live(0, 5, 2, { dueReason: 'stream-time' })],
  ])('does not end again what is %s', (_name, last) => {
    expect(appendToLast(last, members(16), settings)?.ended).toEqual([]);
  });

  it('says that it cannot tell when a cap is reached', () => {
    expect(appendToLast(live(0, 5, 5), members(6), settings)).toBeUndefined();
    expect(appendToLast(live(0, 38, 3), members(41), settings)).toBeUndefined();
    expect(appendToLast(live(0, 38, 3), members(40), settings)).toBeDefined();
  });

  it('asks no cap of what lies beyond the gap', () => {
    expect(appendToLast(live(0, 5, 5), members(16), settings)?.opened).toEqual([desired(16, 16, 1)]);
  });
});

describe('comparing stored windows with those that should be', () => {
  it('leaves alone what is right', () => {
    const changes = diffWindows([live(0, 5, 2)], [desired(0, 5, 2)], false);
    expect(changes).toEqual({ opened: [], changed: [], ended: [], superseded: [] });
  });

  it('ends what has become certain, once', () => {
    const first = live(0, 5, 2);
    expect(diffWindows([first], [desired(0, 5, 2, 'end')], false).ended).toEqual([
      { window: first, reason: 'end' },
    ]);
    const due = live(0, 5, 2, { dueReason: 'gap' });
    expect(diffWindows([due], [desired(0, 5, 2, 'end')], false).ended).toEqual([]);
  });

  it('ends the last one of a stretch when a later window of the key lies beyond it', () => {
    const first = live(0, 5, 2);
    expect(diffWindows([first], [desired(0, 5, 2)], true).ended).toEqual([{ window: first, reason: 'gap' }]);
  });

  it('supersedes two windows by the one that bridges them', () => {
    const changes = diffWindows([live(0, 5, 2), live(20, 25, 2)], [desired(0, 25, 5)], false);
    expect(changes.changed.map(({ before }) => before.windowId)).toEqual(['w0']);
    expect(changes.superseded.map(({ window, by }) => [window.windowId, by])).toEqual([['w20', [0]]]);
  });

  it('gives a window that begins earlier a new name, and names it as the successor', () => {
    const changes = diffWindows([live(5, 9, 2)], [desired(0, 9, 3)], false);
    expect(changes.opened.map((window) => window.startedAtMs)).toEqual([0]);
    expect(changes.superseded.map(({ window, by }) => [window.windowId, by])).toEqual([['w5', [0]]]);
  });

  it('names every window that took a part of it over', () => {
    const changes = diffWindows([live(5, 30, 4)], [desired(0, 6, 3), desired(20, 30, 3)], false);
    expect(changes.superseded[0]?.by).toEqual([0, 20]);
  });
});

describe('what members have in common', () => {
  const c1 = { channelId: 'c1', channelType: 'dm' };

  it.each([
    ['the channel', c1, c1, c1],
    [
      'nothing of two channels',
      c1,
      { channelId: 'c2', channelType: 'dm' },
      { channelId: null, channelType: null },
    ],
    [
      'the channel of two types',
      c1,
      { channelId: 'c1', channelType: null },
      { channelId: 'c1', channelType: null },
    ],
    [
      'nothing of a channel and none',
      c1,
      { channelId: null, channelType: 'dm' },
      { channelId: null, channelType: null },
    ],
  ])('is %s', (_name, a, b, common) => {
    expect(commonChannel(a, b)).toEqual(common);
    expect(commonChannel(b, a)).toEqual(common);
  });

  it('is found in every part of a stretch', () => {
    const spoken = [...members(0, 1), { sentAtMs: 2, channelId: 'c2', channelType: 'dm' }, ...members(30)];
    expect(desiredWindows(spoken, [], settings).map(({ channelId }) => channelId)).toEqual([null, 'c1']);
  });
});
