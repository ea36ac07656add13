import { describe, expect, it } from 'vitest';
import { canonicalEntity, canonicalText, displayName } from '../../src/memory/canonical-entity.ts';
import { factGroupKey, preferenceGroupKey } from '../../src/memory/group-keys.ts';
import type { EntityType, FactResult } from '../../src/model/results.ts';

const keyOf = (
  relation: FactResult['relation'],
  name: string,
  type: EntityType = 'other',
  predicate?: string,
) =>
  factGroupKey({
    relation,
    entity_name: name,
    entity_type: type,
    ...(predicate === undefined ? {} : { predicate }),
  });

describe('canonicalEntity', () => {
  it.each([
    ['Coffee', ' coffee '],
    ['cats', 'a cat'],
    ['two cats', 'my cat'],
    ['the movies', 'movie'],
    ['cookies', 'Cookie'],
    ['hobbies', 'hobby'],
    ['boxes', 'box'],
    ['buses', 'bus'],
    ['houses', 'house'],
    ['headaches', 'a headache'],
    ['potatoes', 'potato'],
    ['shoes', 'shoe'],
    ['wolves', 'wolf'],
    ['children', 'child'],
    ['Luna\u2019s', "luna's"],
    ['rock-climbing', 'rock climbing'],
    ['rock & roll', 'Rock and Roll'],
    ['node.js', 'Nodejs'],
    ['U.S.A.', 'USA'],
    ['#hiking', 'hiking'],
    ['ＣＯＦＦＥＥ', 'coffee'],
    ['cafe\u0301', 'café'],
    ['Straße', 'STRASSE'],
    ['piz\u200bza', 'pizza'],
    ['"jazz"', 'jazz'],
  ])('takes %s and %s for one thing', (one, other) => {
    expect(canonicalEntity(one, 'object')).toBe(canonicalEntity(other, 'object'));
  });

  it.each([
    ['glass', 'glasses'],
    ['new', 'news'],
    ['jean', 'jeans'],
    ['C', 'C++'],
    ['C', 'C#'],
    ['3.5', '35'],
    ['7 eleven', 'eleven'],
    ['tea', 'coffee'],
  ])('keeps %s and %s apart', (one, other) => {
    expect(canonicalEntity(one, 'object')).not.toBe(canonicalEntity(other, 'object'));
  });

  it.each([['tennis'], ['physics'], ['bus'], ['chess'], ['news'], ['yes'], ['gas']])(
    'leaves %s, which is no plural, alone',
    (word) => {
      expect(canonicalEntity(word, 'hobby')).toBe(word);
    },
  );

  it('keeps the last letter of names: Lucas is not Luca', () => {
    expect(canonicalEntity('Lucas', 'person')).not.toBe(canonicalEntity('Luca', 'person'));
    expect(canonicalEntity('The Netherlands', 'place')).toBe(canonicalEntity('netherlands', 'place'));
  });

  it('leaves words of other languages as they are', () => {
    expect(canonicalEntity('Straßenbahn', 'object')).toBe('strassenbahn');
    expect(canonicalEntity('猫', 'pet')).toBe('猫');
    expect(canonicalEntity('КОШКА', 'pet')).toBe('кошка');
  });

  it('is never empty for a name that is not', () => {
    for (const name of ['!!!', 'the', 'A', '🍕', '...', "'", '#'])
      expect(canonicalEntity(name, 'other')).not.toBe('');
  });

  it('sees through the form that is shown', () => {
    for (const name of ['my cat', 'the  big\ncity', 'The Hague', 'a an the cat', 'our', "some 's"]) {
      expect(canonicalEntity(displayName(name), 'other')).toBe(canonicalEntity(name, 'other'));
    }
    expect(displayName('my  cat')).toBe('cat');
    expect(displayName('The Hague')).toBe('The Hague');
    expect(displayName(' ')).not.toBe('');
  });
});

describe('factGroupKey', () => {
  it('puts all values of a single-valued relation into one group', () => {
    expect(keyOf('lives_in', 'Porto', 'place')).toBe(keyOf('lives_in', 'Rome', 'place'));
    expect(keyOf('lives_in', 'Porto', 'place')).not.toBe(keyOf('from', 'Porto', 'place'));
  });

  it('puts likes and dislikes of one thing into one group, and other things elsewhere', () => {
    const keys = (['likes', 'loves', 'enjoys', 'prefers', 'dislikes', 'hates', 'avoids'] as const).map(
      (relation) => keyOf(relation, 'coffee', 'drink'),
    );
    expect(new Set(keys).size).toBe(1);
    expect(keyOf('likes', 'tea', 'drink')).not.toBe(keys[0]);
  });

  it('puts relations of one family and one entity into one group', () => {
    expect(keyOf('has', 'a car', 'object')).toBe(keyOf('owns', 'cars', 'object'));
    expect(keyOf('plays', 'the guitar', 'hobby')).toBe(keyOf('practices', 'Guitar', 'hobby'));
    expect(keyOf('has', 'car')).not.toBe(keyOf('wants', 'car'));
  });

  it('tells free predicates apart by their words', () => {
    expect(keyOf('other', 'Ana', 'person', 'married to')).toBe(keyOf('other', 'Ana', 'person', 'Married_To'));
    expect(keyOf('other', 'Ana', 'person', 'married to')).not.toBe(
      keyOf('other', 'Ana', 'person', 'works with'),
    );
  });

  it('bounds long keys without joining what differs at the end', () => {
    const long = 'x'.repeat(99);
    const keys = ['ﷺ'.repeat(99) + 'a', 'ﷺ'.repeat(99) + 'b'].map((name) => keyOf('likes', name));
    expect(new Set(keys).size).toBe(2);
    for (const key of [...keys, keyOf('other', long, 'other', 'y'.repeat(60))]) {
      expect(key.length).toBeLessThanOrEqual(120);
    }
  });
});

describe('preferenceGroupKey', () => {
  it('holds one value a key, and topics one by one', () => {
    expect(preferenceGroupKey({ key: 'language', value: 'German' })).toBe('language');
    expect(preferenceGroupKey({ key: 'topic_preferences', value: 'Football' })).toBe(
      preferenceGroupKey({ key: 'topics_to_avoid', value: 'football' }),
    );
    expect(preferenceGroupKey({ key: 'topics_to_avoid', value: 'politics' })).not.toBe(
      preferenceGroupKey({ key: 'topics_to_avoid', value: 'football' }),
    );
  });
});

describe('canonicalText', () => {
  it('makes case, punctuation and white space equal and keeps every word', () => {
    expect(canonicalText('  The\tFormal, “polite” tone ')).toBe('the formal polite tone');
  });
});
