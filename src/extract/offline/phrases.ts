import type { Token } from './language-model.ts';
import { emptyHeads, valuingAdjectives } from './lexicon/empty-words.ts';
import {
  clauseBreakers,
  determiners,
  looseEnds,
  numberWords,
  objectPronouns,
  othersPossessives,
} from './lexicon/grammar-words.ts';

/** What a noun phrase names, without article, possessive or praise. */
export interface NounPhrase {
  readonly name: string;
  /** Lemma of the word that says what kind of thing it is. */
  readonly head: string;
  /** Words before the head. */
  readonly modifiers: readonly string[];
  readonly count: string | null;
  /** "a dog called Rex": Rex. */
  readonly givenName: string | null;
  readonly possessive: 'my' | 'our' | null;
  readonly isProper: boolean;
  readonly start: number;
  /** Index of the first token after it. */
  readonly end: number;
}

/** A noun phrase that starts at `at`, or undefined where there is none that can be named. */
export function readNounPhrase(tokens: readonly Token[], at: number): NounPhrase | undefined {
  const title = readTitle(tokens, at);
  if (title !== undefined) return title;
  const opening = readOpening(tokens, at);
  if (opening === undefined) return undefined;
  const words = readWords(tokens, opening.next);
  const last = words.at(-1);
  if (last === undefined) return undefined;
  return complete(tokens, at, opening, words);
}

interface Opening {
  readonly next: number;
  readonly count: string | null;
  readonly possessive: 'my' | 'our' | null;
}

/** Articles, possessives, amounts ("a lot of", "different types of") and numbers. */
function readOpening(tokens: readonly Token[], at: number): Opening | undefined {
  let count: string | null = null;
  let possessive: 'my' | 'our' | null = null;
  let next = at;
  for (; next < tokens.length; next++) {
    const word = tokens[next]?.lower ?? '';
    // What is pointed at ("that movie") has no name here.
    if (othersPossessives.has(word) || /^(?:this|that|these|those)$/.test(word)) return undefined;
    if (word === 'my' || word === 'our') possessive = word;
    else if (/^\d{1,4}$/.test(word) || numberWords.has(word)) count = String(numberWords.get(word) ?? word);
    else if (isAmount(tokens, next)) next++;
    else if (!determiners.has(word) && !isDegree(tokens, next)) break;
  }
  return { next, count, possessive };
}

function isAmount(tokens: readonly Token[], at: number): boolean {
  return (
    /^(?:lots?|kinds?|types?|sorts?|plenty|couple|bunch|varieties|variety|pieces?|bit|styles?|genres?)$/.test(
      tokens[at]?.lower ?? '',
    ) && tokens[at + 1]?.lower === 'of'
  );
}

/** "really good": an adverb before an adjective. */
function isDegree(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const next = tokens[at + 1];
  return token?.pos === 'ADV' && (next?.pos === 'ADJ' || next?.pos === 'VERB') && !looseEnds.has(token.lower);
}

function readWords(tokens: readonly Token[], from: number): Token[] {
  const words: Token[] = [];
  for (let index = from; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined || !continuesName(tokens, index, words.length)) break;
    words.push(token);
  }
  while (words.length > 0 && !endsName(words)) words.pop();
  return words;
}

function continuesName(tokens: readonly Token[], index: number, length: number): boolean {
  const token = tokens[index];
  if (token === undefined) return false;
  if (isFunctionWord(token)) return false;
  if (length > 0 && (looseEnds.has(token.lower) || namesTime(tokens, index))) return false;
  if (token.text === '-' || token.text === '&') return length > 0 && isNameWord(tokens[index + 1]);
  if (token.lower === 'and') return joinsAdjectives(tokens, index, length);
  if (token.lower === "'s") return length > 0 && token.pos === 'PART' && isNameWord(tokens[index + 1]);
  if (isNameWord(token)) return true;
  if (isDoingAtEnd(tokens, index) && length > 0) return true;
  // "fried rice", "running shoes": a participle only before a noun.
  if (/^(?:called|named|titled)$/.test(token.lower)) return false;
  return token.pos === 'VERB' && /(?:ed|en|ing)$/.test(token.lower) && isNameWord(tokens[index + 1]);
}

