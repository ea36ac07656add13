import type { Benchmark } from './benchmark.ts';
import { consumeSpread, consumeTight } from './consume/consume-benchmark.ts';

/** In the order of the table. */
export const benchmarks: readonly Benchmark[] = [consumeTight, consumeSpread];
