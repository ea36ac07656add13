import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Sentence, Token } from '../language-model.ts';
import { occupations, relatives } from '../lexicon/entity-heads.ts';
import { parseText } from '../language-model.ts';
import { joined, readNounPhrase, takeWhile } from '../phrases.ts';
import type { PlacedClaim } from './favorites.ts';
import { readLeaning } from './tastes.ts';

const states =
  /^(?:married|single|divorced|engaged|widowed|pregnant|vegan|vegetarian|retired|unemployed|bilingual|colorblind|left-handed|pescatarian|lactose-intolerant|diabetic|introverted|extroverted)$/;

/** "I'm a nurse", "I am from Porto", "I'm 31 years old", "I'm vegetarian", "I'm allergic to nuts". */
export function readBeing(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.modal !== null || (verb.tense === 'past' && !clause.hasEnded)) return [];
  return (
    readers
      .map((read) => read(clause, tokens[verb.end], tokens[verb.end + 1]))
      .find((claims) => claims.length > 0) ?? readLeaning(clause)
  );
}

type BeingReader = (clause: Clause, first: Token | undefined, second: Token | undefined) => Claim[];
const readers: readonly BeingReader[] = [
  readAge,
  readOrigin,
  readState,
  readAllergy,
  readAbility,
  readOccupation,
];

function readAge({ tokens, verb }: Clause, first: Token | undefined, second: Token | undefined): Claim[] {
  const years = Number(first?.text);
  const isAge = /^years?$/.test(second?.lower ?? '') && tokens[verb.end + 2]?.lower === 'old';
  const endsThere = second === undefined || /^[.!,;]|^(?:and|now)$/.test(second.lower);
  if (verb.isNegated || !Number.isInteger(years) || years < 5 || years > 110 || !(isAge || endsThere))
    return [];
  return [
    {
      relation: 'is_aged',
      name: String(years),
      type: 'other',
      confidence: isAge ? 0.95 : 0.8,
      end: verb.end + (isAge ? 3 : 1),
    },
  ];
}

function readOrigin({ tokens, verb }: Clause, first: Token | undefined): Claim[] {
  const link = first?.lower === 'originally' ? verb.end + 1 : verb.end;
  if (tokens[link]?.lower !== 'from') return [];
  const place = readNounPhrase(tokens, link + 1);
  return place?.isProper === true
    ? [
        {
          relation: 'from',
          name: place.name,
          type: 'place',
          confidence: 0.9,
          end: place.end,
          polarity: verb.isNegated ? 'negative' : 'positive',
        },
      ]
    : [];
}

function readState({ verb }: Clause, first: Token | undefined, second: Token | undefined): Claim[] {
  if (first === undefined || !states.test(first.lower) || second?.pos === 'NOUN') return [];
  return [
    {
      relation: 'other',
      predicate: 'is',
      name: first.lower,
      type: 'other',
      polarity: verb.isNegated ? 'negative' : 'positive',
      confidence: 0.9,
      end: verb.end + 1,
    },
  ];
}

function readAllergy({ tokens, verb }: Clause, first: Token | undefined, second: Token | undefined): Claim[] {
  if (first?.lower !== 'allergic' || second?.lower !== 'to') return [];
  const cause = readNounPhrase(tokens, verb.end + 2);
  return cause === undefined
    ? []
    : [
        {
          relation: 'allergic_to',
          name: cause.name,
          type: 'health',
          polarity: verb.isNegated ? 'negative' : 'positive',
          confidence: 0.95,
          end: cause.end,
        },
      ];
}

function readAbility({ tokens, verb }: Clause, first: Token | undefined, second: Token | undefined): Claim[] {
  if (
    !/^(?:good|great|skilled|experienced)$/.test(first?.lower ?? '') ||
    !/^(?:at|in)$/.test(second?.lower ?? '')
  )
    return [];
  const skill = readNounPhrase(tokens, verb.end + 2);
  const doing = tokens[verb.end + 2];
  if (skill === undefined && !/ing$/.test(doing?.lower ?? '')) return [];
  return [
    {
      relation: 'knows',
      name: skill?.name ?? doing?.lower ?? '',
      type: 'skill',
      polarity: verb.isNegated ? 'negative' : 'positive',
      confidence: 0.8,
      end: skill?.end ?? verb.end + 3,
    },
  ];
}

