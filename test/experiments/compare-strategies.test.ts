import { describe, expect, it } from 'vitest';
import {
  compareStrategies,
  fewestPeople,
  type Comparison,
  type Difference,
  type StrategyTally,
} from '../../src/experiments/compare-strategies.ts';
import type { Cluster } from '../../src/experiments/intervals.ts';
import { measureNames, type MeasureName } from '../../src/experiments/measures.ts';
import { randomOf } from './random.ts';

type Person = StrategyTally['people'][number];

/** One window of somebody; what is not told is not known. */
function person(values: Partial<Record<MeasureName, number>>): Person {
  const entries = measureNames.map((name): [string, Cluster] => {
    const value = values[name];
    return [name, { count: value === undefined ? 0 : 1, sum: value ?? 0 }];
  });
  return Object.fromEntries(entries) as Person;
}

function tally(strategy: string, people: readonly Person[]): StrategyTally {
  return {
    strategy,
    windows: people.length,
    offlineWindows: 0,
    bots: ['aria'],
    models: ['any'],
    people,
    latencyMs: null,
  };
}

const repeated = (
  times: number,
  valueOf: (index: number) => Partial<Record<MeasureName, number>>,
): Person[] => Array.from({ length: times }, (_, index) => person(valueOf(index)));

function differenceIn(comparison: Comparison, measure: MeasureName, strategy = 'other'): Difference {
  const compared = comparison.strategies.find((one) => one.strategy === strategy);
  const found = compared?.differences.find((one) => one.measure === measure);
  if (found === undefined) throw new Error(`${strategy} has no difference in ${measure}`);
  return found;
}

describe('a difference from the baseline', () => {
  it('is told by its direction where chance does not explain it', () => {
    const base = tally(
      'base',
      repeated(40, (index) => ({ cost_usd: 1 + (index % 5) / 10, calls: 1 })),
    );
    const other = tally(
      'other',
      repeated(40, (index) => ({ cost_usd: 2 + (index % 5) / 10, calls: 1 })),
    );
    const comparison = compareStrategies([base, other], 'base');
    expect(differenceIn(comparison, 'cost_usd')).toMatchObject({
      difference: expect.closeTo(1, 12) as number,
      verdict: 'higher',
    });
    expect(differenceIn(comparison, 'calls')).toEqual({
      measure: 'calls',
      difference: 0,
      interval: { low: 0, high: 0 },
      verdict: 'none',
    });
    expect(differenceIn(compareStrategies([base, other], 'other'), 'cost_usd', 'base').verdict).toBe('lower');
    expect(comparison.strategies[0]?.differences).toEqual([]);
  });

  it('is none where only the rounding of sums differs', () => {
    const base = tally(
      'base',
      repeated(30, () => ({ cost_usd: 0.1 })),
    );
    const other = tally(
      'other',
      repeated(41, () => ({ cost_usd: 0.1 })),
    );
    const difference = differenceIn(compareStrategies([base, other], 'base'), 'cost_usd');
    expect(difference.difference).not.toBe(0);
    expect(difference.verdict).toBe('none');
  });

  it('is not judged by too few people, however far apart', () => {
    const few = repeated(fewestPeople - 1, () => ({ cost_usd: 9 }));
    const comparison = compareStrategies(
      [
        tally(
          'base',
          repeated(100, () => ({ cost_usd: 1 })),
        ),
        tally('other', few),
      ],
      'base',
    );
    expect(differenceIn(comparison, 'cost_usd')).toEqual({
      measure: 'cost_usd',
      difference: 8,
      interval: undefined,
      verdict: 'too-few',
    });
    expect(differenceIn(comparison, 'grounding')).toMatchObject({
      difference: undefined,
      verdict: 'too-few',
    });
    expect(comparison.comparisons).toBe(0);
  });

  it('is judged the harder the more are judged with it', () => {
    const values = (shift: number) => (index: number) => ({
      cost_usd: shift + (index % 10) / 10,
      calls: index % 3,
      output_tokens: index % 7,
    });
    const base = tally('base', repeated(60, values(0)));
    const others = ['other', 'third', 'fourth'].map((name) => tally(name, repeated(60, values(0.11))));
    const one = compareStrategies([base, ...others.slice(0, 1)], 'base');
    const three = compareStrategies([base, ...others], 'base');
    expect([one.comparisons, three.comparisons]).toEqual([3, 9]);
    expect(three.differenceLevel).toBeCloseTo(1 - 0.05 / 9, 12);
    const widthOf = (comparison: Comparison): number => {
      const { interval } = differenceIn(comparison, 'cost_usd');
      return (interval?.high ?? 0) - (interval?.low ?? 0);
    };
    expect(widthOf(three)).toBeGreaterThan(widthOf(one));
  });

  it('is none nearly always where strategies do not differ, though many things are compared', () => {
    const random = randomOf(3);
    const anybody = (): Person =>
      person(
        Object.fromEntries(
          measureNames.map((name) => [name, name === 'failures' ? Number(random() < 0.1) : random()]),
        ),
      );
    const trials = 200;
    let wrong = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const sides = ['base', 'other'].map((name) => tally(name, Array.from({ length: 30 }, anybody)));
      const { strategies } = compareStrategies(sides, 'base');
      if (strategies.some(({ differences }) => differences.some(({ verdict }) => verdict !== 'none')))
        wrong += 1;
    }
    expect(wrong / trials).toBeLessThan(0.1);
  });
});
