import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseStrategy, type Weighted } from '../../src/extract/choose-strategy.ts';

const users = Array.from({ length: 2_000 }, (_, index) => ({ botId: 'aria', userId: `user-${index}` }));
const chosenBy = (strategies: readonly Weighted[]): string[] =>
  users.map((user) => chooseStrategy(strategies, user).name);
const shareOf = (name: string, chosen: readonly string[]): number =>
  chosen.filter((one) => one === name).length / chosen.length;

const weighted = fc.uniqueArray(
  fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), weight: fc.integer({ min: 1, max: 9 }) }),
  {
    selector: ({ name }) => name,
    minLength: 2,
    maxLength: 5,
  },
);

/** Four standard deviations of a share of so many users, so that chance does not fail a test. */
const withinChance = (share: number): number => 4 * Math.sqrt((share * (1 - share)) / users.length);

describe('the strategy of a person', () => {
  it('is the same on every machine, for ever', () => {
    const three = ['control', 'terse', 'thorough'].map((name) => ({ name, weight: 1 }));
    const chosen = users.slice(0, 8).map((user) => chooseStrategy(three, user).name);
    // Worked out by another program. A change here deals every person anew.
    expect(chosen).toEqual([
      'control',
      'control',
      'terse',
      'terse',
      'thorough',
      'control',
      'terse',
      'control',
    ]);
  });

  it('does not depend on the order in which strategies are told', () => {
    fc.assert(
      fc.property(weighted, fc.string(), fc.string(), (strategies, botId, userId) => {
        const chosen = chooseStrategy(strategies, { botId, userId });
        expect(chooseStrategy([...strategies].reverse(), { botId, userId })).toBe(chosen);
      }),
    );
  });

  it('follows the weights', () => {
    fc.assert(
      fc.property(weighted, (strategies) => {
        const chosen = chosenBy(strategies);
        const whole = strategies.reduce((sum, { weight }) => sum + weight, 0);
        for (const { name, weight } of strategies) {
          const share = weight / whole;
          expect(Math.abs(shareOf(name, chosen) - share)).toBeLessThan(withinChance(share));
        }
      }),
      { numRuns: 8, seed: 7 },
    );
  });

  it('changes only towards a strategy that is new', () => {
    fc.assert(
      fc.property(weighted, fc.integer({ min: 1, max: 9 }), (strategies, weight) => {
        const before = chosenBy(strategies);
        const after = chosenBy([...strategies, { name: 'brand-new', weight }]);
        const moved = after.filter((name, index) => name !== before[index]);
        expect(new Set(moved).size).toBeLessThanOrEqual(1);
        expect(moved.every((name) => name === 'brand-new')).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  it('changes only to or from the strategy whose weight was changed', () => {
    fc.assert(
      fc.property(weighted, fc.integer({ min: 1, max: 20 }), (strategies, weight) => {
        const [changed, ...others] = strategies;
        if (changed === undefined) return;
        const before = chosenBy(strategies);
        const after = chosenBy([{ ...changed, weight }, ...others]);
        const grows = weight > changed.weight;
        after.forEach((name, index) => {
          if (name !== before[index]) expect(grows ? name : before[index]).toBe(changed.name);
        });
      }),
      { numRuns: 8 },
    );
  });

  it('is drawn anew for each bot', () => {
    const two = [
      { name: 'one', weight: 1 },
      { name: 'two', weight: 1 },
    ];
    const ofOther = users.map(({ userId }) => chooseStrategy(two, { botId: 'zed', userId }).name);
    const same = chosenBy(two).filter((name, index) => name === ofOther[index]).length / users.length;
    expect(Math.abs(same - 0.5)).toBeLessThan(withinChance(0.5));
  });

  it('is never one without a weight', () => {
    const chosen = chosenBy([
      { name: 'paused', weight: 0 },
      { name: 'held', weight: 0.001 },
    ]);
    expect(new Set(chosen)).toEqual(new Set(['held']));
    expect(() => chooseStrategy([{ name: 'paused', weight: 0 }], { botId: 'a', userId: 'b' })).toThrow(
      'no-strategy',
    );
  });
});
