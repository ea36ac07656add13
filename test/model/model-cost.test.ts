import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costNanoUsd, mostNanoUsd, toNanoUsd, toUsd } from '../../src/model/model-cost.ts';
import { builtInPrices, priceOf, type ModelPrice } from '../../src/model/model-prices.ts';

const million = 1_000_000;
const dollar = 1_000_000_000;

const price: ModelPrice = {
  inputUsdPerMillion: 1,
  cachedInputUsdPerMillion: 0.1,
  cacheWriteUsdPerMillion: 1.25,
  outputUsdPerMillion: 5,
};

describe('the cost of a call', () => {
  it('takes each kind of token at its own price, the cached and written ones within the input', () => {
    const tokens = {
      input_tokens: 10 * million,
      cached_input_tokens: 4 * million,
      cache_write_input_tokens: 2 * million,
      output_tokens: million,
    };
    expect(costNanoUsd(tokens, price)).toBe((4 * 1 + 4 * 0.1 + 2 * 1.25 + 5) * dollar);
  });

  it('takes input at one price where no other is told', () => {
    const plain: ModelPrice = { inputUsdPerMillion: 2, outputUsdPerMillion: 8 };
    const tokens = { input_tokens: million, cached_input_tokens: million / 2, output_tokens: 0 };
    expect(costNanoUsd({ ...tokens, cache_write_input_tokens: million / 4 }, plain)).toBe(2 * dollar);
  });

  it('is the price of a long prompt for every token once the input is longer', () => {
    const haiku = priceOf('claude-haiku-5-5');
    const tokens = { cached_input_tokens: 0, output_tokens: 1_000 };
    expect(costNanoUsd({ ...tokens, input_tokens: 100_000 }, haiku)).toBe(0.0105 * dollar);
    expect(costNanoUsd({ ...tokens, input_tokens: 100_001 }, haiku)).toBe(52_500_500);
  });

  it('is unknown without a price, and never 0', () => {
    const tokens = { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1 };
    expect(costNanoUsd(tokens, undefined)).toBeNull();
    expect(mostNanoUsd({ inputTokens: 1, outputTokens: 1 }, undefined)).toBeNull();
  });

  it('is never more than the most that it was said to be', () => {
    const tokens = fc.nat(3 * million);
    const models = fc.constantFrom(price, ...Object.values(builtInPrices));
    fc.assert(
      fc.property(models, tokens, tokens, tokens, tokens, (of, plain, cached, written, output) => {
        const input = plain + cached + written;
        const most = mostNanoUsd({ inputTokens: input, outputTokens: output }, of);
        const cost = costNanoUsd(
          {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_input_tokens: written,
            output_tokens: output,
          },
          of,
        );
        expect(cost).toBeLessThanOrEqual(most ?? 0);
      }),
    );
  });

  it('comes back to the nano-dollar from dollars written as JSON', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1_000), (nano, factor) => {
        const written = JSON.stringify(toUsd(nano * factor));
        expect(toNanoUsd(Number(written))).toBe(nano * factor);
      }),
    );
  });
});

describe('the price of a model', () => {
  it('is the one built in for its name, and for that with a date', () => {
    expect(priceOf('claude-haiku-4-5')).toMatchObject({ inputUsdPerMillion: 1 });
    expect(priceOf('claude-haiku-4-5-20251001')).toBe(priceOf('claude-haiku-4-5'));
  });

  it('is that of the longest name that fits', () => {
    expect(priceOf('claude-opus-4-20250514')).toMatchObject({ inputUsdPerMillion: 15 });
    expect(priceOf('claude-opus-4-5-20251101')).toMatchObject({ inputUsdPerMillion: 5 });
  });

  it('is not that of a name which only begins alike', () => {
    expect(priceOf('claude-opus-41')).toBeUndefined();
    expect(priceOf('constructor')).toBeUndefined();
  });

  it('is the configured one where there is any', () => {
    const own = { inputUsdPerMillion: 7, outputUsdPerMillion: 9 };
    expect(priceOf('claude-haiku-4-5-20251001', { 'claude-haiku': own })).toBe(own);
    expect(priceOf('gateway/haiku', { 'gateway/haiku': own })).toBe(own);
  });

  it('is known for the default model', () => {
    expect(priceOf('claude-haiku-5-5')).toBeDefined();
  });
});
