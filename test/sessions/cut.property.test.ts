import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, type CutWindow } from '../../src/sessions/cut.ts';
import { SettingsTimeline } from '../../src/sessions/settings-timeline.ts';
import { arbitraryConversation, type Conversation } from '../support/arbitrary-messages.ts';
import { naiveWindows, type NaiveWindow } from '../support/naive-windows.ts';

const runs = { numRuns: 5_000 };

/** The product's windows in the oracle's form. */
function productWindows({ messages, ends, settings }: Conversation): NaiveWindow[] {
  const sorted = messages.toSorted((a, b) => a.sentAtMs - b.sentAtMs);
  const times = sorted.map((message) => message.sentAtMs);
  const endTimes = ends.map((end) => end.endedAtMs).toSorted((a, b) => a - b);
  return cut(times, endTimes, new SettingsTimeline(settings)).map(({ from, to }) => ({
    startedAtMs: times[from] ?? Number.NaN,
    endedAtMs: times[to - 1] ?? Number.NaN,
    identities: sorted
      .slice(from, to)
      .map((message) => message.identity)
      .toSorted(),
  }));
}

/** Settings over time by the words of the rules, not by the product's timeline. */
function oracleWindows({ messages, ends, settings }: Conversation): NaiveWindow[] {
  const dated = settings.toSorted((a, b) => a.effectiveFromMs - b.effectiveFromMs);
  return naiveWindows(messages, ends, (atMs) => {
    const inForce = dated.findLast((entry) => entry.effectiveFromMs <= atMs) ?? dated[0];
    if (inForce === undefined) throw new RangeError('a conversation without settings');
    return inForce;
  });
}

function withOneSetting(conversation: Conversation): Conversation {
  return { ...conversation, settings: conversation.settings.slice(0, 1) };
}

