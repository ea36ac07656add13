import { typeOfItem, type Claim } from '../claims.ts';
import { clauseEnd, type Clause } from '../clauses.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { pastimeVerbs } from '../lexicon/verbs.ts';
import { readList } from '../lists.ts';
import { asDoing, oneForm } from './tastes.ts';

const instruments =
  /^(?:guitar|piano|violin|drum|cello|ukulele|flute|saxophone|trumpet|bass|harp|clarinet|keyboard|viola|accordion)s?$/;

const habitWords =
  /^(?:usually|often|sometimes|always|regularly|frequently|every|weekly|daily|normally|generally)$/;

/** Said of what one does again and again: "I play …", "I've been playing …", "I often play …". */
function isHabit(clause: Clause): boolean {
  const { verb } = clause;
  if (verb.modal !== null || verb.tense === 'future') return false;
  if (clause.hasEnded) return true;
  if (verb.tense === 'perfect') return verb.isProgressive && !verb.isNegated;
  return verb.tense === 'present' && (!verb.isProgressive || (isLately(clause) && !verb.isNegated));
}

/** "Lately I'm practicing the flute": more than this moment. */
function isLately({ tokens }: Clause): boolean {
  return tokens.some(({ lower }) => /^(?:lately|recently|nowadays)$/.test(lower));
}

function hasHabitWord(clause: Clause): boolean {
  return clause.tokens.slice(clause.start, clauseEnd(clause)).some(({ lower }) => habitWords.test(lower));
}

/** "I play the guitar and chess". */
export function readPlaying(clause: Clause): Claim[] {
  if (!isHabit(clause)) return [];
  const { tokens, verb } = clause;
  return readList(tokens, tokens[verb.end]?.lower === 'with' ? tokens.length : verb.end)
    .filter((item) => item.phrase !== null)
    .map((item) => ({
      relation: 'plays',
      name: item.name,
      type: instruments.test(item.head) ? 'skill' : typeOfItem(item) === 'other' ? 'hobby' : typeOfItem(item),
      polarity: verb.isNegated ? 'negative' : 'positive',
      confidence: 0.88,
      end: item.end,
    }));
}

/** "I practice yoga", "I do karate". */
export function readPractice(clause: Clause): Claim[] {
  if (!isHabit(clause)) return [];
  const relation = clause.verb.lemma === 'do' ? 'does' : 'practices';
  return readList(clause.tokens, clause.verb.end)
    .filter((item) => relation === 'practices' || ['hobby', 'skill'].includes(typeOfHead(item.head)))
    .map((item) => ({
      relation,
      // "I do exercises" is exercising.
      name: item.name.includes(' ')
        ? item.name
        : oneForm(pastimeVerbs.has(item.head) ? item.head : item.name),
      type: typeOfItem(item) === 'other' ? 'skill' : typeOfItem(item),
      polarity: clause.verb.isNegated ? 'negative' : 'positive',
      confidence: 0.85,
      end: item.end,
    }));
}

/** "I collect stamps", "I've been watching films". */
export function readPastime(clause: Clause): Claim[] {
  const { verb, tokens } = clause;
  const isReading = /^(?:read|watch)$/.test(verb.lemma) && verb.tense === 'present' && verb.isProgressive;
  const underWay = isReading && !verb.isNegated ? openWork(clause, doingOf(clause)?.name ?? '') : undefined;
  if (underWay !== undefined) return [underWay];
  if (!isHabit(clause) || verb.lemma === 'study') return [];
  const doing = doingOf(clause);
  if (doing === undefined || (!doing.hasObject && !hasHabitWord(clause) && verb.tense !== 'perfect'))
    return [];
  // Bare perception and reading is too common to be a habit unless it is said to be one.
  if (
    /^(?:read|watch|run|train|grow|build)$/.test(verb.lemma) &&
    verb.tense === 'present' &&
    !hasHabitWord(clause) &&
    !clause.hasEnded
  )
    return [];
  const work = openWork(clause, doing.name);
  if (work !== undefined) return [work];
  const polarity = verb.isNegated ? 'negative' : 'positive';
  return doing.names.map(({ name, end }) => ({
    relation: 'does',
    name,
    type: 'activity',
    polarity,
    confidence: 0.82,
    end: Math.min(end, tokens.length),
  }));
}