/** "an exam next Monday", "a trip on Friday": when, not what. */
function namesTime(tokens: readonly Token[], index: number): boolean {
  const [word, next] = [tokens[index]?.lower ?? '', tokens[index + 1]?.lower ?? ''];
  return (
    (/^(?:next|last|this|coming)$/.test(word) && (looseEnds.has(next) || days.test(next))) ||
    (days.test(word) && /^\p{Ll}/u.test(tokens[index - 1]?.text ?? ''))
  );
}

const days =
  /^(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|spring|summer|autumn|winter|semester)$/;

/** "sweet and sour fish": one dish, and no cut after "sweet". */
function joinsAdjectives(tokens: readonly Token[], index: number, length: number): boolean {
  const isAdjective = (token: Token | undefined): boolean =>
    token?.pos === 'ADJ' && /^\p{Ll}/u.test(token.text) && !valuingAdjectives.has(token.lower);
  return (
    length > 0 &&
    isAdjective(tokens[index - 1]) &&
    isAdjective(tokens[index + 1]) &&
    tokens[index + 2]?.pos === 'NOUN'
  );
}

/** "US" is a country, "us" is not. */
function isFunctionWord({ text, lower }: Token): boolean {
  return text !== 'US' && text !== 'IT' && (objectPronouns.has(lower) || clauseBreakers.has(lower));
}

/** "car racing": a doing with its object before it closes the name. */
function isDoingAtEnd(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  const next = tokens[index + 1];
  const endsThere = next === undefined || /^(?:PUNCT|CCONJ|ADV)$/.test(next.pos);
  return token?.pos === 'VERB' && /ing$/.test(token.lower) && endsThere && tokens[index - 1]?.pos === 'NOUN';
}

function isNameWord(token: Token | undefined): boolean {
  if (token?.text === 'US') return true;
  return (
    token !== undefined && /^(?:NOUN|PROPN|ADJ|NUM)$/.test(token.pos) && /[\p{L}\p{N}]/u.test(token.text)
  );
}

function endsName(words: readonly Token[]): boolean {
  const last = words.at(-1);
  if (last === undefined || last.text === '-' || last.lower === "'s") return false;
  if (
    last.text === 'US' ||
    last.pos === 'NOUN' ||
    last.pos === 'PROPN' ||
    (last.pos === 'VERB' && /ing$/.test(last.lower))
  )
    return true;
  // A capitalised adjective names ("Chinese"); "iPhone 12" ends in a number.
  return words.length > 1 ? last.pos === 'NUM' : /^\p{Lu}/u.test(last.text);
}

