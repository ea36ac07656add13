import type { BenchLine } from './line/bench-line.ts';

/** One number of the table. */
export interface Measurement {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What DESIGN.md asks for; a reference measured beside it has none. */
  readonly goal?: Goal;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export interface BenchmarkResult {
  readonly measurements: readonly Measurement[];
  /** How it was measured: sizes, settings, counts. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** What a reader of the numbers has to know, such as a reference that was left out. */
  readonly notes?: readonly string[];
}

export interface BenchmarkOptions {
  /** How many messages, or what the benchmark counts instead; undefined: its own number. */
  readonly messages: number | undefined;
  /** Small enough for the whole table to take about a minute; its numbers say little. */
  readonly quick: boolean;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(line: BenchLine, options: BenchmarkOptions): Promise<BenchmarkResult>;
}

/** The number asked for, else the small one with --quick, else the benchmark's own. */
export function sizeOf(options: BenchmarkOptions, full: number, quick: number): number {
  return options.messages ?? (options.quick ? quick : full);
}
