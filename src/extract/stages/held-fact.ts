import type { FactResult } from '../../model/results.ts';
import { newestUserQuoteMs, toEvidence, type HeldQuote } from '../evidence.ts';
import type { CleanFact } from '../validators/fact.ts';
import { compareKey } from '../validators/compare-key.ts';
import { resolveValidity } from '../validators/validity.ts';
import { clampConfidence, type Rejections } from './rejections.ts';

/** A fact that stands on evidence, before it is written as a result. */
export interface HeldFact {
  readonly fact: CleanFact;
  readonly quotes: readonly HeldQuote[];
}

/** The same claim twice in one answer is one fact with the evidence of both. */
export function mergeFacts(held: readonly HeldFact[], rejections: Rejections): HeldFact[] {
  const byClaim = new Map<string, HeldFact>();
  for (const next of held) {
    const known = byClaim.get(claimKey(next.fact));
    if (known !== undefined) rejections.add('duplicate');
    byClaim.set(claimKey(next.fact), known === undefined ? next : mergeTwo(known, next));
  }
  return [...byClaim.values()];
}

export function toFactResult({ fact, quotes }: HeldFact, rejections: Rejections): FactResult {
  const { validFrom, validTo, dropped } = resolveValidity(
    fact.valid_from,
    fact.valid_to,
    newestUserQuoteMs(quotes),
  );
  for (const reason of dropped) rejections.add(reason);
  return {
    relation: fact.relation,
    ...(fact.predicate === undefined ? {} : { predicate: fact.predicate }),
    entity_name: fact.entity_name,
    entity_type: fact.entity_type,
    ...(Object.keys(fact.attributes).length === 0 ? {} : { attributes: { ...fact.attributes } }),
    polarity: fact.polarity,
    modality: fact.modality,
    confidence: clampConfidence(fact.confidence),
    valid_from: validFrom,
    valid_to: validTo,
    evidence: toEvidence(quotes),
  };
}

function mergeTwo(a: HeldFact, b: HeldFact): HeldFact {
  const fact: CleanFact = {
    ...a.fact,
    attributes: { ...b.fact.attributes, ...a.fact.attributes },
    confidence: Math.max(a.fact.confidence, b.fact.confidence),
    valid_from: a.fact.valid_from ?? b.fact.valid_from,
    valid_to: a.fact.valid_to ?? b.fact.valid_to,
  };
  return { fact, quotes: [...a.quotes, ...b.quotes] };
}

/** The type is left out: one thing called a hobby and an activity is still one thing. */
function claimKey(fact: CleanFact): string {
  const name = compareKey(fact.entity_name) || fact.entity_name;
  return [fact.relation, fact.predicate ?? '', name, fact.polarity, fact.modality].join('\n');
}
