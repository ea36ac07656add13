import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveWindow } from '../../src/model/session-window.ts';
import {
  appendToLast,
  desiredWindows,
  diffWindows,
  type DesiredWindow,
  type Member,
  type WindowChanges,
} from '../../src/sessions/reconcile.ts';
import { SettingsTimeline } from '../../src/sessions/settings-timeline.ts';
import { arbitraryConversation } from '../support/arbitrary-messages.ts';

const runs = { numRuns: 5_000 };

function membersOf(messages: readonly { readonly sentAtMs: number }[]): Member[] {
  return messages
    .map(({ sentAtMs }) => ({ sentAtMs, channelId: 'c-1', channelType: 'dm' }))
    .toSorted((a, b) => a.sentAtMs - b.sentAtMs);
}

/** As a window stands once stored, named by its start. */
function stored({
  startedAtMs,
  endedAtMs,
  messageCount,
  channelId,
  channelType,
  ending,
}: DesiredWindow): LiveWindow {
  const range = { windowId: `w${startedAtMs}`, startedAtMs, endedAtMs, messageCount };
  return { ...range, channelId, channelType, status: 'open', dueReason: ending ?? null };
}

/** Does to stored windows what the changes say, and refuses changes that contradict them. */
function apply(live: readonly LiveWindow[], changes: WindowChanges): LiveWindow[] {
  const byId = new Map(live.map((window) => [window.windowId, window]));
  for (const { window } of changes.superseded) expect(byId.delete(window.windowId)).toBe(true);
  for (const { before, after } of changes.changed) {
    expect(byId.has(before.windowId)).toBe(true);
    byId.set(before.windowId, stored(after));
  }
  for (const { window, reason } of changes.ended) byId.set(window.windowId, { ...window, dueReason: reason });
  for (const window of changes.opened.map(stored)) {
    expect(byId.has(window.windowId)).toBe(false);
    byId.set(window.windowId, window);
  }
  return [...byId.values()].toSorted((a, b) => a.startedAtMs - b.startedAtMs);
}

function ranges(windows: readonly LiveWindow[]): (string | number)[][] {
  return windows.map(({ startedAtMs, endedAtMs, messageCount }) => [startedAtMs, endedAtMs, messageCount]);
}

describe('bringing stored windows in line', () => {
  it('gives the windows of all messages, whatever part of them was stored before', () => {
    fc.assert(
      fc.property(arbitraryConversation, fc.nat(), ({ messages, ends, settings }, choice) => {
        fc.pre(messages.length > 0);
        const timeline = new SettingsTimeline(settings);
        const endsMs = ends.map((end) => end.endedAtMs).toSorted((a, b) => a - b);
        // Messages arrive in any order, so what was stored before is any part of them.
        const before = membersOf(messages.slice(0, choice % messages.length));
        const live = desiredWindows(before, [], timeline).map(stored);
        const desired = desiredWindows(membersOf(messages), endsMs, timeline);
        expect(apply(live, diffWindows(live, desired, false))).toHaveLength(desired.length);
        expect(ranges(apply(live, diffWindows(live, desired, false)))).toEqual(ranges(desired.map(stored)));
      }),
      runs,
    );
  });

  it('changes nothing when nothing is new', () => {
    fc.assert(
      fc.property(arbitraryConversation, ({ messages, ends, settings }) => {
        const endsMs = ends.map((end) => end.endedAtMs).toSorted((a, b) => a - b);
        const desired = desiredWindows(membersOf(messages), endsMs, new SettingsTimeline(settings));
        const changes = diffWindows(desired.map(stored), desired, false);
        expect(changes).toEqual({ opened: [], changed: [], ended: [], superseded: [] });
      }),
      runs,
    );
  });

  it('names for every superseded window those that took its range over', () => {
    fc.assert(
      fc.property(arbitraryConversation, fc.nat(), ({ messages, settings }, choice) => {
        fc.pre(messages.length > 0);
        const timeline = new SettingsTimeline(settings);
        const live = desiredWindows(membersOf(messages.slice(0, choice % messages.length)), [], timeline).map(
          stored,
        );
        const { superseded } = diffWindows(live, desiredWindows(membersOf(messages), [], timeline), false);
        for (const { by } of superseded) expect(by.length).toBeGreaterThan(0);
      }),
      runs,
    );
  });
});

describe('appending to the last window without reading it', () => {
  it('gives the windows that reading and cutting everything gives, or says that it cannot', () => {
    let appended = 0;
    fc.assert(
      fc.property(arbitraryConversation, fc.nat(), ({ messages, settings }, choice) => {
        const all = membersOf(messages);
        fc.pre(all.length > 1);
        const timeline = new SettingsTimeline(settings);
        const size = 1 + (choice % (all.length - 1));
        const live = desiredWindows(all.slice(0, size), [], timeline).map(stored);
        const last = live.at(-1);
        if (last === undefined) throw new Error('a stored message without a window');
        const changes = appendToLast(last, all.slice(size), timeline);
        if (changes === undefined) return;
        appended += 1;
        expect(ranges(apply(live, changes))).toEqual(ranges(desiredWindows(all, [], timeline).map(stored)));
      }),
      runs,
    );
    expect(appended).toBeGreaterThan(500);
  });
});
