import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';

it('reads every unit', () => {
  expect(['7ms', '10s', '30m', '12h', '90d', '0s'].map(parseDuration)).toEqual([
    7, 10_000, 1_800_000, 43_200_000, 7_776_000_000, 0,
  ]);
});

it('refuses what has no unit, a sign, a fraction or a space', () => {
  for (const text of ['', '30', 'm', '-1s', '+1s', '1.5h', '1 h', '1H', '1h30m', '1e3s', '１s']) {
    expect(parseDuration(text)).toBeUndefined();
  }
});

it('writes every whole number of milliseconds so that it reads back the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
    }),
  );
});