function complete(
  tokens: readonly Token[],
  at: number,
  opening: Opening,
  words: readonly Token[],
): NounPhrase | undefined {
  const core = withoutPraise(words);
  const head = core.at(-1);
  if (head === undefined) return undefined;
  const after = tokens.indexOf(head) + 1;
  const tail = readTail(tokens, after, head);
  const named = readGivenName(tokens, tail.end);
  return {
    // "US" alone reads as a pronoun.
    name: (joined(core) + tail.text).replace(/^US$/, 'USA'),
    head: head.lemma.toLowerCase(),
    modifiers: core.slice(0, -1).map((word) => word.lower),
    count: opening.count,
    givenName: named?.text ?? null,
    possessive: opening.possessive,
    isProper: core.every(
      (word) => /^[\p{Lu}\p{N}]/u.test(word.text) || /^(?:of|the|'s|-|&)$/.test(word.lower),
    ),
    start: at,
    end: named?.end ?? tail.end,
  };
}

function withoutPraise(words: readonly Token[]): readonly Token[] {
  const first = words.findIndex(
    (word, index) => !valuingAdjectives.has(word.lower) || isOfName(words, index),
  );
  return first < 0 ? words.slice(-1) : words.slice(first);
}

/** "New Zealand", "Big Ben": a capital that the next word has too. */
function isOfName(words: readonly Token[], index: number): boolean {
  const isCapital = (token: Token | undefined): boolean => /^\p{Lu}/u.test(token?.text ?? '');
  return isCapital(words[index]) && isCapital(words[index + 1]);
}

/** "a cup of tea", "a book about business": part of the name; "a house in Rome" is not. */
function readTail(tokens: readonly Token[], at: number, head: Token): { text: string; end: number } {
  const none = { text: '', end: at };
  const link = tokens[at]?.lower;
  const kind = head.lemma.toLowerCase();
  const isAbout =
    link === 'about' &&
    /^(?:book|novel|article|essay|movie|film|blog|documentary|podcast|song|show|class|course|lecture)$/.test(
      kind,
    );
  const isOfSubject =
    /^(?:in|on)$/.test(link ?? '') && /^(?:course|class|degree|lecture|workshop|seminar|lesson)$/.test(kind);
  const isWay = link === 'to' && /^(?:trip|visit|journey|flight|tour)$/.test(kind);
  const isAuthor = link === 'by' && /^(?:concert|song|book|novel|album|movie|film|painting)$/.test(kind);
  if (link !== 'of' && !isAbout && !isOfSubject && !isWay && !isAuthor) return none;
  const inner = readNounPhrase(tokens, at + 1);
  if (inner === undefined || inner.possessive !== null || inner.name.length > 40) return none;
  if ((isWay || isAuthor) && !inner.isProper) return none;
  const article =
    /^(?:the|a|an)$/.test(tokens[at + 1]?.lower ?? '') && inner.isProper
      ? `${tokens[at + 1]?.text ?? ''} `
      : '';
  return { text: ` ${link} ${article}${inner.name}`, end: inner.end };
}

/** "called Max", "named Luna", and a name that follows at once: "my dog Max". */
function readGivenName(tokens: readonly Token[], at: number): { text: string; end: number } | undefined {
  const comma = tokens[at]?.text === ',' ? 1 : 0;
  const isCalled = /^(?:called|named)$/.test(tokens[at + comma]?.lower ?? '');
  if (!isCalled) return undefined;
  const title = readTitle(tokens, at + comma + 1);
  if (title !== undefined) return { text: title.name, end: title.end };
  const words = takeWhile(
    tokens,
    at + comma + 1,
    (token) => /^\p{Lu}/u.test(token.text) && token.pos !== 'PUNCT',
  );
  return words.length === 0 ? undefined : { text: joined(words), end: at + comma + 1 + words.length };
}

/** A title in quotation marks, at most eight words. */
function readTitle(tokens: readonly Token[], at: number): NounPhrase | undefined {
  if (tokens[at]?.text !== '"') return undefined;
  const close = tokens.findIndex((token, index) => index > at && token.text === '"');
  const words = tokens
    .slice(at + 1, close)
    .filter((token, index, all) => index < all.length - 1 || !/^[.,!]$/.test(token.text));
  if (close < 0 || words.length === 0 || words.length > 8) return undefined;
  const whole = { head: 'title', count: null, givenName: null, possessive: null, isProper: true };
  return { ...whole, name: joined(words), modifiers: [], start: at, end: close + 1 };
}

/** Words as they were written, with the spaces that stood between them. */
export function joined(words: readonly Token[]): string {
  return words
    .map((word, index) =>
      index > 0 && word.start > (words[index - 1]?.end ?? 0) ? ` ${word.text}` : word.text,
    )
    .join('');
}

export function takeWhile(tokens: readonly Token[], from: number, holds: (token: Token) => boolean): Token[] {
  const end = tokens.findIndex((token, index) => index >= from && !holds(token));
  return tokens.slice(from, end < 0 ? tokens.length : end);
}

/** Whether the phrase names something that one can remember. */
export function isNameable(phrase: NounPhrase): boolean {
  if (phrase.isProper) return phrase.name.length >= 2;
  const telling = phrase.modifiers.filter((word) => !valuingAdjectives.has(word) && word !== '-');
  return (
    !(emptyHeads.has(phrase.head) || emptyHeads.has(phrase.name)) ||
    (telling.length > 0 && /^(?:activit|hobb|game|skill|technique)/.test(phrase.head))
  );
}
