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
