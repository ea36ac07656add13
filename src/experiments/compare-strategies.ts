import {
  clusteredMean,
  intervalOfDifference,
  intervalOfMean,
  intervalOfShare,
  intervalOfShareDifference,
  type Cluster,
  type Estimate,
  type Interval,
} from './intervals.ts';
import { measureNames, measures, type MeasureName } from './measures.ts';

/** What the windows of one strategy add up to, those of each person apart. */
export interface StrategyTally {
  readonly strategy: string;
  /** Windows that a model was asked about. */
  readonly windows: number;
  /** Others, whose newest results were made by rules. */
  readonly offlineWindows: number;
  readonly bots: readonly string[];
  /** Models that answered. */
  readonly models: readonly string[];
  /** A person each; `count` has the windows of which the measure is known. */
  readonly people: readonly Readonly<Record<MeasureName, Cluster>>[];
  /** Of the latency, ms; null: no call is known. */
  readonly latencyMs: { readonly p50: number; readonly p95: number } | null;
}

export interface Measured {
  readonly estimate: Estimate;
  /** Of 95 %. */
  readonly interval: Interval;
}

/** `none`: nothing was found that chance does not explain. */
export type Verdict = 'higher' | 'lower' | 'none' | 'too-few';

export interface Difference {
  readonly measure: MeasureName;
  /** Less the baseline's; undefined: one of the two has no such windows. */
  readonly difference: number | undefined;
  /** Undefined with `too-few`. */
  readonly interval: Interval | undefined;
  readonly verdict: Verdict;
}

export interface ComparedStrategy extends StrategyTally {
  /** Undefined: of no window is it known. */
  readonly measured: Readonly<Record<MeasureName, Measured | undefined>>;
  /** From the baseline; empty for the baseline itself. */
  readonly differences: readonly Difference[];
}

export interface Comparison {
  readonly baseline: string;
  readonly strategies: readonly ComparedStrategy[];
  /** How many differences were judged. */
  readonly comparisons: number;
  /** The level of each interval of a difference, so that all of them hold together with 95 %. */
  readonly differenceLevel: number;
}

/** Fewest people on either side for a difference to be judged. */
export const fewestPeople = 20;
const level = 0.95;

/**
 * Every measure of every strategy with its interval, and its difference from the baseline's.
 * Many differences are judged at once, so each interval is widened until all hold together
 * with 95 % (Bonferroni); a difference whose interval covers zero is none. `baseline` is one of
 * the tallies.
 */
export function compareStrategies(tallies: readonly StrategyTally[], baseline: string): Comparison {
  const estimates = new Map(tallies.map((tally) => [tally.strategy, estimatesOf(tally)]));
  const base = estimates.get(baseline);
  const pairs = tallies
    .filter(({ strategy }) => strategy !== baseline)
    .flatMap(({ strategy }) =>
      measureNames.map((measure) => [base?.[measure], estimates.get(strategy)?.[measure]]),
    );
  const comparisons = pairs.filter(([one, other]) => isEnough(one) && isEnough(other)).length;
  const differenceLevel = 1 - (1 - level) / Math.max(1, comparisons);
  const strategies = tallies.map((tally) => {
    const own = estimatesOf(tally);
    return {
      ...tally,
      measured: mapMeasures((measure) => measuredOf(measure, own[measure])),
      differences:
        tally.strategy === baseline
          ? []
          : measureNames.map((measure) =>
              differenceOf(measure, base?.[measure], own[measure], differenceLevel),
            ),
    };
  });
  return { baseline, strategies, comparisons, differenceLevel };
}

type Estimates = Readonly<Record<MeasureName, Estimate | undefined>>;

function estimatesOf({ people }: StrategyTally): Estimates {
  return mapMeasures((measure) => clusteredMean(people.map((person) => person[measure])));
}

function measuredOf(measure: MeasureName, estimate: Estimate | undefined): Measured | undefined {
  if (estimate === undefined) return undefined;
  const ofKind = measures[measure].unit === 'share' ? intervalOfShare : intervalOfMean;
  return { estimate, interval: ofKind(estimate, level) };
}

function differenceOf(
  measure: MeasureName,
  base: Estimate | undefined,
  other: Estimate | undefined,
  atLevel: number,
): Difference {
  const difference = base === undefined || other === undefined ? undefined : other.mean - base.mean;
  if (!isEnough(base) || !isEnough(other)) {
    return { measure, difference, interval: undefined, verdict: 'too-few' };
  }
  const ofKind = measures[measure].unit === 'share' ? intervalOfShareDifference : intervalOfDifference;
  const interval = ofKind(base, other, atLevel);
  return { measure, difference, interval, verdict: verdictOf(interval, base.mean) };
}

/** What is only the rounding of sums differs from nothing, though nothing varies. */
const roundingShare = 1e-9;

function verdictOf({ low, high }: Interval, base: number): Verdict {
  const least = Math.abs(base) * roundingShare;
  if (low > least) return 'higher';
  return high < -least ? 'lower' : 'none';
}

function isEnough(estimate: Estimate | undefined): estimate is Estimate {
  return estimate !== undefined && estimate.clusters >= fewestPeople;
}

function mapMeasures<Value>(map: (measure: MeasureName) => Value): Record<MeasureName, Value> {
  const entries = measureNames.map((measure) => [measure, map(measure)] as const);
  return Object.fromEntries(entries) as Record<MeasureName, Value>;
}
