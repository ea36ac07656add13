import type { Token } from './language-model.ts';
import { clauseBreakers, looseEnds, objectPronouns } from './lexicon/grammar-words.ts';
import { typeOfHead } from './lexicon/entity-heads.ts';
import { knownVerbs, pastimeVerbs } from './lexicon/verbs.ts';
import { isNameable, joined, readNounPhrase, type NounPhrase } from './phrases.ts';

/** One member of "pizza, sushi and playing chess". */
export interface ListItem {
  readonly name: string;
  readonly head: string;
  /** Null for doings ("playing chess"). */
  readonly phrase: NounPhrase | null;
  readonly end: number;
}

/** All that is named from `at` on: "pizza and sushi" are two. Stops before the next clause. */
export function readList(tokens: readonly Token[], at: number): ListItem[] {
  const items: ListItem[] = [];
  let next = skipAdverbs(tokens, at);
  while (next < tokens.length) {
    const found = readItems(tokens, next, items.at(-1));
    const last = found.at(-1);
    if (last === undefined) break;
    if (items.length > 0 && startsClause(tokens, last.end)) break;
    items.push(...found);
    const link = linkLength(tokens, last.end);
    if (link === 0) break;
    next = skipAdverbs(tokens, last.end + link);
  }
  return shareHead(items, tokens);
}

function readItems(tokens: readonly Token[], at: number, before: ListItem | undefined): ListItem[] {
  const doing = readDoing(tokens, at);
  if (doing !== undefined) return [doing];
  const phrase = readNounPhrase(tokens, at);
  if (phrase === undefined) return [];
  const examples = readExamples(tokens, phrase);
  if (examples.length > 0) return examples;
  if (!isNameable(phrase)) return [];
  // "reading novels and comics": the second is read as well.
  const shared = before?.phrase === null ? sharedVerb(before.name) : '';
  const name = shared + phrase.name;
  return [
    {
      name,
      head: shared === '' ? phrase.head : (before?.head ?? ''),
      phrase: shared === '' ? phrase : null,
      end: phrase.end,
    },
  ];
}

function sharedVerb(doing: string): string {
  const [verb, ...rest] = doing.split(' ');
  if (rest.length === 0) return '';
  const link = rest.length > 1 && /^(?:to|at|in|on|with)$/.test(rest[0] ?? '') ? ` ${rest[0] ?? ''}` : '';
  return `${verb ?? ''}${link} `;
}

/** "activities such as climbing and dancing" means climbing and dancing. */
function readExamples(tokens: readonly Token[], phrase: NounPhrase): ListItem[] {
  const at = phrase.end + (tokens[phrase.end]?.text === ',' ? 1 : 0);
  const isSuchAs = tokens[at]?.lower === 'such' && tokens[at + 1]?.lower === 'as';
  const isLike = tokens[at]?.lower === 'like' || tokens[at]?.lower === 'including';
  if (isSuchAs) return readList(tokens, at + 2);
  return isLike ? readList(tokens, at + 1) : [];
}

/** "playing chess", "listening to classical music", "hiking". */
export function readDoing(tokens: readonly Token[], at: number): ListItem | undefined {
  const verb = tokens[at];
  if (verb === undefined || !isDoing(verb)) return undefined;
  const head = verb.lemma.toLowerCase();
  const particle = /^(?:to|at|with|on|up|out|for|about|in)$/.test(tokens[at + 1]?.lower ?? '') ? 1 : 0;
  const object = readNounPhrase(tokens, at + 1 + particle);
  const bare = { name: verb.lower, head, phrase: null, end: at + 1 };
  if (object === undefined) return isBareDoing(tokens, at) ? bare : undefined;
  if (looseEnds.has(object.head)) return bare;
  if (!isNameable(object))
    return readExamplesAfterVerb(tokens, verb, object) ?? (particle > 0 ? bare : undefined);
  const link = particle > 0 ? `${tokens[at + 1]?.text ?? ''} ` : '';
  const article = /^an?$/.test(tokens[object.start]?.lower ?? '')
    ? `${tokens[object.start]?.lower ?? ''} `
    : '';
  return { name: `${verb.lower} ${link}${article}${object.name}`, head, phrase: null, end: object.end };
}

function readExamplesAfterVerb(
  tokens: readonly Token[],
  verb: Token,
  object: NounPhrase,
): ListItem | undefined {
  const first = readExamples(tokens, object)[0];
  return first === undefined
    ? undefined
    : { name: `${verb.lower} ${first.name}`, head: verb.lemma.toLowerCase(), phrase: null, end: first.end };
}

const notDoings =
  /^(?:thing|something|anything|everything|nothing|being|having|going|king|spring|string|morning|evening|wedding|building|feeling|meeting|ring|wing|ceiling|clothing|getting|pudding|beijing|saying|during|including|according|regarding)$/;

/** A gerund; those that the tagger calls nouns ("hiking") only when nothing was put before them. */
function isDoing(token: Token): boolean {
  if (!/^[a-z]{2,}ing$/i.test(token.lower) || notDoings.test(token.lower)) return false;
  return token.pos === 'VERB' || (token.pos === 'NOUN' && token.lemma !== token.lower);
}

