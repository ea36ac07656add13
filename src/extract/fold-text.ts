/**
 * Text as it is compared: people, keyboards and models write the same words with
 * other quotes, dashes, spaces and compositions. Folding forgives those and no more
 * (case counts), and remembers where each folded unit came from, so that what is
 * stored is always the original's own substring.
 */
export interface FoldedText {
  readonly text: string;
  /** For each code unit of `text`: where its source begins in the original. */
  readonly starts: readonly number[];
  /** For each code unit of `text`: where its source ends in the original. */
  readonly ends: readonly number[];
}

/** A stretch of an original text: [start, end) in code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

// Soft hyphen, joiners, direction marks, variation selectors: nobody sees them, models drop them.
const invisible = /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]/gu;
const singleQuotes = /[\u2018-\u201b\u2032\u00b4`]/gu;
const doubleQuotes = /[\u201c-\u201f\u2033\u00ab\u00bb]/gu;
const dashes = /[\u2010-\u2015\u2212\u2e3a\u2e3b]/gu;

// Scripts that put no space between words, or glue particles to them: a quote may end anywhere.
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const wordCharacter = /[\p{L}\p{N}\p{M}_]/u;

// What NFKC may compose: a base with its marks, conjoining jamo, half-width kana with theirs. Not Intl.Segmenter,
// which takes time by the square of the length: a minute for a message of 100,000 characters.
const composables = /[\uac00-\ud7a3]?[\u1100-\u11ff]+|[\uff66-\uff9d][\uff9e\uff9f]|\P{M}\p{M}*|\p{M}+/gsu;

export function foldText(original: string): FoldedText {
  return isFolded.test(original) ? asItIs(original) : foldUnits(original);
}

/** ASCII in which nothing folds: most messages, and the loop over characters is a large part of the work on a window. */
const isFolded = /^(?!.*(?: {2}|--))[\x20-\x5f\x61-\x7e]*$/;

function asItIs(original: string): FoldedText {
  const starts = Array.from({ length: original.length }, (_, index) => index);
  return { text: original, starts, ends: starts.map((start) => start + 1) };
}

function foldUnits(original: string): FoldedText {
  const units: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const emit = (unit: string, start: number, end: number): void => {
    const kept = /\s/u.test(unit) ? ' ' : unit;
    // Runs of spaces and of hyphens (a typed "--" for a dash) count as one.
    if ((kept === ' ' || kept === '-') && units.at(-1) === kept) {
      ends[ends.length - 1] = end;
      return;
    }
    units.push(kept);
    starts.push(start);
    ends.push(end);
  };
  for (const piece of pieces(original)) {
    const end = piece.start + piece.text.length;
    for (const unit of foldPiece(piece.text).split('')) emit(unit, piece.start, end);
  }
  return { text: units.join(''), starts, ends };
}

/** Every place where `needle` (folded) stands as whole words, as spans of the original. */
export function findFolded(haystack: FoldedText, needle: string): Span[] {
  const found: Span[] = [];
  if (needle === '') return found;
  for (let at = haystack.text.indexOf(needle); at >= 0; at = haystack.text.indexOf(needle, at + 1)) {
    const last = at + needle.length - 1;
    if (cutsWord(haystack.text, at) || cutsWord(haystack.text, last + 1)) continue;
    found.push({ start: haystack.starts[at] ?? 0, end: haystack.ends[last] ?? 0 });
  }
  return found;
}

function* pieces(original: string): Iterable<{ readonly text: string; readonly start: number }> {
  if (/^[\x20-\x7e]*$/.test(original)) {
    for (let start = 0; start < original.length; start++) yield { text: original.charAt(start), start };
    return;
  }
  for (const match of original.matchAll(composables)) yield { text: match[0], start: match.index };
}

function foldPiece(piece: string): string {
  return piece
    .replace(invisible, '')
    .replace(singleQuotes, "'")
    .replace(doubleQuotes, '"')
    .normalize('NFKC')
    .replace(dashes, '-');
}

/** Whether a cut before index `at` would part a word of a script that writes spaces. */
function cutsWord(text: string, at: number): boolean {
  const before = text.charAt(at - 1);
  const after = text.charAt(at);
  if (!wordCharacter.test(before) || !wordCharacter.test(after)) return false;
  return !unspaced.test(before) && !unspaced.test(after);
}
