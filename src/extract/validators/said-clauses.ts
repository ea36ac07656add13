import type { HeldQuote } from '../evidence.ts';
import { contentWords } from './content-words.ts';

/** Where one statement ends and the next begins, as far as marks and a few words tell. */
const borders =
  /[.!?;:]+(?=\s|$)|\n+|,|\s[-–—]+\s|\b(?:but|though|although|because|while|whereas|so that)\b|\band\b(?=\s+(?:now|then|instead)?\s*(?:i|we|my)\b)|\b(?:and|but)\s+now\b/giu;

/** So far around a quote, and so far into it: patterns over a message without any border would take long. */
const reach = 200;
const longestQuote = 1_000;

/** Whole statements of a message that a quote touches: models cut quotes short, before "not" and "used to" too. */
export function saidClauses({ line, quote }: HeldQuote): string[] {
  const { content } = line.message;
  const start = Math.max(0, content.indexOf(quote));
  const from = Math.max(0, start - reach);
  const end = start + Math.min(quote.length, longestQuote);
  return clausesOf(content.slice(from, end + reach))
    .filter((clause) => clause.start < end - from && clause.end > start - from)
    .map(({ text }) => text.replaceAll('’', "'").replace(/\s+/gu, ' ').trim())
    .filter((text) => text !== '');
}

/** Those that name the thing, by a word or letter for letter; if none does, the only one there is. */
export function clausesNaming(name: string, quote: HeldQuote): string[] {
  const clauses = saidClauses(quote);
  const words = contentWords(name);
  const lowered = name.toLowerCase();
  const naming = clauses.filter(
    (clause) =>
      clause.toLowerCase().includes(lowered) || [...contentWords(clause)].some((word) => words.has(word)),
  );
  return naming.length === 0 && clauses.length === 1 ? clauses : naming;
}

interface Clause {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function clausesOf(text: string): Clause[] {
  const clauses: Clause[] = [];
  let start = 0;
  for (const border of text.matchAll(borders)) {
    clauses.push({ text: text.slice(start, border.index), start, end: border.index });
    start = border.index + border[0].length;
  }
  return [...clauses, { text: text.slice(start), start, end: text.length }];
}