describe('cutting a conversation into windows', () => {
  it('gives the windows of the oracle for any set of messages and end markers', () => {
    fc.assert(
      fc.property(arbitraryConversation.map(withOneSetting), (conversation) => {
        expect(productWindows(conversation)).toEqual(oracleWindows(conversation));
      }),
      runs,
    );
  });

  it('gives the windows of the oracle when settings change on the way', () => {
    fc.assert(
      fc.property(arbitraryConversation, (conversation) => {
        expect(productWindows(conversation)).toEqual(oracleWindows(conversation));
      }),
      runs,
    );
  });

  it('parts at the nearest distinct time when smaller caps begin between two cuts', () => {
    const roomy = { gapMs: 20, maxMessages: 500, maxDurationMs: 10 };
    const conversation: Conversation = {
      messages: [0, 1, 2, 9, 9, 10, 11].map((sentAtMs, index) => ({ identity: `m${index}`, sentAtMs })),
      ends: [],
      settings: [
        { ...roomy, effectiveFromMs: 0 },
        { ...roomy, effectiveFromMs: 5, maxMessages: 1 },
      ],
    };
    const starts = (windows: NaiveWindow[]): number[] => windows.map((window) => window.startedAtMs);
    expect(starts(oracleWindows(conversation))).toEqual([0, 9, 10, 11]);
    expect(starts(productWindows(conversation))).toEqual([0, 9, 10, 11]);
  });

  it('puts every message into exactly one window', () => {
    fc.assert(
      fc.property(arbitraryConversation, (conversation) => {
        const members = productWindows(conversation).flatMap((window) => window.identities);
        expect(members.toSorted()).toEqual(conversation.messages.map(({ identity }) => identity).toSorted());
      }),
      runs,
    );
  });

  it('never lets windows overlap or share an instant, so equal times stay together', () => {
    fc.assert(
      fc.property(arbitraryConversation, (conversation) => {
        const windows = productWindows(conversation);
        for (const [index, window] of windows.entries()) {
          expect(window.startedAtMs).toBeLessThanOrEqual(window.endedAtMs);
          const next = windows[index + 1];
          if (next !== undefined) expect(window.endedAtMs).toBeLessThan(next.startedAtMs);
        }
      }),
      runs,
    );
  });

  it('never moves an earlier cut when messages are appended', () => {
    fc.assert(
      fc.property(arbitraryConversation, fc.nat(), (conversation, choice) => {
        const sorted = conversation.messages.toSorted((a, b) => a.sentAtMs - b.sentAtMs);
        const before = { ...conversation, messages: sorted.slice(0, choice % (sorted.length + 1)) };
        const startsBefore = productWindows(before).map((window) => window.startedAtMs);
        const startsAfter = productWindows(conversation).map((window) => window.startedAtMs);
        expect(startsAfter.slice(0, startsBefore.length)).toEqual(startsBefore);
      }),
      runs,
    );
  });

  it('gives a window an ending only when appending cannot change its members', () => {
    fc.assert(
      fc.property(arbitraryConversation, fc.nat({ max: 30 }), (conversation, laterMs) => {
        const times = conversation.messages.map(({ sentAtMs }) => sentAtMs).toSorted((a, b) => a - b);
        const ends = conversation.ends.map(({ endedAtMs }) => endedAtMs).toSorted((a, b) => a - b);
        const timeline = new SettingsTimeline(conversation.settings);
        const ended = cut(times, ends, timeline).filter((window) => window.ending !== undefined);
        const lastMs = times.at(-1) ?? 0;
        // Strictly later than every message and marker: that alone is an append in event time.
        const appended = [...times, Math.max(lastMs, ends.at(-1) ?? lastMs) + 1 + laterMs];
        const ranges = (windows: readonly CutWindow[]): number[][] =>
          windows.map(({ from, to }) => [from, to]);
        expect(ranges(cut(appended, ends, timeline)).slice(0, ended.length)).toEqual(ranges(ended));
      }),
      runs,
    );
  });

  it.each([5, 10, 20])(
    'keeps messages one gap of %i ms apart together, and parts them a millisecond later',
    (gapMs) => {
      fc.assert(
        fc.property(fc.integer({ min: -1e12, max: 4e12 }), (startMs) => {
          const settings = [{ effectiveFromMs: 0, gapMs, maxMessages: 500, maxDurationMs: 1e6 }];
          const timeline = new SettingsTimeline(settings);
          expect(cut([startMs, startMs + gapMs], [], timeline)).toHaveLength(1);
          expect(cut([startMs, startMs + gapMs + 1], [], timeline)).toHaveLength(2);
        }),
      );
    },
  );
});

describe('the generated conversations', () => {
  it('meet every rule often: ties, exact gaps, both caps, end markers, windows grown over a cap', () => {
    const seen = { ties: 0, exactGaps: 0, full: 0, aged: 0, ends: 0, gaps: 0, grown: 0 };
    for (const conversation of fc.sample(arbitraryConversation.map(withOneSetting), {
      numRuns: 2_000,
      seed: 7,
    })) {
      const times = conversation.messages.map(({ sentAtMs }) => sentAtMs).toSorted((a, b) => a - b);
      const ends = conversation.ends.map(({ endedAtMs }) => endedAtMs).toSorted((a, b) => a - b);
      const timeline = new SettingsTimeline(conversation.settings);
      const { gapMs, maxMessages } = timeline.at(0);
      const windows = cut(times, ends, timeline);
      const silences = times.slice(1).map((time, index) => time - (times[index] ?? Number.NaN));
      seen.ties += Number(silences.includes(0));
      seen.exactGaps += Number(silences.includes(gapMs));
      seen.grown += Number(windows.some(({ from, to }) => to - from > maxMessages));
      const has = (ending: string): number => Number(windows.some((window) => window.ending === ending));
      seen.full += has('full');
      seen.aged += has('aged');
      seen.ends += has('end');
      seen.gaps += has('gap');
    }
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(100);
  });
});
