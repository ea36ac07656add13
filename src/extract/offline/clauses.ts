import type { Sentence, Token } from './language-model.ts';
import { clauseBreakers, looseEnds } from './lexicon/grammar-words.ts';
import { relatives } from './lexicon/entity-heads.ts';
import type { Modality } from '../../model/results.ts';
import type { Utterance } from './reading.ts';
import { readVerbGroup, type VerbGroup } from './verb-group.ts';

/** One statement with its subject: "I have been learning …", "my brother loves …". */
export interface Clause {
  readonly utterance: Utterance;
  readonly tokens: readonly Token[];
  readonly subject: 'i' | 'we' | 'relative';
  /** "brother", when a relative is the subject. */
  readonly relative: string | null;
  readonly verb: VerbGroup;
  /** Index of the token where the quotation begins. */
  readonly start: number;
  readonly modality: Modality;
  /** "used to", "no longer", "anymore": it was so, and is not now. */
  readonly hasEnded: boolean;
}

/** The statements of a sentence by the user about themselves or their relatives. */
export function clausesOf(utterance: Utterance, sentence: Sentence): Clause[] {
  const { tokens } = sentence;
  const clauses: Clause[] = [];
  tokens.forEach((_, index) => {
    const subject = readSubject(tokens, index);
    if (subject === undefined || isWithinQuotes(tokens, index)) return;
    const verb = readVerbGroup(tokens, subject.end);
    const lead = leadOf(tokens, index);
    if (verb === undefined || isSetAside(sentence, lead, index, verb)) return;
    const modality = modalityOf(utterance, tokens, lead, subject.subject, verb);
    const start = modality === 'hypothetical' ? index - lead.length : index;
    const clause: Clause = { utterance, tokens, ...subject, verb, start, modality, hasEnded: false };
    clauses.push(...[clause, ...sharedSubject(clause)].map(unfold));
  });
  return clauses;
}

interface Subject {
  readonly subject: Clause['subject'];
  readonly relative: string | null;
  readonly end: number;
}

function readSubject(tokens: readonly Token[], index: number): Subject | undefined {
  const word = tokens[index]?.lower;
  const before = tokens[index - 1]?.lower;
  if (word === 'i') {
    // "I and my colleagues formed …" is said with "we" in mind.
    const others = tokens[index + 1]?.lower === 'and' && tokens[index + 2]?.lower === 'my' ? 3 : 0;
    return others > 0 && tokens[index + 3]?.pos === 'NOUN'
      ? { subject: 'i', relative: null, end: index + 4 }
      : { subject: 'i', relative: null, end: index + 1 };
  }
  if (word === 'we') return { subject: 'we', relative: null, end: index + 1 };
  const next = tokens[index + 1];
  if (
    word !== 'my' ||
    next === undefined ||
    !relatives.has(next.lemma) ||
    before === 'and' ||
    before === 'of' ||
    before === 'with'
  )
    return undefined;
  return { subject: 'relative', relative: next.lower, end: index + 2 };
}

/** "… and have been learning the piano": a second verb of the same subject. */
function sharedSubject(clause: Clause): Clause[] {
  const { tokens, verb } = clause;
  for (let at = verb.end; at < tokens.length - 1; at++) {
    const token = tokens[at];
    if (
      token === undefined ||
      /^[.!?;:]/.test(token.text) ||
      /^(?:i|we|you|he|she|they|it|which|who|that|because|but)$/.test(token.lower)
    )
      return [];
    if (token.lower !== 'and') continue;
    const next = tokens[at + 1];
    if (next?.pos !== 'AUX' && !(next?.pos === 'VERB' && !/ing$/.test(next.lower))) continue;
    const second = readVerbGroup(tokens, at + 1);
    return second === undefined || !agrees(verb, second) ? [] : [{ ...clause, verb: second }];
  }
  return [];
}

/** "used to live" is living that ended; "started learning" is learning. */
function unfold(clause: Clause): Clause {
  const { tokens, verb } = clause;
  const next = tokens[verb.end];
  const isPastHabit = verb.form === 'used' && next?.lower === 'to' && verb.tense === 'past';
  if (isPastHabit) {
    const inner = readVerbGroup(tokens, verb.end + 1);
    return inner === undefined ? clause : { ...clause, verb: inner, hasEnded: !verb.isNegated };
  }
  if (
    /^(?:start|begin|keep|continue)$/.test(verb.lemma) &&
    /ing$/.test(next?.lower ?? '') &&
    next !== undefined
  ) {
    const lemma = next.lemma.toLowerCase();
    return {
      ...clause,
      verb: { ...verb, lemma, form: next.lower, isProgressive: true, tense: 'perfect', end: verb.end + 1 },
    };
  }
  return endedByAdverb(clause);
}

/** "I don't play tennis anymore", "I no longer live in Rome". */
function endedByAdverb(clause: Clause): Clause {
  const { tokens, verb } = clause;
  if (verb.adverbs.includes('no longer')) return { ...clause, hasEnded: true };
  const rest = tokens.slice(verb.end, clauseEnd(clause));
  const isOver =
    verb.isNegated &&
    rest.some(
      ({ lower }, index) => lower === 'anymore' || (lower === 'any' && rest[index + 1]?.lower === 'more'),
    );
  return isOver ? { ...clause, hasEnded: true, verb: { ...verb, isNegated: false } } : clause;
}

