import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SettingsTimeline } from '../../src/sessions/settings-timeline.ts';

const caps = { maxMessages: 500, maxDurationMs: 1_000 };
const timeline = new SettingsTimeline([
  { ...caps, effectiveFromMs: 100, gapMs: 5 },
  { ...caps, effectiveFromMs: 0, gapMs: 30 },
  { ...caps, effectiveFromMs: 200, gapMs: 10 },
]);

describe('settings over time', () => {
  it.each([
    ['before the first entry, by the first', -1_000, 30],
    ['at its start', 0, 30],
    ['a millisecond before a change', 99, 30],
    ['exactly at a change', 100, 5],
    ['after the last', 10_000, 10],
  ])('hold %s', (_when, atMs, gapMs) => {
    expect(timeline.at(atMs).gapMs).toBe(gapMs);
  });

  it('know the longest gap that was ever in force', () => {
    expect(timeline.longestGapMs).toBe(30);
  });

  it('need an entry', () => {
    expect(() => new SettingsTimeline([])).toThrow(RangeError);
  });
});

describe('how long a window may still be joined', () => {
  it.each([
    ['one gap, far from any change', 20, 50],
    ['until a shorter gap begins that it has outlasted already', 80, 99],
    ['by the shorter gap where that still reaches it', 97, 102],
    ['by the longer gap that begins meanwhile', 196, 206],
    ['not by a longer gap that begins after its end was certain', 189, 194],
  ])('%s', (_how, endedAtMs, untilMs) => {
    expect(timeline.joinableUntilMs(endedAtMs)).toBe(untilMs);
  });

  it('is the last instant whose message would belong, for any settings', () => {
    const entry = fc.record({
      effectiveFromMs: fc.integer({ min: 0, max: 60 }),
      gapMs: fc.integer({ min: 1, max: 40 }),
      maxMessages: fc.constant(500),
      maxDurationMs: fc.constant(1_000),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, {
          minLength: 1,
          maxLength: 4,
          selector: ({ effectiveFromMs }) => effectiveFromMs,
        }),
        fc.integer({ min: 0, max: 60 }),
        (entries, endedAtMs) => {
          const dated = new SettingsTimeline(entries);
          const instants = Array.from({ length: 120 }, (_, index) => endedAtMs + index);
          const joining = instants.filter((atMs) => atMs - endedAtMs <= dated.at(atMs).gapMs);
          expect(dated.joinableUntilMs(endedAtMs)).toBe(joining.at(-1));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
