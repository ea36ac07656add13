import type { FoldedFact } from '../model/memory.ts';
import type { FactObservation } from '../model/observation.ts';
import type { EntityType, FactResult, Polarity, Relation } from '../model/results.ts';
import { InvariantError } from '../errors.ts';
import { displayName } from './canonical-entity.ts';
import { ranks, type Claim } from './claim.ts';
import { addAttributes, mergedAttributes, type Attribute } from './fact-attributes.ts';
import type { Wording } from './period.ts';
import { strengthOf } from './relation-rules.ts';
import { putFirst } from './support.ts';

type FactClaim = Claim<FactObservation>;
type Told = Pick<
  FoldedFact,
  'relation' | 'predicate' | 'polarity' | 'entityName' | 'entityType' | 'attributes'
>;

/** What the claims of a period say of how to put it; plain data, as it is kept in a checkpoint. */
export interface FactWords {
  /** Of the claims that lead: once a person entered it, only their words say how it is called. */
  leading: LeadingWords;
  /** Newest last, bounded. */
  attributes: readonly Attribute[];
  attributesByHand: readonly Attribute[];
}

interface LeadingWords {
  claims: number;
  latest: Verb;
  /** As many as there are spellings. */
  readonly namings: Naming[];
  /** Newest first, bounded. */
  readonly windows: SpokenWindow[];
}

interface Verb {
  readonly relation: Relation;
  readonly predicate: string | null;
  readonly polarity: Polarity;
}

interface Naming {
  readonly name: string;
  readonly type: EntityType;
  /** How many windows used it; one counts again when as many others as are remembered spoke in between. */
  windows: number;
  /** Place of its newest claim in the order. */
  newest: number;
}

interface SpokenWindow {
  readonly windowId: string | null;
  strongest: Verb;
  /** Places of the namings that it used. */
  readonly namings: number[];
}

export const factWording: Wording<FactObservation, FactWords> = {
  first: (claim) => {
    const words: FactWords = { leading: noWords(claim), attributes: [], attributesByHand: [] };
    factWording.add(words, claim, claim.rank === ranks.manual);
    return words;
  },
  add: (words, claim, byHand) => {
    const isManual = claim.rank === ranks.manual;
    if (isManual && !byHand) words.leading = noWords(claim);
    if (isManual || !byHand) speak(words.leading, claim);
    const place = isManual ? 'attributesByHand' : 'attributes';
    words[place] = addAttributes(words[place], claim.source.fact.attributes ?? {});
  },
};

/** How a fact is put into words. */
export function tell({ leading, attributes, attributesByHand }: FactWords): Told {
  const { relation, predicate, polarity } = strongestOfLatest(leading);
  return {
    relation,
    predicate: relation === 'other' ? predicate : null,
    polarity,
    ...commonestName(leading.namings),
    attributes: mergedAttributes(attributes, attributesByHand),
  };
}

function noWords({ source }: FactClaim): LeadingWords {
  return { claims: 0, latest: verbOf(source.fact), namings: [], windows: [] };
}

function verbOf({ relation, predicate, polarity }: FactResult): Verb {
  return { relation, predicate: predicate ?? null, polarity };
}

function speak(words: LeadingWords, { source: { fact, windowId } }: FactClaim): void {
  words.latest = verbOf(fact);
  const place = words.windows.findIndex((one) => one.windowId === windowId);
  const window = words.windows[place] ?? { windowId, strongest: words.latest, namings: [] };
  if (saysMore(words.latest, window.strongest)) window.strongest = words.latest;
  putFirst(words.windows, place, window);
  name(words, window, fact);
  words.claims += 1;
}

function name(words: LeadingWords, window: SpokenWindow, fact: FactResult): void {
  const { entity_name: name, entity_type: type } = fact;
  let place = words.namings.findIndex((naming) => naming.name === name && naming.type === type);
  if (place === -1) place = words.namings.push({ name, type, windows: 0, newest: 0 }) - 1;
  const naming = words.namings[place];
  if (naming === undefined) return;
  naming.newest = words.claims;
  if (window.namings.includes(place)) return;
  window.namings.push(place);
  naming.windows += 1;
}

/** Who loved it in spring and likes it in autumn likes it; said in one conversation, the stronger word counts. */
function strongestOfLatest({ latest, windows: [window] }: LeadingWords): Verb {
  if (window === undefined || window.windowId === null) return latest;
  return saysMore(window.strongest, latest) ? window.strongest : latest;
}

/** "Hates it" tells more than "does not like it", whatever the verb. */
function saysMore(verb: Verb, best: Verb): boolean {
  if (verb.polarity !== best.polarity) return verb.polarity === 'positive';
  return strengthOf(verb.relation) > strengthOf(best.relation);
}

/**
 * The spelling that most windows used, of equals the newest. Name and type come from
 * the same claim: the type decides how the name is compared.
 */
function commonestName(namings: readonly Naming[]): Pick<Told, 'entityName' | 'entityType'> {
  const [first, ...others] = namings;
  if (first === undefined) throw new InvariantError('fold-9c44', 'a period has no claims');
  const best = others.reduce((chosen, next) => (isBetterName(next, chosen) ? next : chosen), first);
  return { entityName: displayName(best.name), entityType: best.type };
}

/** A name without a kind says less, however often it was used. */
function isBetterName(next: Naming, chosen: Naming): boolean {
  if ((next.type === 'other') !== (chosen.type === 'other')) return chosen.type === 'other';
  if (next.windows !== chosen.windows) return next.windows > chosen.windows;
  return next.newest > chosen.newest;
}