/** "I want to go and see" shares more than the subject; only finite verbs of one time are safe. */
function agrees(first: VerbGroup, second: VerbGroup): boolean {
  return (
    first.tense !== 'future' &&
    first.modal === null &&
    !first.isNegated &&
    !/^(?:want|plan|need|go|like|decide|hope)$/.test(first.lemma) &&
    (first.tense === second.tense || second.tense === 'perfect')
  );
}

/** The words between the last boundary and the subject. */
function leadOf(tokens: readonly Token[], index: number): readonly Token[] {
  let from = index;
  while (
    from > 0 &&
    !/^[.!?;:,"()]/.test(tokens[from - 1]?.text ?? '') &&
    !/^(?:and|but)$/.test(tokens[from - 1]?.lower ?? '')
  )
    from--;
  return tokens.slice(from, index);
}

const subordinating =
  /^(?:when|whenever|while|until|before|after|once|whether|how|what|why|where|which|who|that|than|as|where)$/;

/** Questions, and clauses that only say when, how or which. */
function isSetAside(sentence: Sentence, lead: readonly Token[], index: number, verb: VerbGroup): boolean {
  const last = lead.at(-1)?.lower ?? '';
  if (isRelativeClause(lead)) return true;
  if (
    subordinating.test(last) ||
    /^(?:do|am|are|is|was|can|could|should|will|would|may|did|have|has|had|must|shall|let|make|makes|made)$/.test(
      last,
    )
  )
    return true;
  if (
    lead.some(({ lower }) => /^(?:you|your|if|hope|think|believe)$/.test(lower)) &&
    lead.some(({ lower }) => lower === 'you')
  )
    return true;
  return sentence.asks && !isStatementBeforeQuestion(sentence, lead, index, verb);
}

/** "the activities I like": the noun before the subject is what the clause is about. */
function isRelativeClause(lead: readonly Token[]): boolean {
  const last = lead.at(-1);
  return (
    last !== undefined &&
    /^(?:NOUN|PROPN)$/.test(last.pos) &&
    !looseEnds.has(last.lower) &&
    !/^(?:hi|hello|hey|yes|yeah|haha|lol|ok|okay|well|no)$/.test(last.lower)
  );
}

/** "I've been learning chess, do you like it?" states first and asks then. */
function isStatementBeforeQuestion(
  sentence: Sentence,
  lead: readonly Token[],
  index: number,
  verb: VerbGroup,
): boolean {
  if (lead.some(({ pos }) => pos === 'AUX' || pos === 'VERB' || pos === 'SCONJ')) return false;
  const rest = sentence.tokens
    .slice(verb.end)
    .map(({ lower }) => lower)
    .join(' ');
  return (
    index < sentence.tokens.length &&
    /[,;:] (?:(?:and|so|but) )?(?:do|does|did|can|could|would|will|are|is|have|has|what|how|where|which|who|when|why|any|should) /.test(
      rest,
    )
  );
}

function isWithinQuotes(tokens: readonly Token[], index: number): boolean {
  return tokens.slice(0, index).filter(({ text }) => text === '"').length % 2 === 1;
}

function modalityOf(
  utterance: Utterance,
  tokens: readonly Token[],
  lead: readonly Token[],
  subject: Clause['subject'],
  verb: VerbGroup,
): Modality {
  const words = lead.map(({ lower }) => lower);
  if (/\b(?:just kidding|jk|only joking|just joking|kidding)\b|\s\/s\b/i.test(utterance.text))
    return 'joking';
  if (
    words.some((word) =>
      /^(?:game|story|roleplay|rp|character|dream|dreamt|dreamed|campaign|novel)$/.test(word),
    )
  )
    return 'role-play';
  if (
    /\bin (?:my|the|a|this) (?:dream|game|story|novel|role-?play)\b/i.test(
      tokens.map(({ text }) => text).join(' '),
    )
  )
    return 'role-play';
  if (isHypothetical(tokens, words, verb)) return 'hypothetical';
  return subject === 'relative' ? 'about-someone-else' : 'stated';
}

function isHypothetical(tokens: readonly Token[], lead: readonly string[], verb: VerbGroup): boolean {
  if (lead.some((word) => /^(?:if|wish|suppose|imagine|unless|hope|maybe|perhaps|hopefully)$/.test(word)))
    return true;
  if (verb.isDoubted) return true;
  const isPoliteWish = /^(?:would|'d)$/.test(verb.modal ?? '') && /^(?:like|love|prefer)$/.test(verb.lemma);
  const isAbility = /^(?:can|ca)$/.test(verb.modal ?? '');
  if (verb.modal !== null && !isAbility && !isPoliteWish) return true;
  return isPoliteWish && tokens.some(({ lower }) => lower === 'if');
}

/** Index where the clause must end at the latest. */
export function clauseEnd(clause: Clause): number {
  const end = clause.tokens.findIndex(
    (token, index) =>
      index >= clause.verb.end && (/^[.!?;:]/.test(token.text) || clauseBreakers.has(token.lower)),
  );
  return end < 0 ? clause.tokens.length : end;
}
