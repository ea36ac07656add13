import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Sentence, Token } from '../language-model.ts';
import { ailments, occasions, pets, possessions, relatives, typeOfHead } from '../lexicon/entity-heads.ts';
import { wordSet } from '../lexicon/word-set.ts';
import { readList } from '../lists.ts';
import { joined, takeWhile, type NounPhrase } from '../phrases.ts';
import type { PlacedClaim } from './favorites.ts';

const colors =
  /^(?:red|green|blue|black|white|yellow|orange|purple|pink|brown|gr[ae]y|silver|golden|beige|turquoise)$/;
const sizes = /^(?:small|little|big|large|tiny|huge|giant)$/;

/** "I have two cats and a green car", "I own a boat", "I've got a sister", "I don't have pets". */
export function readHaving(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.isProgressive || tokens[verb.end]?.lower === 'to') return [];
  const isNone = tokens[verb.end]?.lower === 'no';
  const at = isNone || tokens[verb.end]?.lower === 'got' ? verb.end + 1 : verb.end;
  return readList(tokens, at)
    .flatMap((item) => (item.phrase === null ? [] : having(item.phrase, verb.isNegated || isNone, tokens)))
    .filter(({ type }) => verb.tense !== 'future' || (type === 'event' && !verb.isNegated));
}

/** "I bought a camera", "we adopted a dog named Rex". */
export function readGetting(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.isNegated || !/^(?:past|perfect)$/.test(verb.tense) || verb.isProgressive) return [];
  return readList(tokens, verb.end)
    .flatMap((item) => (item.phrase === null ? [] : bought(item.phrase, verb.lemma, tokens)))
    .filter(({ relation }) => relation === 'owns');
}

/** What is bought to be kept is owned; not what is eaten or given away. */
function bought(phrase: NounPhrase, lemma: string, tokens: readonly Token[]): Claim[] {
  const known = having(phrase, false, tokens);
  const isForOthers = tokens[phrase.end]?.lower === 'for' && tokens[phrase.end + 1]?.lower !== 'myself';
  if (isForOthers) return [];
  if (known.length > 0 || lemma !== 'buy' || !keepsakes.has(phrase.head) || phrase.possessive !== null)
    return known;
  const { name, attributes } = described(phrase, tokens);
  return [{ relation: 'owns', name, type: 'object', attributes, confidence: 0.85, end: phrase.end }];
}

const keepsakes = wordSet(
  'dress shirt skirt jacket coat suit shoe boot sneaker hat scarf sweater bag backpack necklace bracelet ring earring',
  'jewelry headphone speaker lens lego toy doll plant book novel cd record vinyl painting sculpture racket ball game',
  'sofa desk chair table bed lamp mirror oven blender machine perfume lipstick makeup glove glasses sunglasses outfit',
);

export function having(phrase: NounPhrase, isNegated: boolean, tokens: readonly Token[] = []): Claim[] {
  const relation = relationOf(phrase.head);
  if (relation === undefined || phrase.possessive !== null) return [];
  const { name, attributes } = described(phrase, tokens);
  const type = pets.has(phrase.head) ? 'pet' : typeOfHead(phrase.head);
  return [
    {
      relation,
      name,
      type,
      attributes,
      polarity: isNegated ? 'negative' : 'positive',
      confidence: 0.9,
      end: phrase.end,
    },
  ];
}

function relationOf(head: string): 'owns' | 'has' | undefined {
  if (pets.has(head) || possessions.has(head)) return 'owns';
  return relatives.has(head) || ailments.has(head) || occasions.has(head) ? 'has' : undefined;
}

interface Described {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | null>>;
}

/** A pet goes by its name, or by its kind; colour, size and number are this user's own. */
function described(phrase: NounPhrase, tokens: readonly Token[]): Described {
  const color = phrase.modifiers.find((word) => colors.test(word)) ?? null;
  const opening = tokens.slice(phrase.start, phrase.end).map(({ lower }) => lower);
  const size = opening.find((word) => sizes.test(word)) ?? null;
  const kind = phrase.name
    .split(' ')
    .filter((word) => !colors.test(word.toLowerCase()) && !sizes.test(word.toLowerCase()))
    .join(' ');
  const common = { color, size, count: phrase.count === '1' ? null : phrase.count };
  if (phrase.givenName === null) return { name: kind, attributes: common };
  return { name: phrase.givenName, attributes: { ...common, kind } };
}

