import type { EntityType, Polarity, Relation } from '../../model/results.ts';
import type { FactDraft } from '../stages/drafts.ts';
import type { Clause } from './clauses.ts';
import type { ListItem } from './lists.ts';
import { readTimes } from './time-hints.ts';
import { typeOfHead } from './lexicon/entity-heads.ts';

/** What a rule found, before its evidence is cut out. */
export interface Claim {
  readonly relation: Relation;
  readonly predicate?: string;
  readonly name: string;
  readonly type: EntityType;
  readonly attributes?: Readonly<Record<string, string | null>>;
  readonly polarity?: Polarity;
  /** 0 to 1; how often this rule is right. */
  readonly confidence: number;
  /** True when the words imply it rather than say it. */
  readonly isImplied?: boolean;
  /** Index of the first token after the words that say it. */
  readonly end: number;
}

/** The claim as a draft that cites the clause's own words. */
export function toFactDraft(claim: Claim, clause: Clause): FactDraft {
  const { line } = clause.utterance;
  const first = clause.tokens[clause.start]?.start ?? 0;
  const last = clause.tokens[claim.end - 1]?.end ?? first;
  const isAboutRelative = clause.relative !== null && clause.modality === 'about-someone-else';
  const attributes = { ...claim.attributes, ...(isAboutRelative ? { person: clause.relative } : {}) };
  return {
    ...draftOf(claim, attributes),
    modality: clause.modality === 'stated' && claim.isImplied === true ? 'implied' : clause.modality,
    ...readTimes(clause),
    evidence: [{ line: line.number, quote: line.message.content.slice(first, last) }],
  };
}

/** Everything but evidence and modality (which is `stated`). */
export function draftOf(
  claim: Claim,
  attributes: Readonly<Record<string, string | null>> = claim.attributes ?? {},
): FactDraft {
  return {
    relation: claim.relation,
    predicate: claim.predicate ?? null,
    entity_name: claim.name,
    entity_type: claim.type,
    attributes: Object.entries(attributes).flatMap(([name, value]) =>
      value === null ? [] : [{ name, value }],
    ),
    polarity: claim.polarity ?? 'positive',
    modality: 'stated',
    confidence: claim.confidence,
    valid_from: null,
    valid_to: null,
    evidence: [],
  };
}

/** The type of a list's member: doings are activities, things go by their head. */
export function typeOfItem(item: ListItem): EntityType {
  // "tasting tea" is a doing even where the tagger takes it for a thing.
  if (
    item.phrase?.modifiers[0]?.endsWith('ing') === true &&
    !/^(?:evening|morning)$/.test(item.phrase.modifiers[0])
  )
    return 'activity';
  const known = typeOfHead(item.phrase === null ? item.name : item.head);
  // Liking turtles makes no pet of them.
  if (known === 'pet') return 'other';
  if (known !== 'other') return known;
  return item.phrase === null ? 'activity' : 'other';
}
