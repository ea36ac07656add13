import type { HeldQuote } from '../evidence.ts';
import type { FactDraft } from '../stages/drafts.ts';
import { compareKey } from './compare-key.ts';
import { cleanEntity, isSameName, refuseEntity } from './entity.ts';
import { isBotsName } from './own-name.ts';
import { contradictsPolarity } from './polarity.ts';

/** A draft with its texts brought into form; its evidence is checked apart. */
export interface CleanFact extends Omit<FactDraft, 'predicate' | 'attributes' | 'evidence'> {
  readonly predicate: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Speakers {
  readonly botId: string;
  readonly userId: string;
}

/** What was left out of a draft that is kept, by reason, as often as it was. */
type Trimmings = readonly (readonly [reason: string, count: number])[];

export function cleanFact(draft: FactDraft): CleanFact {
  return {
    entity_name: cleanEntity(draft.entity_name),
    // A predicate beside a relation of the vocabulary says the same twice.
    predicate: draft.relation === 'other' ? cleanPredicate(draft.predicate ?? '') : undefined,
    attributes: cleanAttributes(draft.attributes),
    relation: draft.relation,
    entity_type: draft.entity_type,
    polarity: draft.polarity,
    modality: draft.modality,
    confidence: draft.confidence,
    valid_from: draft.valid_from,
    valid_to: draft.valid_to,
  };
}

/** What cleaning took away, for it is counted where the fact itself is kept. */
export function trimmingsOf(draft: FactDraft, fact: CleanFact): Trimmings {
  const isSpare = draft.relation !== 'other' && (draft.predicate ?? '').trim() !== '';
  return [
    ['attribute-dropped', draft.attributes.length - Object.keys(fact.attributes).length],
    ['predicate-beside-relation', isSpare ? 1 : 0],
  ];
}

/** Why the fact cannot be kept, or undefined. The quotes are those that held. */
export function refuseFact(
  fact: CleanFact,
  quotes: readonly HeldQuote[],
  speakers: Speakers,
): string | undefined {
  const byUser = quotes.filter(({ line }) => line.message.role === 'user');
  return (
    refuseName(fact) ??
    refuseSpeaker(fact, quotes, speakers) ??
    refusePredicate(fact) ??
    refuseSupport(fact, byUser) ??
    (contradictsPolarity(fact, byUser) ? 'polarity-contradicts' : undefined)
  );
}

function refuseName({ relation, entity_name: name }: CleanFact): string | undefined {
  // "What is your name?" gives a name that may be a common word ("Will", "May", "Sunny").
  if (relation === 'is_aged')
    return /^\D*(?:\d{1,2}|1[01]\d)\D*$/u.test(name) ? undefined : 'age-not-a-number';
  const refusal = refuseEntity(name);
  const isGivenName = relation === 'is_named' && /^\p{Lu}/u.test(name);
  return isGivenName && (refusal === 'entity-fragment' || refusal === 'entity-dangling')
    ? undefined
    : refusal;
}

/** Neither of the two who talk is a thing that the user has, likes or visits. */
function refuseSpeaker(
  fact: CleanFact,
  quotes: readonly HeldQuote[],
  { botId, userId }: Speakers,
): string | undefined {
  // A user may have the bot's name, and surely has their own.
  if (fact.relation === 'is_named')
    return isBotsName(fact.entity_name, quotes, botId) ? 'entity-is-bot' : undefined;
  if (isSameName(fact.entity_name, botId)) return 'entity-is-bot';
  return isSameName(fact.entity_name, userId) ? 'entity-is-user' : undefined;
}

const conversational =
  /^(?:(?:has |have |is |was )?(?:said|says?|mention(?:s|ed|ing)?|ask(?:s|ed|ing)?|tell(?:s|ing)?|told|talk(?:s|ed|ing)?|chat(?:s|ted|ting)?|discuss(?:es|ed|ing)?|repl(?:y|ies|ied)|answer(?:s|ed)?|thank(?:s|ed)?|greet(?:s|ed)?))\b/u;

function refusePredicate({ relation, predicate }: CleanFact): string | undefined {
  if (relation !== 'other') return undefined;
  if (predicate === undefined) return 'predicate-missing';
  return conversational.test(predicate) ? 'predicate-about-the-conversation' : undefined;
}

function refuseSupport(fact: CleanFact, byUser: readonly HeldQuote[]): string | undefined {
  if (byUser.every(({ asks }) => asks)) return 'question-only';
  if (fact.relation !== 'is_named') return undefined;
  // A name is never inferred: it stands in the user's own message, or nobody said it.
  const name = compareKey(fact.entity_name);
  return byUser.some(({ line }) => compareKey(line.message.content).includes(name))
    ? undefined
    : 'name-not-in-evidence';
}

function cleanPredicate(predicate: string): string | undefined {
  const words = predicate
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_]+/gu, ' ')
    .trim();
  const { length } = Array.from(words);
  return length >= 2 && length <= 60 && /^[\p{L}\p{N}' -]+$/u.test(words) ? words : undefined;
}

function cleanAttributes(drafts: FactDraft['attributes']): Record<string, string> {
  const cleaned = drafts.map(({ name, value }) => [
    name
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/gu, '_'),
    value.normalize('NFC').replace(/\s+/gu, ' ').trim(),
  ]);
  return Object.fromEntries(
    cleaned.filter(
      ([name = '', value = '']) => /^\p{L}[\p{L}\p{N}_]{0,39}$/u.test(name) && isShortText(value),
    ),
  ) as Record<string, string>;
}

function isShortText(value: string): boolean {
  return value !== '' && value.length <= 100 && !/[\p{Cc}<>{}]|\w:\/\//u.test(value);
}
