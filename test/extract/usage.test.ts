import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noUsage } from '../../src/model/results.ts';
import { addUsage, splitUsage } from '../../src/extract/usage.ts';

it('splits the cost of a shared call so that the parts add up to the whole', () => {
  const count = fc.nat(1_000_000);
  const usage = fc.record({
    input_tokens: count,
    cached_input_tokens: count,
    output_tokens: count,
    calls: fc.nat(3),
  });
  fc.assert(
    fc.property(usage, fc.array(fc.nat(5_000), { minLength: 1, maxLength: 6 }), (whole, weights) => {
      const parts = splitUsage(whole, weights);
      expect(parts.reduce(addUsage, noUsage)).toEqual(whole);
      expect(
        parts.every((part) => Object.values(part).every((value) => Number.isInteger(value) && value >= 0)),
      ).toBe(true);
    }),
  );
});

it('gives the longer answer the larger share of what came out', () => {
  const whole = { input_tokens: 90, cached_input_tokens: 30, output_tokens: 100, calls: 1 };
  expect(splitUsage(whole, [10, 90])).toEqual([
    { input_tokens: 45, cached_input_tokens: 15, output_tokens: 10, calls: 1 },
    { input_tokens: 45, cached_input_tokens: 15, output_tokens: 90, calls: 0 },
  ]);
});