/** Only words known to be occupations: "I'm a mess" is none. */
function readOccupation({ tokens, verb }: Clause, first: Token | undefined): Claim[] {
  if (!/^(?:a|an|the|currently|still)$/.test(first?.lower ?? '')) return [];
  const job = readNounPhrase(tokens, verb.end);
  if (job === undefined || !occupations.has(job.head)) return [];
  const place = /^(?:at|for)$/.test(tokens[job.end]?.lower ?? '')
    ? readNounPhrase(tokens, job.end + 1)
    : undefined;
  const claim: Claim = {
    relation: 'works_as',
    name: job.name,
    type: 'occupation',
    polarity: verb.isNegated ? 'negative' : 'positive',
    confidence: 0.9,
    end: job.end,
  };
  const field =
    tokens[job.end]?.lower === 'majoring' && tokens[job.end + 1]?.lower === 'in'
      ? readNounPhrase(tokens, job.end + 2)
      : undefined;
  if (field !== undefined)
    return [
      claim,
      { relation: 'studies', name: field.name, type: 'skill', confidence: 0.88, end: field.end },
    ];
  if (place?.isProper !== true) return [claim];
  const relation = /student|graduate|freshman|sophomore/.test(job.head) ? 'studies' : 'works_at';
  return [
    claim,
    relation === 'studies'
      ? { relation: 'studied_at', name: place.name, type: 'education', confidence: 0.8, end: place.end }
      : { relation, name: place.name, type: 'organization', confidence: 0.9, end: place.end },
  ];
}

/** "My name is Ana", "I'm Ana", "this is Ana speaking"; never "I'm Hungry". */
export function readName({ tokens, asks }: Sentence, isFirst: boolean): PlacedClaim[] {
  if (asks && !tokens.some(({ text }) => text === ',')) return [];
  return tokens.flatMap((token, start) => {
    const introduction = introductionLength(tokens, start);
    if (introduction === 0) return [];
    const words = takeWhile(tokens, start + introduction, isNamePart).slice(0, 3);
    const isPlain = token.lower === 'i';
    if (words.length === 0 || (isPlain && !standsAlone(tokens, start, introduction + words.length, isFirst)))
      return [];
    const end = start + introduction + words.length;
    return [
      {
        relation: 'is_named',
        name: joined(words),
        type: 'name',
        confidence: isPlain ? 0.85 : 0.97,
        start,
        end,
      },
    ];
  });
}

function introductionLength(tokens: readonly Token[], at: number): number {
  const [a, b, c] = [tokens[at], tokens[at + 1], tokens[at + 2]].map((token) => token?.lower);
  if (a === 'my' && b === 'name' && (c === 'is' || c === "'s")) return 3;
  if (a === 'my' && b === 'name' && c === 'actually') return 4;
  return a === 'i' && (b === "'m" || b === 'am') ? 2 : 0;
}

function isNamePart(token: Token): boolean {
  return /^\p{Lu}[\p{L}'.-]+$/u.test(token.text) && token.pos !== 'ADJ' && !nationalities.test(token.text);
}

const nationalities =
  /(?:ish|ese|ian|ean|ican|ench|utch|erman|reek|wiss|hai|sraeli|raqi|akistani|sian)$|^(?:AI|I|OK|Hindu|Muslim|Christian|Catholic|Jewish|Buddhist)$/u;

/** A bare "I'm X" is a name when it opens the talk or a greeting and nothing hangs on it. */
function standsAlone(tokens: readonly Token[], start: number, length: number, isFirst: boolean): boolean {
  const next = tokens[start + length];
  const lead = tokens
    .slice(0, start)
    .map(({ lower }) => lower)
    .join(' ');
  const isGreeting = /^(?:(?:hi|hello|hey|yo|greetings|good (?:morning|evening|afternoon))\b.{0,30})?$/.test(
    lead,
  );
  // Capitals at random ("I'm Hungry"): what is an adjective in small letters is no name.
  const word = tokens[start + 2]?.lower ?? '';
  if (lead === '' && parseText(`i am so ${word}`).at(-1)?.tokens.at(-1)?.pos === 'ADJ') return false;
  return (
    (isFirst || lead !== '') &&
    isGreeting &&
    (next === undefined || /^[.,!;]$|^(?:and|from|nice)$/.test(next.lower)) &&
    !relatives.has(word)
  );
}
