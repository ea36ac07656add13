import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noUsage } from '../../src/model/results.ts';
import { addUsage, splitUsage, withCost } from '../../src/extract/usage.ts';
import { priceOf } from '../../src/model/model-prices.ts';

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
        parts.every((part) =>
          Object.values(part).every((value) => Number.isInteger(value) && Number(value) >= 0),
        ),
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

it('splits money so that the parts add up to the nano-dollar, whatever they are added to first', () => {
  const count = fc.nat(3_000_000);
  const usage = fc.record({
    input_tokens: count,
    cached_input_tokens: fc.constant(0),
    output_tokens: count,
    calls: fc.constant(1),
  });
  const price = priceOf('claude-opus-4');
  fc.assert(
    fc.property(usage, fc.array(fc.nat(5_000), { minLength: 1, maxLength: 6 }), (whole, weights) => {
      const withMoney = withCost(whole, price);
      const parts = splitUsage(withMoney, weights, price);
      expect(parts.reduce(addUsage, noUsage)).toEqual(withMoney);
      expect(parts.toReversed().reduce(addUsage, noUsage)).toEqual(withMoney);
    }),
  );
});

it('gives a stage the money that its own tokens are worth', () => {
  const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 5 };
  const whole = withCost({ input_tokens: 200, cached_input_tokens: 0, output_tokens: 100, calls: 1 }, price);
  expect(splitUsage(whole, [10, 90], price).map((part) => part.cost_usd)).toEqual([0.00015, 0.00055]);
});

it('does not know the money of a sum with one part unknown, and adds nothing to it for no call', () => {
  const unknown = withCost({ ...noUsage, calls: 1 }, undefined);
  expect(unknown.cost_usd).toBeNull();
  const known = withCost({ ...noUsage, output_tokens: 3, calls: 1 }, priceOf('claude-opus-4'));
  expect(addUsage(known, unknown).cost_usd).toBeNull();
  expect(addUsage(known, noUsage).cost_usd).toBe(known.cost_usd);
  // Kept before costs were known.
  expect(addUsage(known, { ...noUsage, calls: 1 }).cost_usd).toBeNull();
});
