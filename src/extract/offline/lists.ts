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
    const found = readItems(tokens, next, sharing(items, tokens, next));
    const last = found.at(-1);
    if (last === undefined) {
      // One member that has no name must not hide those after it.
      const after = items.length === 0 ? undefined : afterUnreadable(tokens, next);
      if (after === undefined) break;
      next = skipAdverbs(tokens, after);
      continue;
    }
    if (items.length > 0 && startsClause(tokens, last.end)) break;
    items.push(...found);
    const link = linkLength(tokens, last.end);
    if (link === 0) break;
    next = skipAdverbs(tokens, last.end + link);
  }
  return shareHead(items, tokens);
}

/** The doing whose verb the next member may share: "painting cats and dogs", not "painting, reading books, and cats". */
function sharing(items: readonly ListItem[], tokens: readonly Token[], next: number): ListItem | undefined {
  const doings = items.filter(({ phrase }) => phrase === null).length;
  const isParted = tokens[next - 1]?.text === ',' || tokens[next - 2]?.text === ',';
  return doings > 1 && isParted ? undefined : items.at(-1);
}

/** Where the list goes on after a member without a name; undefined where something else begins. */
function afterUnreadable(tokens: readonly Token[], from: number): number | undefined {
  for (let at = from; at < tokens.length && at < from + 6; at++) {
    const token = tokens[at];
    if (token === undefined || /^[.!?;:()"]/.test(token.text) || token.pos === 'AUX') return undefined;
    if (objectPronouns.has(token.lower) || clauseBreakers.has(token.lower)) return undefined;
    if (token.pos === 'VERB' && !/ing$/.test(token.lower)) return undefined;
    const link = at === from ? 0 : linkLength(tokens, at);
    if (link > 0) return at + link;
  }
  return undefined;
}

function readItems(tokens: readonly Token[], at: number, before: ListItem | undefined): ListItem[] {
  const doing = readDoing(tokens, at);
  if (doing !== undefined) return [doing, ...examplesOfDoing(tokens, doing)];
  const phrase = readNounPhrase(tokens, at);
  // "AC/DC", "tea/coffee": one name or two, nobody can tell.
  if (phrase === undefined || tokens[phrase.end]?.text === '/') return [];
  const examples = readExamples(tokens, phrase.end);
  if (examples.length > 0 || !isNameable(phrase)) return examples;
  // "reading novels and comics": the second is read as well.
  // "watching films and painting": a doing of its own.
  const isDoing = phrase.name.endsWith('ing') && typeOfHead(phrase.name) === 'hobby';
  const shared = before?.phrase === null && !isDoing ? sharedVerb(before.name) : '';
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

/** "playing sports like tennis and golf": playing each of them. */
function examplesOfDoing(tokens: readonly Token[], doing: ListItem): ListItem[] {
  const verb = sharedVerb(doing.name);
  if (verb === '') return [];
  return readExamples(tokens, doing.end).map((item) =>
    item.phrase === null ? item : { ...item, name: verb + item.name, head: doing.head, phrase: null },
  );
}

function sharedVerb(doing: string): string {
  const [verb, ...rest] = doing.split(' ');
  if (rest.length === 0) return '';
  const link = rest.length > 1 && /^(?:to|at|in|on|with)$/.test(rest[0] ?? '') ? ` ${rest[0] ?? ''}` : '';
  return `${verb ?? ''}${link} `;
}

/** "activities such as climbing and dancing" names climbing and dancing. */
function readExamples(tokens: readonly Token[], end: number): ListItem[] {
  const at = end + (/^[,(:-]$/.test(tokens[end]?.text ?? '') ? 1 : 0);
  const [first, second] = [tokens[at]?.lower ?? '', tokens[at + 1]?.lower ?? ''];
  const isPair = /^(?:such as|for example|for instance)$/.test(`${first} ${second}`);
  const comma = tokens[at + 2]?.text === ',' ? 1 : 0;
  const isWord = /^(?:like|including|especially|particularly|e\.g\.?)$/.test(first);
  if (!isPair && !isWord) return [];
  // "food like my mother's": no example.
  return readList(tokens, isPair ? at + 2 + comma : at + 1).filter(
    ({ phrase }) => phrase?.possessive == null,
  );
}

/** "playing chess", "listening to classical music", "hiking". */
export function readDoing(tokens: readonly Token[], at: number): ListItem | undefined {
  const verb = tokens[at];
  if (verb === undefined || !isDoing(verb)) return undefined;
  const head = verb.lemma.toLowerCase();
  const outdoors = readPhrasalDoing(tokens, at);
  if (outdoors !== undefined) return outdoors;
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

/** "working out", "hanging out with friends": the particle makes the doing. */
function readPhrasalDoing(tokens: readonly Token[], at: number): ListItem | undefined {
  const verb = tokens[at];
  const words = `${verb?.lower ?? ''} ${tokens[at + 1]?.lower ?? ''}`;
  if (verb === undefined || !/^(?:(?:working|hanging|eating|dining) out|dressing up)$/.test(words))
    return undefined;
  const company = tokens[at + 2]?.lower === 'with' ? readNounPhrase(tokens, at + 3) : undefined;
  const name = company === undefined ? words : `${words} with ${company.name}`;
  return { name, head: verb.lemma.toLowerCase(), phrase: null, end: company?.end ?? at + 2 };
}

function readExamplesAfterVerb(
  tokens: readonly Token[],
  verb: Token,
  object: NounPhrase,
): ListItem | undefined {
  const first = readExamples(tokens, object.end)[0];
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
  if ((first === 'along' && second === 'with') || (first === 'but' && second === 'also')) return 2;
  if (first === ',') return second === 'and' || second === 'or' ? 2 : 1;
  return first === 'and' || first === 'or' || first === '&' || first === 'plus' ? 1 : 0;
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
  // "match it with earrings", "browse magazines to help me": what is cut before a pronoun is not whole.
  if (objectPronouns.has(tokens[at + words.length]?.lower ?? '') && !isTimeAfter(tokens, at + words.length))
    return undefined;
  return { name: joined(kept), head: verb.lemma.toLowerCase(), end: at + words.length };
}

/** "read, swim and play chess": each of several actions after one "to". */
export function readActions(
  tokens: readonly Token[],
  at: number,
): { name: string; head: string; end: number }[] {
  const first = readAction(tokens, at);
  if (first === undefined) return [];
  const actions = [first];
  for (let end = first.end; ;) {
    const link = linkLength(tokens, end);
    const next = end + link + (tokens[end + link]?.lower === 'to' ? 1 : 0);
    const verb = tokens[next];
    const isBare = verb?.pos === 'VERB' && verb.lower === verb.lemma.toLowerCase();
    const action = link > 0 && isBare ? readAction(tokens, next) : undefined;
    if (action === undefined) return actions;
    actions.push(action);
    end = action.end;
  }
}

/** "one day" and "there" say when and where; the action before them is whole. */
function isTimeAfter(tokens: readonly Token[], at: number): boolean {
  const word = tokens[at]?.lower ?? '';
  return /^(?:here|there|so|this)$/.test(word) || (word === 'one' && tokens[at + 1]?.lower === 'day');
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
  while (words.length > 1 && isDangling(words.at(-1)) && !isParticle(words)) words.pop();
  return words;
}

/** "catch up", "work out": the verb is not whole without it. */
function isParticle(words: readonly Token[]): boolean {
  return words.at(-2)?.pos === 'VERB' && /^(?:up|out|off|down|away|back)$/.test(words.at(-1)?.lower ?? '');
}

function endsAction(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index];
  if (token === undefined || (token.pos === 'PUNCT' && token.text !== '-')) return true;
  if (token.lower === 'how' && tokens[index + 1]?.lower === 'to') return false;
  if (/^(?:and|or)$/.test(token.lower)) return !/^(?:NOUN|PROPN)$/.test(tokens[index + 1]?.pos ?? '');
  if (/^(?:i|we|you|he|she|they|it)$/.test(token.lower)) return true;
  if (token.lower === 'one' && tokens[index + 1]?.lower === 'day') return true;
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
