import { isAfterwordError } from '../errors.ts';
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
    output_tokens: count('output_tokens'),
    calls: count('calls'),
  };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    cached_input_tokens: a.cached_input_tokens + b.cached_input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    calls: a.calls + b.calls,
  };
}

/**
 * The cost of a shared call, told apart by stage: what went in evenly, what came out
 * by weight (the length of each stage's part). The parts add up to the whole to the
 * token, so that sums over stages are sums over calls; hence the call itself is
 * counted for the first.
 */
export function splitUsage(usage: Usage, outputWeights: readonly number[]): Usage[] {
  const even = outputWeights.map(() => 1);
  const input = apportion(usage.input_tokens, even);
  const cached = apportion(usage.cached_input_tokens, even);
  const output = apportion(usage.output_tokens, outputWeights);
  return outputWeights.map((_, index) => ({
    input_tokens: input[index] ?? 0,
    cached_input_tokens: cached[index] ?? 0,
    output_tokens: output[index] ?? 0,
    calls: index === 0 ? usage.calls : 0,
  }));
}

function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map((_, index) => (index === 0 ? total : 0));
  let weightSoFar = 0;
  return weights.map((weight) => {
    const before = Math.round((total * weightSoFar) / sum);
    weightSoFar += weight;
    return Math.round((total * weightSoFar) / sum) - before;
  });
}
