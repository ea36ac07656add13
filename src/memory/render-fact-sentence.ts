import type { FoldedFact } from '../model/memory.ts';
import { clauseOf } from './fact-clause.ts';
import { oneLine } from './one-line.ts';

export type SentenceFact = Pick<
  FoldedFact,
  | 'relation'
  | 'predicate'
  | 'entityName'
  | 'entityType'
  | 'attributes'
  | 'polarity'
  | 'status'
  | 'validFromMs'
  | 'validToMs'
  | 'lastSeenMs'
>;

/**
 * A fact as a person would note it: "Lives in Porto", "Has a cat named Luna", "Used to
 * work as a nurse (until March 2026)". Past is what is no longer current, and with
 * `nowMs` also what was announced to end by then. Months are those of UTC.
 */
export function renderFactSentence(fact: SentenceFact, nowMs?: number): string {
  // A fact that was wrong never was: it has no past.
  const isPast = fact.status !== 'retracted' && isOver(fact, nowMs);
  const sentence = oneLine(isPast ? pastSentence(fact) : presentSentence(fact));
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${timeNote(fact)}`;
}

export function isOver(fact: Pick<FoldedFact, 'status' | 'validToMs'>, nowMs?: number): boolean {
  if (fact.status !== 'current') return true;
  return nowMs !== undefined && fact.validToMs !== null && fact.validToMs <= nowMs;
}

function presentSentence(fact: SentenceFact): string {
  const { present, negative, rest } = clauseOf(fact);
  return `${fact.polarity === 'negative' ? negative : present} ${rest}`;
}

function pastSentence(fact: SentenceFact): string {
  const { past, negativePast, rest } = clauseOf(fact);
  return `${fact.polarity === 'negative' ? negativePast : past} ${rest}`;
}

function timeNote(fact: SentenceFact): string {
  if (fact.status === 'retracted') return ' (retracted)';
  if (fact.validToMs !== null) return ` (until ${monthOf(fact.validToMs)})`;
  // Ages move on by themselves, so the reader is told when it was said.
  if (fact.relation === 'is_aged') return ` (as of ${monthOf(fact.lastSeenMs)})`;
  const isAhead = fact.validFromMs !== null && fact.validFromMs > fact.lastSeenMs;
  return isAhead ? ` (from ${monthOf(fact.validFromMs)})` : '';
}

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Without `Intl`: the same text whatever the locale data of the machine. */
function monthOf(ms: number): string {
  const date = new Date(ms);
  return `${months[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()}`;
}