/** "my dog Max", "my sister": having them is implied by speaking of them. */
export function readPossessives({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks) return [];
  return tokens.flatMap((token, start) => {
    const next = tokens[start + 1];
    if (token.lower !== 'my' || next === undefined) return [];
    const at = /^(?:older|elder|younger|little|big|best|new|old)$/.test(next.lower) ? start + 2 : start + 1;
    const head = tokens[at];
    return head === undefined ? [] : possessive(tokens, start, at, head);
  });
}

/** "my best friend Mia"; friends in general everybody has. */
function bestFriend(tokens: readonly Token[], start: number, at: number): PlacedClaim[] {
  const named = takeWhile(tokens, at + 1, (word) => word.pos === 'PROPN' && /^\p{Lu}/u.test(word.text));
  const attributes = { name: named.length === 0 || named.length > 2 ? null : joined(named) };
  const end = at + 1 + (attributes.name === null ? 0 : named.length);
  return [
    {
      relation: 'has',
      name: 'best friend',
      type: 'person',
      attributes,
      confidence: 0.8,
      isImplied: true,
      start,
      end,
    },
  ];
}

/** "my camera": a thing that not everybody has is theirs. */
function possessionOf(tokens: readonly Token[], start: number, at: number): PlacedClaim[] {
  const before = tokens
    .slice(0, start)
    .map(({ lower }) => lower)
    .join(' ');
  const near = tokens.slice(Math.max(0, start - 2), start).map(({ lower }) => lower);
  if (
    near.some((word) =>
      /^(?:buy|buying|get|getting|open|opening|build|rent|find|start|starting|have|sell|sold|lose|lost|break|broke|steal)$/.test(
        word,
      ),
    )
  )
    return [];
  if (/\b(?:if|sold|lost|broke|broken|dream|dreamed|stolen|missing|called|named)\b/.test(before)) return [];
  const head = tokens[at];
  // "my guitar teacher", "my car racing": another thing.
  if (
    head === undefined ||
    /^(?:NOUN|PROPN)$/.test(tokens[at + 1]?.pos ?? '') ||
    tokens[at + 1]?.lower === "'s"
  )
    return [];
  if (/^(?:was|were|got|died)$/.test(tokens[at + 1]?.lower ?? '')) return [];
  return [
    {
      relation: 'owns',
      name: head.lower,
      type: 'object',
      confidence: 0.8,
      isImplied: true,
      start,
      end: at + 1,
    },
  ];
}

/** Phones and homes everybody has. */
const telling = wordSet(
  'camera guitar piano violin drum bike bicycle motorcycle motorbike scooter car truck boat yacht kayak telescope drone',
  'skateboard snowboard surfboard ukulele cello flute saxophone trumpet garden bookshop bakery cafe greenhouse blog podcast',
);

function possessive(tokens: readonly Token[], start: number, at: number, head: Token): PlacedClaim[] {
  const kind = head.lemma.toLowerCase();
  const isKin = relatives.has(kind);
  if (telling.has(kind)) return possessionOf(tokens, start, at);
  if (kind === 'friend' && tokens[start + 1]?.lower === 'best') return bestFriend(tokens, start, at);
  if (!isKin && !pets.has(kind)) return [];
  const before = tokens
    .slice(Math.max(0, start - 3), start)
    .map(({ lower }) => lower)
    .join(' ');
  // A dead or former one is not had any more.
  if (/\b(?:like|as|if|called|named|late|ex|lost|buried)$/.test(before)) return [];
  if (/^(?:passed|died|was|were|had)$/.test(tokens[at + 1]?.lower ?? '')) return [];
  const named = takeWhile(
    tokens,
    at + (/^(?:called|named|,)$/.test(tokens[at + 1]?.lower ?? '') ? 2 : 1),
    (word) => word.pos === 'PROPN' && /^\p{Lu}/u.test(word.text),
  );
  const givenName = named.length === 0 || named.length > 2 ? null : joined(named);
  const last = givenName === null ? at : tokens.indexOf(named.at(-1) ?? head);
  const claim: Omit<PlacedClaim, 'name' | 'relation'> = {
    type: isKin ? 'person' : 'pet',
    confidence: 0.8,
    isImplied: true,
    start,
    end: last + 1,
  };
  if (isKin) return [{ ...claim, relation: 'has', name: head.lower, attributes: { name: givenName } }];
  return [
    {
      ...claim,
      relation: 'owns',
      name: givenName ?? head.lower,
      attributes: { kind: givenName === null ? null : kind },
    },
  ];
}
