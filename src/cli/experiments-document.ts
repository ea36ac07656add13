import type {
  ComparedStrategy,
  Comparison,
  Difference,
  Measured,
} from '../experiments/compare-strategies.ts';
import { measureNames } from '../experiments/measures.ts';

/** One strategy of `experiments --json`. What is not known, or without bounds, is null. */
export function experimentDocument(
  { baseline, comparisons, differenceLevel }: Comparison,
  compared: ComparedStrategy,
): Readonly<Record<string, unknown>> {
  const { strategy, measured, differences, latencyMs } = compared;
  return {
    strategy,
    baseline,
    windows: compared.windows,
    users: compared.people.filter(({ failures }) => failures.count > 0).length,
    offline_windows: compared.offlineWindows,
    bots: compared.bots,
    models: compared.models,
    measures: Object.fromEntries(measureNames.map((name) => [name, measuredDocument(measured[name])])),
    latency_p50_ms: latencyMs?.p50 ?? null,
    latency_p95_ms: latencyMs?.p95 ?? null,
    differences: Object.fromEntries(differences.map((one) => [one.measure, differenceDocument(one)])),
    difference_level: differenceLevel,
    comparisons,
  };
}

function measuredDocument(measured: Measured | undefined): object | null {
  if (measured === undefined) return null;
  const { estimate, interval } = measured;
  return {
    mean: estimate.mean,
    low: finite(interval.low),
    high: finite(interval.high),
    windows: estimate.count,
    users: estimate.clusters,
  };
}

function differenceDocument({ difference, interval, verdict }: Difference): object {
  return {
    difference: difference ?? null,
    low: finite(interval?.low),
    high: finite(interval?.high),
    verdict,
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
