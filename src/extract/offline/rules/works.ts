import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { readList } from '../lists.ts';
import { readNounPhrase, type NounPhrase } from '../phrases.ts';
import { isOver } from './experiences.ts';

/** "I watched a movie called …", "I just finished reading …": works that have a title. */
export function readTitledWork(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (!isOver(clause) || verb.isNegated) return [];
  const called = titleAfterCalled(clause);
  if (called.length > 0) return called;
  return readList(tokens, verb.end).flatMap((item) => {
    const { phrase } = item;
    if (phrase === null) return [];
    const plain = plainWork(phrase, verb.lemma);
    if (plain !== undefined) return [plain];
    const isQuoted = tokens[phrase.start]?.text === '"';
    const isNamedWork = phrase.isProper && /^(?:watch|read)$/.test(verb.lemma) && phrase.name.length > 2;
    const title = phrase.givenName ?? (isQuoted || isNamedWork ? phrase.name : null);
    if (
      title === null ||
      !(typeOfHead(phrase.head) === 'media' || phrase.givenName === null || phrase.head === 'one')
    )
      return [];
    const kind = phrase.givenName === null ? null : phrase.head;
    return [
      {
        relation: 'other',
        predicate: worksPredicate(verb.lemma),
        name: title,
        type: 'media',
        attributes: { kind: kind === 'one' ? null : kind },
        confidence: 0.9,
        end: phrase.end,
      } satisfies Claim,
    ];
  });
}

/** "the movie Interstellar", "a documentary about whales": named by its title or by what it is about. */
function plainWork(phrase: NounPhrase, lemma: string): Claim | undefined {
  if (!/^(?:watch|read|see|finish)$/.test(lemma)) return undefined;
  const [kind = '', ...title] = phrase.name.split(' ');
  const isWork = /^(?:movie|film|book|novel|series|show|documentary|anime|drama|play|musical)$/;
  const base = {
    relation: 'other',
    predicate: worksPredicate(lemma),
    type: 'media',
    confidence: 0.85,
  } as const;
  const isTitled =
    title.length > 0 && title.every((word) => /^[\p{Lu}\p{N}]|^(?:of|the|and|in|to|a)$/u.test(word));
  if (isWork.test(kind) && isTitled)
    return { ...base, name: title.join(' '), attributes: { kind }, end: phrase.end };
  const isTold = isWork.test(phrase.head) && / about /.test(phrase.name);
  return isTold ? { ...base, name: phrase.name, end: phrase.end } : undefined;
}

/** "I watched a really great one called …". */
function titleAfterCalled({ tokens, verb }: Clause): Claim[] {
  const at = tokens.findIndex(
    ({ lower }, index) =>
      index >= verb.end && index < verb.end + 8 && /^(?:called|titled|named)$/.test(lower),
  );
  const title = at < 0 ? undefined : readNounPhrase(tokens, at + 1);
  const kind = tokens[at - 1]?.lemma.toLowerCase() ?? '';
  if (title?.isProper !== true || !(typeOfHead(kind) === 'media' || title.head === 'title')) return [];
  const attributes = { kind: typeOfHead(kind) === 'media' ? kind : null };
  return [
    {
      relation: 'other',
      predicate: worksPredicate(verb.lemma),
      name: title.name,
      type: 'media',
      attributes,
      confidence: 0.9,
      end: title.end,
    },
  ];
}

function worksPredicate(lemma: string): string {
  return lemma === 'read' ? 'has read' : 'has watched';
}

/** "I finished reading The Great Gatsby". */
export function readFinishedWork(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const doing = tokens[verb.end]?.lower ?? '';
  const isArticle = tokens[verb.end + 1]?.lower === 'the';
  const title = readNounPhrase(tokens, verb.end + 1);
  if (!isOver(clause) || !/^(?:reading|watching)$/.test(doing) || title?.isProper !== true) return [];
  const name = isArticle && tokens[verb.end + 1]?.text === 'The' ? `The ${title.name}` : title.name;
  const predicate = doing === 'reading' ? 'has read' : 'has watched';
  return [{ relation: 'other', predicate, name, type: 'media', confidence: 0.88, end: title.end }];
}