/** "I've been reading a book about business" is one book, not a habit. */
function openWork({ verb, tokens }: Clause, name: string): Claim | undefined {
  const article = tokens[verb.end]?.lower;
  if (!verb.isProgressive || !/^(?:a|an|this|the|my)$/.test(article ?? '')) return undefined;
  const object = name.replace(/^\S+ (?:an? )?/, '');
  const item = readList(tokens, verb.end)[0];
  if (item?.phrase == null) return undefined;
  const attributes = item.phrase.givenName === null ? {} : { name: item.phrase.givenName };
  return {
    relation: 'other',
    predicate: `is ${asDoing(verb.lemma)}`,
    name: object,
    type: typeOfItem(item),
    attributes,
    confidence: 0.85,
    end: item.end,
  };
}

interface Pastime {
  readonly name: string;
  readonly hasObject: boolean;
  readonly names: readonly { readonly name: string; readonly end: number }[];
}

function doingOf({ tokens, verb }: Clause): Pastime | undefined {
  const form = {
    text: asDoing(verb.lemma),
    lower: asDoing(verb.lemma),
    lemma: verb.lemma,
    pos: 'VERB' as const,
    start: 0,
    end: 0,
  };
  const names = readList([form, ...tokens.slice(verb.end)], 0)
    .filter(({ phrase }) => phrase === null)
    .map(({ name, end }) => ({ name, end: verb.end - 1 + end }));
  const name = names[0]?.name;
  return name === undefined || name === 'listening'
    ? undefined
    : { name, names, hasObject: name.includes(' ') };
}

/** "I often go hiking", "we go to the gym every day". */
export function readGoing(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const next = tokens[verb.end];
  if (!isHabit(clause) || next === undefined || !/ing$/.test(next.lower)) return [];
  if (/^(?:shopping|sleeping|missing|wrong|working)$/.test(next.lower)) return [];
  return [
    {
      relation: 'does',
      name: next.lower,
      type: 'activity',
      polarity: verb.isNegated ? 'negative' : 'positive',
      confidence: 0.85,
      end: verb.end + 1,
    },
  ];
}

/** "I can cook", "I know how to swim". */
export function readAbility(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const isKnowing =
    verb.lemma === 'know' && tokens[verb.end]?.lower === 'how' && tokens[verb.end + 1]?.lower === 'to';
  const isAble = /^(?:can|ca)$/.test(verb.modal ?? '') && isSkill(verb.lemma);
  if (verb.tense === 'past' || !(isKnowing || isAble)) return [];
  const from = isKnowing ? verb.end + 2 : verb.end;
  const lemma = isKnowing ? (tokens[from]?.lemma.toLowerCase() ?? '') : verb.lemma;
  // "I don't know how to tell him" is about a moment, not about a skill.
  if (!isSkill(lemma) || !/^(?:[.,!;]|and|but|very|well|a|the|[a-z]+)$/.test(tokens[from]?.lower ?? '.'))
    return [];
  if (clause.modality !== 'stated') return [];
  const rest = isKnowing ? from + 1 : from;
  const phrase = readList(tokens, rest)[0];
  const name = [asDoing(lemma), phrase?.name].filter((word) => word !== undefined).join(' ');
  return [
    {
      relation: 'knows',
      name,
      type: 'skill',
      polarity: verb.isNegated ? 'negative' : 'positive',
      confidence: 0.8,
      end: phrase?.end ?? rest,
    },
  ];
}

function isSkill(lemma: string): boolean {
  return pastimeVerbs.has(lemma) || lemma === 'play' || lemma === 'drive' || lemma === 'speak';
}

/** "I don't eat meat", "I quit smoking", "I avoid sugar". */
export function readAvoiding(clause: Clause): Claim[] {
  const { verb, tokens } = clause;
  const isDiet = /^(?:eat|drink|smoke)$/.test(verb.lemma) && verb.isNegated && verb.tense === 'present';
  const isQuit =
    /^(?:quit|stop)$/.test(verb.lemma) &&
    !verb.isNegated &&
    /ing$/.test(tokens[verb.end]?.lower ?? '') &&
    verb.tense !== 'future';
  const isAvoid = verb.lemma === 'avoid' && !verb.isNegated && verb.tense === 'present';
  if (clause.modality === 'hypothetical' || !(isDiet || isQuit || isAvoid)) return [];
  return readList(tokens, verb.end).map((item) => ({
    relation: 'avoids',
    name: item.name,
    type: typeOfItem(item),
    confidence: 0.85,
    end: item.end,
  }));
}
