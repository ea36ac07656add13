import { normalQuantile } from './normal-quantile.ts';
import { studentTQuantile } from './student-t.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What one person's windows add up to. */
export interface Cluster {
  readonly count: number;
  readonly sum: number;
}

/** A mean over windows, with how sure it is. */
export interface Estimate {
  readonly mean: number;
  /** Of the mean; Infinity with fewer than two people. */
  readonly variance: number;
  /** Windows. */
  readonly count: number;
  /** People. */
  readonly clusters: number;
}

/**
 * The mean over windows, whose variance is taken between people: strategies are dealt to
 * people, and one person's windows are alike, so that counting each as if it stood alone would
 * make intervals too narrow (ratio estimator for clusters, Cochran, Sampling Techniques, 6 and 9A).
 * With one window a person it is the ordinary mean with the ordinary variance. Undefined: no windows.
 */
export function clusteredMean(clusters: readonly Cluster[]): Estimate | undefined {
  const held = clusters.filter(({ count }) => count > 0);
  const count = held.reduce((all, cluster) => all + cluster.count, 0);
  if (count === 0) return undefined;
  const mean = held.reduce((all, { sum }) => all + sum, 0) / count;
  const squares = held.reduce((all, cluster) => all + (cluster.sum - mean * cluster.count) ** 2, 0);
  const n = held.length;
  const variance = n < 2 ? Infinity : (n / (n - 1)) * (squares / count ** 2);
  return { mean, variance, count, clusters: n };
}

/** By Student's t with one degree of freedom less than there are people. */
export function intervalOfMean({ mean, variance, clusters }: Estimate, level: number): Interval {
  if (clusters < 2) return { low: -Infinity, high: Infinity };
  const half = studentTQuantile((1 + level) / 2, clusters - 1) * Math.sqrt(variance);
  return { low: mean - half, high: mean + half };
}

/** Of `other` less `base`, by Welch's t: neither variances nor numbers need be alike. */
export function intervalOfDifference(base: Estimate, other: Estimate, level: number): Interval {
  const difference = other.mean - base.mean;
  const variance = base.variance + other.variance;
  if (!Number.isFinite(variance)) return { low: -Infinity, high: Infinity };
  if (variance === 0) return { low: difference, high: difference };
  const parts = [base, other].map((one) => one.variance ** 2 / (one.clusters - 1));
  const degreesOfFreedom = variance ** 2 / parts.reduce((sum, part) => sum + part, 0);
  const half = studentTQuantile((1 + level) / 2, degreesOfFreedom) * Math.sqrt(variance);
  return { low: difference - half, high: difference + half };
}

/** Wilson's score interval of `successes` among `trials`, which need not be whole. */
export function wilsonInterval(successes: number, trials: number, level: number): Interval {
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const share = successes / trials;
  const middle = share + z2 / (2 * trials);
  const half = Math.sqrt(z2 * ((share * (1 - share)) / trials + z2 / (4 * trials ** 2)));
  const scale = 1 + z2 / trials;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

/** Wilson's interval of a share over windows, as wide as for so many that stood alone. */
export function intervalOfShare(share: Estimate, level: number): Interval {
  const trials = share.count / designEffect(share);
  return wilsonInterval(share.mean * trials, trials, level);
}

/**
 * Of `other` less `base`, of two shares: Newcombe's hybrid score interval (1998, method 10), which
 * holds for small numbers and for shares near 0 and 1, as failures are.
 */
export function intervalOfShareDifference(base: Estimate, other: Estimate, level: number): Interval {
  const ofBase = intervalOfShare(base, level);
  const ofOther = intervalOfShare(other, level);
  const difference = other.mean - base.mean;
  return {
    low: difference - Math.hypot(other.mean - ofOther.low, ofBase.high - base.mean),
    high: difference + Math.hypot(ofOther.high - other.mean, base.mean - ofBase.low),
  };
}

/** How many windows of the same people are worth one that stands alone. */
function designEffect({ mean, variance, count }: Estimate): number {
  const alone = (mean * (1 - mean)) / (count - 1);
  return alone > 0 && Number.isFinite(variance) ? Math.max(1, variance / alone) : 1;
}