function isBareDoing(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1];
  const isPastime =
    typeOfHead(tokens[at]?.lower ?? '') === 'hobby' ||
    pastimeVerbs.has(tokens[at]?.lemma.toLowerCase() ?? '');
  return isPastime && (next === undefined || !objectPronouns.has(next.lower) || next.pos === 'ADV');
}

/** How many tokens join two members: ",", "and", ", and", "as well as". */
function linkLength(tokens: readonly Token[], at: number): number {
  const [first, second, third] = [tokens[at]?.lower, tokens[at + 1]?.lower, tokens[at + 2]?.lower];
  if (first === 'as' && second === 'well' && third === 'as') return 3;
  if (first === ',') return second === 'and' || second === 'or' ? 2 : 1;
  return first === 'and' || first === 'or' || first === '&' || first === '/' ? 1 : 0;
}

function skipAdverbs(tokens: readonly Token[], at: number): number {
  let next = at;
  while (
    /^(?:also|both|either|especially|mostly|mainly|sometimes|maybe|just|even|really|so|eating)$/.test(
      tokens[next]?.lower ?? '',
    ) &&
    tokens[next]?.pos !== 'VERB'
  )
    next++;
  return next;
}

/** What looked like one more member is the subject of the next clause: "pizza, my brother likes …". */
function startsClause(tokens: readonly Token[], end: number): boolean {
  const next = tokens[end];
  return next !== undefined && (next.pos === 'AUX' || (next.pos === 'VERB' && !/ing$/.test(next.lower)));
}

/** "Sichuan and Cantonese cuisine": both are cuisines. */
function shareHead(items: readonly ListItem[], tokens: readonly Token[]): ListItem[] {
  const last = items.at(-1)?.phrase;
  const shared =
    last?.modifiers.length === 1 && /^\p{Ll}/u.test(last.head) ? tokens[last.end - 1] : undefined;
  if (shared === undefined || !/^\p{Lu}/u.test(last?.name ?? '')) return [...items];
  return items.map((item) =>
    item.phrase !== null && item.phrase.modifiers.length === 0 && item.phrase.isProper
      ? {
          ...item,
          name: `${item.name} ${shared.text}`,
          head: last?.head ?? item.head,
          end: last?.end ?? item.end,
        }
      : item,
  );
}

/** "visit Japan", "learn how to cook": what comes after "to", up to the end of the thought. */
export function readAction(
  tokens: readonly Token[],
  at: number,
): { name: string; head: string; end: number } | undefined {
  const verb = tokens[at];
  if (
    verb === undefined ||
    !/^[a-z]+$/.test(verb.lower) ||
    !(verb.pos === 'VERB' || verb.pos === 'NOUN' || knownVerbs.has(verb.lower))
  )
    return undefined;
  const words = takeAction(tokens, at);
  const kept = words.map((word, index) => ownAsArticle(word, words, index)).filter(isKeptInAction);
  if (words.some((word) => objectPronouns.has(word.lower)) || kept.length === 0) return undefined;
  return { name: joined(kept), head: verb.lemma.toLowerCase(), end: at + words.length };
}

function isKeptInAction({ lower }: Token): boolean {
  return !/^(?:my|our|own|some|any|maybe|perhaps|really|just|also|finally)$/.test(lower);
}

/** "build my own studio" as "build a studio". */
function ownAsArticle(word: Token, words: readonly Token[], index: number): Token {
  if (word.lower !== 'my' || words[index + 1]?.lower !== 'own') return word;
  const article = /^[aeiou]/i.test(words[index + 2]?.text ?? '') ? 'an' : 'a';
  return { ...word, text: article, lower: article };
}

function takeAction(tokens: readonly Token[], at: number): Token[] {
  const words: Token[] = [];
  for (let index = at; index < tokens.length && words.length < 9; index++) {
    const token = tokens[index];
    if (token === undefined || endsAction(tokens, index)) break;
    words.push(token);
  }
  // A cut at nine words, or before a verb of the next clause, must not dangle.
  while (words.length > 1 && isDangling(words.at(-1))) words.pop();
  return words;
}

function endsAction(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  if (token === undefined || (token.pos === 'PUNCT' && token.text !== '-')) return true;
  if (token.lower === 'how' && tokens[index + 1]?.lower === 'to') return false;
  if (/^(?:and|or)$/.test(token.lower)) return !/^(?:NOUN|PROPN)$/.test(tokens[index + 1]?.pos ?? '');
  if (/^(?:i|we|you|he|she|they|it)$/.test(token.lower)) return true;
  return clauseBreakers.has(token.lower) && !/^how$/.test(token.lower);
}

function isDangling(token: Token | undefined): boolean {
  if (token === undefined) return false;
  return (
    looseEnds.has(token.lower) ||
    /^(?:ADP|DET|CCONJ|PART|AUX|SCONJ|ADV|PUNCT)$/.test(token.pos) ||
    /^(?:this|next|last|my|our|the|a)$/.test(token.lower)
  );
}
