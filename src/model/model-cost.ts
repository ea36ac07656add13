import type { ModelPrice, TokenPrices } from './model-prices.ts';

/**
 * Money is whole nano-dollars, so that sums agree whatever is added first. A price for a
 * million tokens in dollars is whole picodollars a token, down to a millionth of a dollar.
 */
type Picodollars = bigint;

export interface TokenCounts {
  /** All input, what was read from or written to the cache included. */
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_write_input_tokens?: number | undefined;
  readonly output_tokens: number;
}

/** Nano-dollars, rounded to the nearest; null: the model's price is not known. */
export function costNanoUsd(tokens: TokenCounts, price: ModelPrice | undefined): number | null {
  if (price === undefined) return null;
  const rates = ratesOf(pricesFor(tokens.input_tokens, price));
  const cached = tokens.cached_input_tokens;
  const written = tokens.cache_write_input_tokens ?? 0;
  const plain = Math.max(0, tokens.input_tokens - cached - written);
  const cost =
    BigInt(plain) * rates.input +
    BigInt(cached) * rates.cachedInput +
    BigInt(written) * rates.cacheWrite +
    BigInt(tokens.output_tokens) * rates.output;
  return Number((cost + 500n) / 1_000n);
}

/**
 * The most that a call can cost which has at most so many tokens, in nano-dollars, rounded up:
 * all input at the dearest of its prices. Null: the model's price is not known.
 */
export function mostNanoUsd(
  most: { readonly inputTokens: number; readonly outputTokens: number },
  price: ModelPrice | undefined,
): number | null {
  if (price === undefined) return null;
  const { longPrompt } = price;
  const possible: TokenPrices[] = [price];
  if (longPrompt !== undefined && most.inputTokens > longPrompt.overTokens) possible.push(longPrompt);
  const costs = possible.map(ratesOf).map(({ input, cachedInput, cacheWrite, output }) => {
    const dearest = [cachedInput, cacheWrite].reduce((a, b) => (a > b ? a : b), input);
    return BigInt(most.inputTokens) * dearest + BigInt(most.outputTokens) * output;
  });
  const cost = costs.reduce((a, b) => (a > b ? a : b), 0n);
  return Number((cost + 999n) / 1_000n);
}

/** Dollars, exact to the nano-dollar when written as a decimal. */
export function toUsd(nanoUsd: number): number {
  return nanoUsd / 1_000_000_000;
}

export function toNanoUsd(usd: number): number {
  return Math.round(usd * 1_000_000_000);
}

function pricesFor(inputTokens: number, price: ModelPrice): TokenPrices {
  const { longPrompt } = price;
  return longPrompt !== undefined && inputTokens > longPrompt.overTokens ? longPrompt : price;
}

function ratesOf(
  prices: TokenPrices,
): Readonly<Record<'input' | 'cachedInput' | 'cacheWrite' | 'output', Picodollars>> {
  const rate = (usdPerMillion: number): Picodollars => BigInt(Math.round(usdPerMillion * 1_000_000));
  const input = rate(prices.inputUsdPerMillion);
  return {
    input,
    cachedInput:
      prices.cachedInputUsdPerMillion === undefined ? input : rate(prices.cachedInputUsdPerMillion),
    cacheWrite: prices.cacheWriteUsdPerMillion === undefined ? input : rate(prices.cacheWriteUsdPerMillion),
    output: rate(prices.outputUsdPerMillion),
  };
}
