import type { ExpectedFact, ExpectedPreference } from '../../src/evaluate/labelled-conversation.ts';
import type { FactResult, PreferenceResult } from '../../src/model/results.ts';

/** A label and a found fact that fit each other, unless changed. */
export function factLabel(changes: Partial<ExpectedFact> = {}): ExpectedFact {
  return {
    relations: ['likes'],
    entity: ['badminton'],
    polarities: ['positive'],
    modalities: ['stated', 'implied'],
    evidence: ['m1'],
    optional: false,
    ...changes,
  };
}

export function foundFact(changes: Partial<FactResult> = {}): FactResult {
  return {
    relation: 'likes',
    entity_name: 'badminton',
    entity_type: 'hobby',
    polarity: 'positive',
    modality: 'stated',
    confidence: 0.9,
    valid_from: null,
    valid_to: null,
    evidence: [{ message_id: 'm1', quote: 'I like badminton' }],
    ...changes,
  };
}

export function preferenceLabel(changes: Partial<ExpectedPreference> = {}): ExpectedPreference {
  return { key: 'preferred_name', value: ['Sam'], evidence: ['m1'], optional: false, ...changes };
}

export function foundPreference(changes: Partial<PreferenceResult> = {}): PreferenceResult {
  return {
    key: 'preferred_name',
    value: 'Sam',
    explicit: true,
    confidence: 0.9,
    reasoning: 'asked for',
    evidence: [{ message_id: 'm1', quote: 'call me Sam' }],
    ...changes,
  };
}
