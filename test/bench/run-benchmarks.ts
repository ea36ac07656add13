import type { Benchmark, BenchmarkOptions, BenchmarkResult } from './benchmark.ts';
import type { BenchLine } from './line/bench-line.ts';
import { isReached } from './report/render-table.ts';

export interface BenchmarkOutcome {
  readonly name: string;
  readonly about: string;
  readonly startedAt: string;
  readonly tookSeconds: number;
  /** Null: it failed, and `failure` says how. */
  readonly result: BenchmarkResult | null;
  readonly failure?: string;
}

/** One after the other: two at once would measure each other. One that fails does not take the others with it. */
export async function runBenchmarks(
  chosen: readonly Benchmark[],
  line: BenchLine,
  options: BenchmarkOptions,
): Promise<readonly BenchmarkOutcome[]> {
  const outcomes: BenchmarkOutcome[] = [];
  for (const benchmark of chosen) {
    line.note(`${benchmark.name}: ${benchmark.about}`);
    const outcome = await runOne(benchmark, line, options);
    if (outcome.failure !== undefined) line.note(`${benchmark.name} failed: ${outcome.failure}`);
    for (const measured of outcome.result?.measurements ?? []) {
      const verdict = isReached(measured) === false ? ' (goal not reached)' : '';
      line.note(`  ${measured.what}: ${measured.value.toFixed(2)} ${measured.unit}${verdict}`);
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

async function runOne(
  benchmark: Benchmark,
  line: BenchLine,
  options: BenchmarkOptions,
): Promise<BenchmarkOutcome> {
  const startedMs = Date.now();
  const finish = (outcome: Pick<BenchmarkOutcome, 'result' | 'failure'>): BenchmarkOutcome => ({
    name: benchmark.name,
    about: benchmark.about,
    startedAt: new Date(startedMs).toISOString(),
    tookSeconds: Math.round((Date.now() - startedMs) / 100) / 10,
    ...outcome,
  });
  try {
    return finish({ result: await benchmark.run(line, options) });
  } catch (error) {
    return finish({ result: null, failure: error instanceof Error ? error.message : String(error) });
  }
}
