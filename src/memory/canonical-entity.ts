import type { EntityType } from '../model/results.ts';
import { singularKey } from './english-singular.ts';
import { oneLine } from './one-line.ts';

/** Names keep their last letter: Lucas is not Luca, Andreas is not Andrea. */
const namedTypes: ReadonlySet<EntityType> = new Set([
  'name',
  'person',
  'place',
  'organization',
  'language',
  'media',
]);

const determiners = new Set(['a', 'an', 'the', 'some', 'my', 'our']);
const counts = new Set(['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'several']);

/**
 * The form under which two mentions are the same entity: Unicode compatibility form,
 * case, white space, punctuation, and for English articles, possessives, plurals and
 * leading counts. A key, never shown; other languages get the Unicode part only.
 */
export function canonicalEntity(name: string, type: EntityType): string {
  const words = plainWords(name);
  const bare = words.slice(leadingDeterminers(words));
  return (namedTypes.has(type) ? bare : withoutCount(bare).map(singularKey)).join(' ');
}

export type Canonical = (name: string, type: EntityType) => string;

/** For one fold: thousands of observations of a group spell its entity in a few ways only. */
export function rememberingCanonical(): Canonical {
  const known = new Map<string, string>();
  return (name, type) => {
    const key = `${type}:${name}`;
    const canonical = known.get(key) ?? canonicalEntity(name, type);
    known.set(key, canonical);
    return canonical;
  };
}

/** Case, Unicode form, punctuation and white space made equal; every word kept. */
export function canonicalText(text: string): string {
  return plainWords(text).join(' ');
}

/** One line, without the article or possessive before it: "my cat" reads as "cat". */
export function displayName(name: string): string {
  const line = oneLine(name);
  // Only in lower case: the article of "The Hague" is part of the name.
  const shown = line.replace(/^(?:(?:a|an|the|some|my|our) )+(?=\S)/u, '');
  return shown === '' ? name : shown;
}

function plainWords(text: string): string[] {
  const folded = foldCase(text.replace(/[\u2018\u2019\u02bc\uff07\u0060\u00b4]/gu, "'"));
  const words = folded
    .replace(/\p{Cf}|\ufe0f/gu, '')
    .replace(/(?<=[\p{L}\p{N}])'s(?![\p{L}\p{N}])/gu, '')
    // U.S.A. and node.js are one word; 3.5 keeps its point.
    .replace(/(?<!\p{N})[.']|[.'](?!\p{N})/gu, '')
    .replace(/&/gu, ' and ')
    // C# and C++ are not C; a hashtag's mark says nothing.
    .replace(/(?<!\p{L})#|#(?=\p{L})/gu, ' ')
    .replace(/(?:(?![.#])[\p{P}\p{Cc}\p{Cs}\p{Z}])+/gu, ' ')
    .trim();
  // Nothing but punctuation: the marks themselves are the name.
  const kept = words === '' ? folded.replace(/[\p{Z}\p{Cc}\p{Cs}]+/gu, ' ').trim() : words;
  return kept.split(' ');
}

/** Upper case first: it spells out what lower case alone would keep apart (ß, ﬁ, final sigma). */
function foldCase(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

function leadingDeterminers(words: readonly string[]): number {
  const first = words.findIndex((word) => !determiners.has(word));
  // All of them are determiners ("A", "The The"): then the last one is the name.
  return first === -1 ? words.length - 1 : first;
}

/** "two cats" is "cats" with a detail; "seven eleven" is not a plural and stays. */
function withoutCount(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  const last = rest.at(-1);
  const isCount = counts.has(first) || /^\p{Nd}{1,3}$/u.test(first);
  return isCount && last !== undefined && singularKey(last) !== last ? rest : words;
}
