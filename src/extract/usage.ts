import { isAfterwordError } from '../errors.ts';
import { costNanoUsd, toNanoUsd, toUsd } from '../model/model-cost.ts';
import type { ModelPrice } from '../model/model-prices.ts';
import { noUsage, type Usage } from '../model/results.ts';

/** What a failed call cost all the same (a cut-off or refused answer): adapters put it into the error's details. */
export function usageOfError(error: unknown): Usage {
  if (!isAfterwordError(error)) return noUsage;
  const count = (name: keyof Usage): number => {
    const value = error.details[name];
    return typeof value === 'number' ? value : 0;
  };
  return {
    input_tokens: count('input_tokens'),
    cached_input_tokens: count('cached_input_tokens'),
    ...cacheWrites(count('cache_write_input_tokens')),
    output_tokens: count('output_tokens'),
    calls: count('calls'),
  };
}

/** The same with what it costs; of a model without a price nobody knows. */
export function withCost(usage: Usage, price: ModelPrice | undefined): Usage {
  if (usage.calls === 0) return usage;
  const cost = costNanoUsd(usage, price);
  return { ...usage, cost_usd: cost === null ? null : toUsd(cost) };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    cached_input_tokens: a.cached_input_tokens + b.cached_input_tokens,
    ...cacheWrites((a.cache_write_input_tokens ?? 0) + (b.cache_write_input_tokens ?? 0)),
    output_tokens: a.output_tokens + b.output_tokens,
    calls: a.calls + b.calls,
    ...addedCost(a, b),
  };
}

function cacheWrites(tokens: number): Pick<Usage, 'cache_write_input_tokens'> {
  return tokens === 0 ? {} : { cache_write_input_tokens: tokens };
}

/** In nano-dollars, so that the sum is exact; with one cost unknown, so is the sum. */
function addedCost(a: Usage, b: Usage): Pick<Usage, 'cost_usd'> {
  if (a.cost_usd === undefined && b.cost_usd === undefined) return {};
  const [first, second] = [a, b].map(knownCost);
  if (typeof first !== 'number' || typeof second !== 'number') return { cost_usd: null };
  return { cost_usd: toUsd(toNanoUsd(first) + toNanoUsd(second)) };
}

/** Of what was kept before costs were known, calls without one. */
function knownCost({ calls, cost_usd: cost }: Usage): number | null {
  if (cost !== undefined) return cost;
  return calls === 0 ? 0 : null;
}

/**
 * The cost of a shared call, told apart by stage: what went in evenly, what came out
 * by weight (the length of each stage's part), money by what these tokens are worth. The
 * parts add up to the whole, to the token and the nano-dollar, so that sums over stages are
 * sums over calls; hence the call itself is counted for the first.
 */
export function splitUsage(usage: Usage, outputWeights: readonly number[], price?: ModelPrice): Usage[] {
  const even = outputWeights.map(() => 1);
  const input = apportion(usage.input_tokens, even);
  const cached = apportion(usage.cached_input_tokens, even);
  const written = apportion(usage.cache_write_input_tokens ?? 0, even);
  const output = apportion(usage.output_tokens, outputWeights);
  const shares: Usage[] = outputWeights.map((_, index) => ({
    input_tokens: input[index] ?? 0,
    cached_input_tokens: cached[index] ?? 0,
    ...cacheWrites(written[index] ?? 0),
    output_tokens: output[index] ?? 0,
    calls: index === 0 ? usage.calls : 0,
  }));
  return splitCost(usage.cost_usd, shares, price);
}

function splitCost(cost: Usage['cost_usd'], shares: Usage[], price: ModelPrice | undefined): Usage[] {
  if (cost === undefined) return shares;
  if (cost === null) return shares.map((share) => ({ ...share, cost_usd: null }));
  const worths = shares.map((share) => costNanoUsd(share, price) ?? 1);
  const parts = apportion(toNanoUsd(cost), worths);
  return shares.map((share, index) => ({ ...share, cost_usd: toUsd(parts[index] ?? 0) }));
}

/** In big integers: nano-dollars times nano-dollars are more than a double holds. */
function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0));
  const upTo = (weight: bigint): bigint => (2n * BigInt(total) * weight + sum) / (2n * sum);
  let weightSoFar = 0n;
  return weights.map((weight) => {
    const before = upTo(weightSoFar);
    weightSoFar += BigInt(weight);
    return Number(upTo(weightSoFar) - before);
  });
}
