import { familyOf } from '../memory/relation-rules.ts';
import type { Evidence, FactResult, PreferenceResult } from '../model/results.ts';
import type { ExpectedFact, ExpectedPreference } from './labelled-conversation.ts';
import { pairUp } from './pair-up.ts';
import { saysOneOf } from './wordings.ts';

/** Labels of one kind beside what was found, one to one. */
export interface Matching<Label, Item> {
  readonly hits: readonly { readonly label: Label; readonly item: Item }[];
  /** Labels that are not optional and that nothing fits. */
  readonly misses: readonly Label[];
  /** What fits no label, or one that another fits better placed: wrong only where labels are exhaustive. */
  readonly extras: readonly Item[];
}

export function matchFacts(
  labels: readonly ExpectedFact[],
  found: readonly FactResult[],
): Matching<ExpectedFact, FactResult> {
  const matching = matchAll(labels, found, fitsFact);
  // What is not meant as a fact never becomes one, so it is no mistake either.
  return { ...matching, extras: matching.extras.filter(isBelieved) };
}

export function matchPreferences(
  labels: readonly ExpectedPreference[],
  found: readonly PreferenceResult[],
): Matching<ExpectedPreference, PreferenceResult> {
  return matchAll(labels, found, fitsPreference);
}

/** Only these become current facts. */
function isBelieved({ modality }: FactResult): boolean {
  return modality === 'stated' || modality === 'implied';
}

function fitsFact(label: ExpectedFact, fact: FactResult): boolean {
  return (
    label.relations.some((relation) => familyOf(relation) === familyOf(fact.relation)) &&
    label.polarities.includes(fact.polarity) &&
    label.modalities.includes(fact.modality) &&
    citesOneOf(fact.evidence, label.evidence) &&
    (saysOneOf(fact.entity_name, fact.entity_type, label.entity) ||
      // "is afraid of" + "dogs": what is told may stand in either part.
      (fact.predicate !== undefined &&
        saysOneOf(`${fact.predicate} ${fact.entity_name}`, 'other', label.entity)))
  );
}

function fitsPreference(label: ExpectedPreference, preference: PreferenceResult): boolean {
  return (
    label.key === preference.key &&
    citesOneOf(preference.evidence, label.evidence) &&
    saysOneOf(preference.value, 'other', label.value)
  );
}

function citesOneOf(evidence: readonly Evidence[], ids: readonly string[]): boolean {
  return evidence.some(({ message_id: id }) => ids.includes(id));
}

function matchAll<Label extends { readonly optional: boolean }, Item>(
  labels: readonly Label[],
  found: readonly Item[],
  fits: (label: Label, item: Item) => boolean,
): Matching<Label, Item> {
  const wantedFirst = [...labels].sort((a, b) => Number(a.optional) - Number(b.optional));
  const pairs = pairUp(wantedFirst, found, fits);
  const taken = new Set(pairs.values());
  return {
    hits: wantedFirst.flatMap((label, index) => {
      const item = found[pairs.get(index) ?? -1];
      return item === undefined ? [] : [{ label, item }];
    }),
    misses: wantedFirst.filter((label, index) => !label.optional && !pairs.has(index)),
    extras: found.filter((_, index) => !taken.has(index)),
  };
}
