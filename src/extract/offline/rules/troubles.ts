import type { Claim } from '../claims.ts';
import { clauseEnd, type Clause } from '../clauses.ts';
import type { Token } from '../language-model.ts';
import { readDoing } from '../lists.ts';
import { isNameable, readNounPhrase } from '../phrases.ts';

/** What is bad about something that one has, without a word for a feeling. */
export const trouble = { relation: 'has', type: 'other', confidence: 0.8 } as const;

export const troubleHeads =
  /^(?:trouble|difficulty|problem|issue|struggle|pressure|stress|conflict|argument|disagreement|pain|setback|obstacle|challenge)$/;

/** "some issues at work", "work problems", "difficulty studying Chinese": a trouble and what it is with. */
export function readTrouble(tokens: readonly Token[], at: number): { name: string; end: number } | undefined {
  const noun = tokens.findIndex(
    ({ lemma }, index) => index >= at && index < at + 7 && troubleHeads.test(lemma.toLowerCase()),
  );
  // Cut behind the noun: in "trouble falling asleep" the doing is not part of its name.
  const phrase = noun < 0 ? undefined : readNounPhrase(tokens.slice(0, noun + 1), at);
  if (phrase?.end !== noun + 1) return undefined;
  const link = tokens[phrase.end]?.lower ?? '';
  const doing = readDoing(tokens, /^(?:in|with)$/.test(link) ? phrase.end + 1 : phrase.end);
  if (doing !== undefined) return { name: `${phrase.name} ${doing.name}`, end: doing.end };
  const asleep = `${link} ${tokens[phrase.end + 1]?.lower ?? ''}`;
  if (/^(?:falling asleep|concentrating|focusing)\b/.test(asleep)) {
    const words = /^falling/.test(asleep) ? 2 : 1;
    return { name: `${phrase.name} ${words === 2 ? asleep : link}`, end: phrase.end + words };
  }
  const where = /^(?:at|in|with|from|about)$/.test(link) ? readNounPhrase(tokens, phrase.end + 1) : undefined;
  if (where !== undefined && where.name.length <= 40)
    return { name: `${phrase.name} ${link} ${where.name}`, end: where.end };
  // "a problem" alone says nothing; "work problems" does.
  return phrase.modifiers.length > 0 && !isVague(phrase.modifiers) ? phrase : undefined;
}

function isVague(modifiers: readonly string[]): boolean {
  return modifiers.every((word) =>
    /^(?:minor|serious|real|bad|other|similar|specific|many|long|actual)$/.test(word),
  );
}

/** "I'm having trouble sleeping", "I've been facing problems at work", "I have a lot of pressure from school". */
export function readHavingTrouble(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.isNegated || verb.modal !== null || verb.tense === 'future' || clause.hasEnded) return [];
  // "I had an argument with her" is over; it has a rule of its own.
  if (verb.tense === 'past' && tokens[verb.end]?.pos === 'DET') return [];
  const at = /^(?:with|into|through)$/.test(tokens[verb.end]?.lower ?? '') ? verb.end + 1 : verb.end;
  const found = readTrouble(tokens, at);
  return found === undefined ? [] : [{ ...trouble, name: found.name, end: found.end }];
}

/** "I'm struggling with my thesis": what it is with is the trouble. */
export function readStruggle({ tokens, verb }: Clause): Claim[] {
  if (verb.isNegated || verb.modal !== null || verb.tense === 'future') return [];
  const link = tokens[verb.end]?.lower ?? '';
  const at = /^(?:with|in)$/.test(link) ? verb.end + 1 : verb.end;
  const doing = readDoing(tokens, at);
  if (doing !== undefined) return [{ ...trouble, name: `difficulty ${doing.name}`, end: doing.end }];
  if (link !== 'with') return [];
  const what = readNounPhrase(tokens, at);
  if (what === undefined || !(isNameable(what) || what.modifiers.length > 0)) return [];
  const name = troubleHeads.test(what.head) ? what.name : `difficulty with ${what.name}`;
  return [{ ...trouble, name, end: what.end }];
}

/** "I haven't made any progress in drawing", "I don't have enough sleep", "I lack confidence". */
export function readLack(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.modal !== null || verb.tense === 'future' || clause.hasEnded) return [];
  const isLacking = verb.lemma === 'lack' && !verb.isNegated;
  const isDenied = verb.isNegated && /^(?:make|find|get|have)$/.test(verb.lemma);
  const hasNo = tokens[verb.end]?.lower === 'no' && /^(?:have|make|find|get)$/.test(verb.lemma);
  if (!(isLacking || isDenied || hasNo)) return [];
  const lacked = readNounPhrase(tokens, hasNo ? verb.end + 1 : verb.end);
  const noun = tokens[(lacked?.end ?? 0) - 1];
  if (lacked === undefined || !lackable.test(noun?.lower ?? '') || noun?.pos === 'VERB') return [];
  const end = Math.min(lacked.end, clauseEnd(clause));
  const field = /^(?:in|with|for)$/.test(tokens[end]?.lower ?? '') ? readSubject(tokens, end + 1) : undefined;
  // "no time", "no progress": for what, and in what?
  if (/^(?:time|progress)$/.test(lacked.head) && field === undefined) return [];
  const amount = isDenied && /^(?:much|many|enough|a)$/.test(tokens[verb.end]?.lower ?? '');
  const named = `${amount ? 'little' : 'no'} ${lacked.name.replace(/^(?:much|enough|any) /, '')}`;
  const name = field === undefined ? named : `${named} ${tokens[end]?.lower ?? ''} ${field.name}`;
  return [{ ...trouble, name, end: field?.end ?? end }];
}

const lackable =
  /^(?:progress|inspiration|motivation|energy|confidence|appetite|sleep|friend|experience|patience|money|job|time)s?$/;

function readSubject(tokens: readonly Token[], at: number): { name: string; end: number } | undefined {
  return readDoing(tokens, at) ?? readNounPhrase(tokens, at);
}
