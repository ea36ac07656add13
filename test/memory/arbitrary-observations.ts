import fc from 'fast-check';
import { familyOf, isSingleValued } from '../../src/memory/relation-rules.ts';
import type { FactObservation, PreferenceObservation } from '../../src/model/observation.ts';
import { entityTypes, modalities, polarities, preferenceKeys, relations } from '../../src/model/results.ts';
import { at, byHand, dayMs, fact, preference } from './observations.ts';

/** Few names and few days, so that most claims meet, confirm or contradict each other. */
const entity = fc.constantFrom(
  'Porto',
  'porto',
  'Rome',
  'coffee',
  'Coffee ',
  'a cat',
  'cats',
  'Lucas',
  'Luca',
  '32',
);
/** Half of the time so few that even the last resorts of the order decide. */
const day = fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 2 }));
const instant = fc.option(
  day.map((days) => new Date(at('2025-01-01') + days * dayMs).toISOString()),
  { nil: null, freq: 3 },
);
const envelope = fc.record({
  observationId: fc.uuid(),
  windowId: fc.integer({ min: 0, max: 8 }).map((number) => `w-${number}`),
  occurredAtMs: day.map((days) => at('2025-01-01') + days * dayMs),
  method: fc.constantFrom('model' as const, 'offline' as const),
});
/** One in eight is a person's, and half of those retract. */
const hand = fc.constantFrom(
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  true,
  false,
);

export const factObservation = fc
  .tuple(
    fc.record({
      relation: fc.constantFrom(...relations),
      predicate: fc.constantFrom('married to', 'works with'),
      entity_name: entity,
      entity_type: fc.constantFrom(...entityTypes),
      polarity: fc.constantFrom(...polarities, 'positive' as const),
      modality: fc.constantFrom(...modalities, 'stated' as const, 'stated' as const, 'implied' as const),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      valid_from: instant,
      valid_to: instant,
    }),
    envelope,
    hand,
  )
  .map(([words, common, retracts]): FactObservation => {
    const observation = fact(words, common);
    return retracts === null ? observation : byHand(observation, retracts);
  });

/** Nearly all in a few groups. */
const contestedObservation = factObservation.map((observation) => ({
  ...observation,
  fact: { ...observation.fact, relation: contested(observation.fact.relation) },
}));
function contested(relation: FactObservation['fact']['relation']): FactObservation['fact']['relation'] {
  if (isSingleValued(relation)) return 'lives_in';
  return familyOf(relation) === 'likes' || familyOf(relation) === 'dislikes' ? relation : 'has';
}

/** All of one window and one moment: only the last resorts of the order decide. */
const breathObservation = contestedObservation.map((observation) => ({
  ...observation,
  windowId: observation.windowId === null ? null : 'w-0',
  occurredAtMs: at('2025-01-01'),
  fact: { ...observation.fact, evidence: [{ message_id: 'm', quote: observation.fact.entity_name }] },
}));

const preferenceObservation = fc
  .tuple(
    fc.record({
      key: fc.constantFrom(...preferenceKeys),
      value: fc.constantFrom('Short', 'short', 'long', 'football', 'Football!'),
      explicit: fc.boolean(),
    }),
    envelope,
    hand,
  )
  .map(([words, common, retracts]): PreferenceObservation => {
    const observation = preference(words, common);
    return retracts === null ? observation : byHand(observation, retracts);
  });

const unique = {
  selector: (observation: { observationId: string }) => observation.observationId,
  maxLength: 60,
};
export const facts = fc.oneof(
  fc.uniqueArray(factObservation, unique),
  fc.uniqueArray(contestedObservation, unique),
  fc.uniqueArray(breathObservation, unique),
);
export const preferences = fc.uniqueArray(preferenceObservation, unique);

/** Of one group, more than any bound of the fold keeps, and seldom a person's. */
const richEnvelope = fc.record({
  windowId: fc.integer({ min: 0, max: 75 }).map((number) => `w-${number}`),
  occurredAtMs: fc.integer({ min: 0, max: 250 }).map((days) => at('2025-01-01') + days * dayMs),
  channelId: fc.constantFrom(null, '', 'c-1', 'c-2'),
  byPerson: fc.integer({ min: 0, max: 60 }).map((number) => number === 0),
  evidence: fc.array(
    fc.record({
      message_id: fc.integer({ min: 0, max: 40 }).map((number) => `m-${number}`),
      quote: fc.constantFrom('this', 'that'),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
const attributes = fc.dictionary(
  fc.integer({ min: 0, max: 30 }).map((number) => `a${number}`),
  fc.constantFrom('yes', 'no'),
  { maxKeys: 4 },
);
const many = { ...unique, maxLength: 200, size: 'max' } as const;

const richFact = fc
  .tuple(factObservation, richEnvelope, attributes)
  .map(([one, { byPerson, evidence, ...envelope }, said]): FactObservation => ({
    ...one,
    ...(one.origin === 'manual' && byPerson ? {} : { ...envelope, ...asStage }),
    fact: { ...one.fact, evidence, attributes: said },
  }));
const asStage = { origin: 'stage', method: 'model', retracts: false } as const;

const home = richFact.map((one) => ({ ...one, fact: { ...one.fact, relation: 'lives_in' as const } }));
const taste = fc
  .tuple(richFact, fc.constantFrom('likes', 'loves', 'enjoys', 'hates', 'dislikes'))
  .map(([one, relation]): FactObservation => {
    const named = { entity_name: 'coffee', entity_type: one.fact.entity_type };
    return { ...one, fact: { ...one.fact, ...named, relation } };
  });
/** All facts of one group, of one person. */
export const factsOfOneGroup = fc.oneof(fc.uniqueArray(home, many), fc.uniqueArray(taste, many));

export const preferencesOfOneGroup = fc.uniqueArray(
  fc
    .tuple(preferenceObservation, richEnvelope)
    .map(([one, { byPerson, evidence, ...envelope }]): PreferenceObservation => ({
      ...one,
      ...(one.origin === 'manual' && byPerson ? {} : { ...envelope, ...asStage }),
      preference: { ...one.preference, key: 'communication_style' as const, evidence },
    })),
  many,
);
