import { describe, expect, it } from 'vitest';
import { naiveWindows, type NaiveSettings } from './naive-windows.ts';

const roomy: NaiveSettings = { gapMs: 10, maxMessages: 100, maxDurationMs: 1_000 };

/** The windows as lists of times; identities are checked by count. */
function cutTimes(
  times: number[],
  settings: NaiveSettings | ((atMs: number) => NaiveSettings) = roomy,
  ends: number[] = [],
): number[][] {
  const messages = times.map((sentAtMs, index) => ({ identity: String(index), sentAtMs }));
  const endedAt = ends.map((endedAtMs) => ({ endedAtMs }));
  return naiveWindows(messages, endedAt, settings).map((window) =>
    window.identities.map((identity) => times[Number(identity)] ?? Number.NaN).toSorted((a, b) => a - b),
  );
}

describe('the oracle of session windows, by hand', () => {
  it('keeps two messages together that lie exactly one gap apart', () => {
    expect(cutTimes([0, 10, 21])).toEqual([[0, 10], [21]]);
  });

  it('does not depend on the order in which messages arrive', () => {
    expect(cutTimes([21, 0, 10])).toEqual([[0, 10], [21]]);
  });

  it('ends a window after every message at or before the end marker', () => {
    expect(cutTimes([0, 5, 5, 6], roomy, [5])).toEqual([[0, 5, 5], [6]]);
    expect(cutTimes([0, 5], roomy, [-1, 7])).toEqual([[0, 5]]);
  });

  it('cuts at the longest silence in the second half of the allowed part', () => {
    expect(cutTimes([0, 9, 10, 13, 14, 15], { ...roomy, maxMessages: 5 })).toEqual([
      [0, 9, 10],
      [13, 14, 15],
    ]);
  });

  it('counts the silence before the message that exceeds the cap', () => {
    expect(cutTimes([0, 1, 2, 3, 9], { ...roomy, maxMessages: 4 })).toEqual([[0, 1, 2, 3], [9]]);
  });

  it('takes the latest of equally long silences', () => {
    expect(cutTimes([0, 1, 2, 3, 4], { ...roomy, maxMessages: 4 })).toEqual([[0, 1, 2, 3], [4]]);
  });

  it('allows exactly the longest duration and not a millisecond more', () => {
    expect(cutTimes([0, 8, 15, 20], { ...roomy, maxDurationMs: 20 })).toEqual([[0, 8, 15, 20]]);
    expect(cutTimes([0, 8, 15, 21], { ...roomy, maxDurationMs: 20 })).toEqual([
      [0, 8],
      [15, 21],
    ]);
  });

  it('grows past a cap sooner than it parts equal times', () => {
    expect(cutTimes([0, 5, 5, 5, 5, 6, 7], { ...roomy, maxMessages: 4 })).toEqual([
      [0, 5, 5, 5, 5],
      [6, 7],
    ]);
    expect(cutTimes([5, 5, 5], { ...roomy, maxMessages: 1 })).toEqual([[5, 5, 5]]);
  });

  it('judges a silence by the settings at its later message, and caps by the first message', () => {
    const settingsAt = (atMs: number): NaiveSettings =>
      atMs < 100 ? { ...roomy, maxMessages: 2 } : { ...roomy, gapMs: 3 };
    expect(cutTimes([95, 99, 101, 105], settingsAt)).toEqual([[95], [99, 101], [105]]);
  });
});
