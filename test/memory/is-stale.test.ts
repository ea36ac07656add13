import { describe, expect, it } from 'vitest';
import { isStale } from '../../src/memory/is-stale.ts';
import { relationLifetimes } from '../../src/memory/relation-rules.ts';
import { foldFactGroups } from '../../src/memory/fold-facts.ts';
import type { FoldedFact } from '../../src/model/memory.ts';
import { at, dayMs, fact, type FactWords } from './observations.ts';

const folded = (words: FactWords): FoldedFact => foldFactGroups([fact(words)])[0] as FoldedFact;
const saidAtMs = at('2026-01-01');

describe('isStale', () => {
  it.each([
    ['feels', 7],
    ['plans_to', 60],
    ['works_as', 365],
  ] as const)('takes %s for stale after %i days, and not on that day', (relation, days) => {
    const one = folded({ relation, entity_name: 'x' });
    expect(relationLifetimes[relation]).toBe(days * dayMs);
    expect(isStale(one, saidAtMs + days * dayMs)).toBe(false);
    expect(isStale(one, saidAtMs + days * dayMs + 1)).toBe(true);
  });

  it('never ages a name or a taste', () => {
    for (const relation of ['is_named', 'likes'] as const) {
      expect(isStale(folded({ relation, entity_name: 'x' }), saidAtMs + 100 * 365 * dayMs)).toBe(false);
    }
  });

  it('follows the configuration where it says otherwise', () => {
    const likes = folded({ relation: 'likes', entity_name: 'x' });
    expect(isStale(likes, saidAtMs + 2 * dayMs, { likes: dayMs })).toBe(true);
    const feels = folded({ relation: 'feels', entity_name: 'x' });
    expect(isStale(feels, saidAtMs + 100 * dayMs, { feels: null })).toBe(false);
  });

  it('takes a fact for stale once its announced end has passed', () => {
    const berlin = folded({ relation: 'from', entity_name: 'x', valid_to: '2026-03-01T00:00:00Z' });
    expect(isStale(berlin, at('2026-02-01'))).toBe(false);
    expect(isStale(berlin, at('2026-03-01'))).toBe(true);
  });

  it('counts from the beginning of what is still to come', () => {
    const plan = folded({ relation: 'plans_to', entity_name: 'x', valid_from: '2026-12-01T00:00:00Z' });
    expect(isStale(plan, at('2026-11-01'))).toBe(false);
  });

  it('leaves history alone', () => {
    const was = folded({ relation: 'feels', entity_name: 'x', valid_to: '2025-01-01T00:00:00Z' });
    expect(isStale(was, at('2030-01-01'))).toBe(false);
  });
});
