import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clusteredMean,
  intervalOfDifference,
  intervalOfMean,
  intervalOfShare,
  intervalOfShareDifference,
  wilsonInterval,
  type Cluster,
  type Estimate,
} from '../../src/experiments/intervals.ts';
import { normalQuantile } from '../../src/experiments/normal-quantile.ts';
import { studentTQuantile } from '../../src/experiments/student-t.ts';
import { randomOf } from './random.ts';

/** So many windows of a person each. */
const alone = (values: readonly number[]): Cluster[] => values.map((value) => ({ count: 1, sum: value }));

function estimate(clusters: readonly Cluster[]): Estimate {
  const found = clusteredMean(clusters);
  if (found === undefined) throw new Error('no windows');
  return found;
}

/** Successes, then failures, a person each. */
const shareOf = (successes: number, trials: number): Estimate =>
  estimate(alone(Array.from({ length: trials }, (_, index) => (index < successes ? 1 : 0))));

describe('quantiles', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959964],
    [0.995, 2.575829],
    [0.9995, 3.290527],
    [0.01, -2.326348],
  ])('of the normal distribution are those of its tables (%d)', (probability, value) => {
    expect(normalQuantile(probability)).toBeCloseTo(value, 6);
  });

  it.each([
    [1, 0.975, 12.706],
    [2, 0.975, 4.303],
    [5, 0.95, 2.015],
    [10, 0.975, 2.228],
    [10, 0.9995, 4.587],
    [30, 0.995, 2.75],
    [120, 0.975, 1.98],
    [10, 0.025, -2.228],
    [1_000_000, 0.975, 1.96],
  ])('of Student’s t are those of its tables (%d degrees of freedom, %d)', (freedom, probability, value) => {
    expect(studentTQuantile(probability, freedom)).toBeCloseTo(value, 3);
  });
});

describe('the interval of a share', () => {
  // Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('is Wilson’s (%d of %d)', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials, 0.95);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
    expect(intervalOfShare(shareOf(successes, trials), 0.95)).toEqual({
      low: expect.closeTo(low, 4) as number,
      high: expect.closeTo(high, 4) as number,
    });
  });

  it('is wider where the windows are of few people', () => {
    const apart = shareOf(20, 100);
    const together = estimate(
      Array.from({ length: 10 }, (_, index) => ({ count: 10, sum: index < 2 ? 10 : 0 })),
    );
    expect(together.mean).toBe(apart.mean);
    const [wide, narrow] = [together, apart].map((share) => intervalOfShare(share, 0.95));
    expect((wide?.high ?? 0) - (wide?.low ?? 0)).toBeGreaterThan(
      2 * ((narrow?.high ?? 0) - (narrow?.low ?? 0)),
    );
  });
});

describe('the interval of a difference of shares', () => {
  // Newcombe, Statistics in Medicine 17 (1998) 873, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
    [5, 56, 0, 29, -0.0381, 0.1926],
  ])('is Newcombe’s (%d of %d, %d of %d)', (successes, trials, base, baseTrials, low, high) => {
    const interval = intervalOfShareDifference(shareOf(base, baseTrials), shareOf(successes, trials), 0.95);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe('the interval of a mean', () => {
  // Student's own data (1908): additional hours of sleep by two drugs.
  const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
  const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

  it('is Student’s where everybody has one window', () => {
    const { low, high } = intervalOfMean(estimate(alone(first)), 0.95);
    expect(low).toBeCloseTo(-0.53, 2);
    expect(high).toBeCloseTo(2.03, 2);
  });

  it('is Welch’s for a difference', () => {
    const { low, high } = intervalOfDifference(estimate(alone(first)), estimate(alone(second)), 0.95);
    expect(low).toBeCloseTo(-0.2055, 4);
    expect(high).toBeCloseTo(3.3655, 4);
  });

  it('holds the mean of all windows, and is the wider the more alike a person’s windows are', () => {
    const repeated = first.map((value) => ({ count: 5, sum: 5 * value }));
    expect(estimate(repeated).mean).toBeCloseTo(estimate(alone(first)).mean, 12);
    // Five times the same says no more than once.
    expect(estimate(repeated).variance).toBeCloseTo(estimate(alone(first)).variance, 12);
  });

  it('holds nothing back with one person, and is a point where nothing varies', () => {
    expect(intervalOfMean(estimate([{ count: 9, sum: 3 }]), 0.95)).toEqual({
      low: -Infinity,
      high: Infinity,
    });
    const constant = estimate(alone([4, 4, 4]));
    expect(intervalOfDifference(constant, constant, 0.95)).toEqual({ low: 0, high: 0 });
    expect(clusteredMean([{ count: 0, sum: 0 }])).toBeUndefined();
  });

  it('covers the truth about as often as it says, also for several windows a person', () => {
    const random = randomOf(11);
    const level = 0.9;
    let covered = 0;
    const trials = 600;
    for (let trial = 0; trial < trials; trial += 1) {
      const people = Array.from({ length: 25 }, () => personOf(random));
      const { low, high } = intervalOfMean(estimate(people), level);
      if (low <= 1 && 1 <= high) covered += 1;
    }
    expect(covered / trials).toBeGreaterThan(0.86);
    expect(covered / trials).toBeLessThan(0.94);
  });

  it('is never without the mean', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, (sums) => {
        const one = estimate(sums.map((sum, index) => ({ count: 1 + (index % 3), sum })));
        const { low, high } = intervalOfMean(one, 0.95);
        expect(low).toBeLessThanOrEqual(one.mean);
        expect(high).toBeGreaterThanOrEqual(one.mean);
      }),
    );
  });
});

/** One to four windows around the person's own level, which lies around 1. */
function personOf(random: () => number): Cluster {
  const level = 0.5 + random();
  const count = 1 + Math.floor(random() * 4);
  const sum = Array.from({ length: count }, () => level + random() - 0.5).reduce((all, one) => all + one, 0);
  return { count, sum };
}
