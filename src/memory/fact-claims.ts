import type { FactObservation } from '../model/observation.ts';
import type { FactResult } from '../model/results.ts';
import { canonicalEntity, type Canonical } from './canonical-entity.ts';
import { greatestMessageId, instantMs, ranks, type Claim } from './claim.ts';
import { familyOf, isLasting, isSingleValued } from './relation-rules.ts';

/** Only what the user said or clearly let be known is ever a fact; what a person enters always counts. */
export function countsAsFact(observation: FactObservation): boolean {
  const { modality } = observation.fact;
  return observation.origin === 'manual' || modality === 'stated' || modality === 'implied';
}

export function factClaim(
  observation: FactObservation,
  canonical: Canonical = canonicalEntity,
): Claim<FactObservation> {
  const { fact } = observation;
  return {
    source: observation,
    ...claimedValue(fact, canonical),
    rank: rankOf(observation),
    saidAtMs: observation.occurredAtMs,
    ...span(fact),
    messageId: greatestMessageId(fact.evidence),
  };
}

/** What excludes what within a group: entities of a single-valued relation, for and against, is and is not. */
function claimedValue(fact: FactResult, canonical: Canonical): Pick<Claim, 'value' | 'denies'> {
  const value = assertedValue(fact, canonical);
  if (fact.polarity === 'positive') return { value, denies: null };
  // "I don't like coffee" takes a side, "I don't hate it" only leaves one.
  if (value === 'likes') return { value: 'dislikes', denies: null };
  return { value: `!${value}`, denies: value };
}

/** A beginning that does not lie before its end is no beginning: extraction often gives the message's time for both. */
function span(fact: FactResult): Pick<Claim, 'fromMs' | 'toMs'> {
  const fromMs = instantMs(fact.valid_from);
  const toMs = isLasting(fact.relation) ? null : instantMs(fact.valid_to);
  return fromMs !== null && toMs !== null && fromMs >= toMs ? { fromMs: null, toMs } : { fromMs, toMs };
}

function assertedValue(fact: FactResult, canonical: Canonical): string {
  const family = familyOf(fact.relation);
  if (family === 'likes' || family === 'dislikes') return family;
  if (!isSingleValued(fact.relation)) return 'is';
  const entity = canonical(fact.entity_name, fact.entity_type);
  // "32" and "32 years old" are the same age.
  return family === 'is_aged' ? (/\p{Nd}+/u.exec(entity)?.[0] ?? entity) : entity;
}

function rankOf({ origin, fact }: FactObservation): Claim['rank'] {
  if (origin === 'manual') return ranks.manual;
  return fact.modality === 'implied' ? ranks.implied : ranks.stated;
}
