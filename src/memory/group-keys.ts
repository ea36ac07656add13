import { createHash } from 'node:crypto';
import type { FactResult, PreferenceKey, PreferenceResult } from '../model/results.ts';
import { canonicalEntity, canonicalText, type Canonical } from './canonical-entity.ts';
import { familyOf, isSingleValued } from './relation-rules.ts';

/**
 * A group is the smallest set of observations that must be folded together, and at
 * most one thing in it is current: where a person lives; whether a person likes or
 * dislikes coffee; whether a person has a cat. Observations of different groups never
 * touch each other, so only the groups of a window's own claims are folded again.
 */
const maxKeyLength = 120;

export type GroupedFact = Pick<FactResult, 'relation' | 'predicate' | 'entity_name' | 'entity_type'>;
export type GroupedPreference = Pick<PreferenceResult, 'key' | 'value'>;

export function factGroupKey(fact: GroupedFact, canonical: Canonical = canonicalEntity): string {
  if (isSingleValued(fact.relation)) return familyOf(fact.relation);
  return bounded(`${topicOf(fact)}:${canonical(fact.entity_name, fact.entity_type)}`);
}

/** Topics to seek and to avoid exclude each other, topic by topic; every other key holds one value. */
export function preferenceGroupKey(
  preference: GroupedPreference,
  canonical: Canonical = canonicalEntity,
): string {
  if (!isTopicKey(preference.key)) return preference.key;
  return bounded(`topics:${canonical(preference.value, 'other')}`);
}

/** The keys of which a person may have many at a time. */
export function isTopicKey(key: PreferenceKey): boolean {
  return key === 'topic_preferences' || key === 'topics_to_avoid';
}

function topicOf(fact: GroupedFact): string {
  const family = familyOf(fact.relation);
  if (family === 'likes' || family === 'dislikes') return 'taste';
  return family === 'other' ? `other:${canonicalText(fact.predicate ?? '')}` : family;
}

/** Long keys end in a hash, so that an index over them stays small and no two of them meet. */
function bounded(key: string): string {
  if (key.length <= maxKeyLength) return key;
  const family = key.slice(0, key.indexOf(':'));
  return `${family}:#${createHash('sha256').update(key).digest('hex').slice(0, 40)}`;
}
