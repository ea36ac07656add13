import { describe, expect, it } from 'vitest';
import { matchFacts, matchPreferences } from '../../src/evaluate/match-labels.ts';
import type { ExpectedFact } from '../../src/evaluate/labelled-conversation.ts';
import type { FactResult } from '../../src/model/results.ts';
import { factLabel, foundFact, foundPreference, preferenceLabel } from './labels.ts';

function isHit(label: Partial<ExpectedFact>, fact: Partial<FactResult>): boolean {
  return matchFacts([factLabel(label)], [foundFact(fact)]).hits.length === 1;
}

describe('a found fact meets its label', () => {
  it.each<[promise: string, label: Partial<ExpectedFact>, fact: Partial<FactResult>]>([
    ['as it is', {}, {}],
    ['by a relation of the same family', { relations: ['likes'] }, { relation: 'loves' }],
    ['by any of the relations allowed', { relations: ['wants', 'plans_to'] }, { relation: 'plans_to' }],
    ['by any of the messages', { evidence: ['m3', 'm1'] }, {}],
    ['with the modality allowed', { modalities: ['hypothetical'] }, { modality: 'hypothetical' }],
    [
      'by its predicate too',
      { relations: ['other'], entity: ['afraid of dogs'] },
      { relation: 'other', predicate: 'is afraid of', entity_name: 'dogs' },
    ],
  ])('%s', (_promise, label, fact) => {
    expect(isHit(label, fact)).toBe(true);
  });

  it.each<[promise: string, label: Partial<ExpectedFact>, fact: Partial<FactResult>]>([
    ['of another relation', {}, { relation: 'plays' }],
    ['of another name', {}, { entity_name: 'tennis' }],
    ['of the other polarity', {}, { polarity: 'negative' }],
    ['that is only supposed', {}, { modality: 'hypothetical' }],
    ['from another message', {}, { evidence: [{ message_id: 'm2', quote: 'I like badminton' }] }],
  ])('and not one %s', (_promise, label, fact) => {
    expect(isHit(label, fact)).toBe(false);
  });
});

describe('matching facts', () => {
  it('counts what says the same twice as found once', () => {
    const { hits, misses, extras } = matchFacts(
      [factLabel()],
      [foundFact(), foundFact({ relation: 'loves' })],
    );
    expect([hits.length, misses.length, extras.length]).toEqual([1, 0, 1]);
  });

  it('misses no optional label, and gives what fits two to the one that is wanted', () => {
    const optional = factLabel({ optional: true });
    const wanted = factLabel({ entity: ['badminton', 'sport'] });
    const { hits, misses } = matchFacts([optional, wanted], [foundFact()]);
    expect(hits.map(({ label }) => label)).toEqual([wanted]);
    expect(misses).toEqual([]);
    expect(matchFacts([optional], []).misses).toEqual([]);
    expect(matchFacts([wanted], []).misses).toEqual([wanted]);
  });

  it('does not blame what is flagged as not meant', () => {
    const joke = foundFact({ entity_name: 'yacht', modality: 'joking' });
    expect(matchFacts([], [joke]).extras).toEqual([]);
    expect(matchFacts([], [{ ...joke, modality: 'implied' }]).extras).toHaveLength(1);
  });
});

describe('a found preference meets its label', () => {
  it('by key, value and evidence', () => {
    const label = preferenceLabel();
    const found = (changes: Parameters<typeof foundPreference>[0]): number =>
      matchPreferences([label], [foundPreference(changes)]).hits.length;
    expect(found({})).toBe(1);
    expect(found({ value: 'sam' })).toBe(1);
    expect(found({ value: 'Samantha' })).toBe(0);
    expect(found({ key: 'location' })).toBe(0);
    expect(found({ evidence: [{ message_id: 'm9', quote: 'call me Sam' }] })).toBe(0);
  });
});
