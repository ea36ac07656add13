import type { Claim } from '../claims.ts';
import { clauseEnd, type Clause } from '../clauses.ts';
import type { Token } from '../language-model.ts';
import { readAction } from '../lists.ts';
import { joined } from '../phrases.ts';
import { talkVerbs } from '../lexicon/empty-words.ts';
import { pastimeVerbs } from '../lexicon/verbs.ts';
import { asDoing } from './tastes.ts';

const oftenBefore = /^(?:usually|often|sometimes|always|regularly|frequently|normally|generally)$/;
const often =
  /\b(?:every (?:day|morning|evening|night|week|weekend|month|year|summer|winter|sunday|monday|tuesday|wednesday|thursday|friday|saturday)|everyday|daily|once a (?:week|month|day)|twice a (?:week|day)|(?:two|three|four|five) times a week|on (?:weekends|weekdays|sundays|saturdays)|in my (?:free|spare) time|all the time|regularly)\b/;

/** What one feels, thinks or says again and again is no habit of doing. */
const inward =
  /^(?:feel|think|want|wish|hope|believe|guess|know|love|like|enjoy|prefer|hate|dislike|find|forget|remember|wonder|worry|seem|look|sound|mean|understand|agree|appreciate|be|have|do|try|need|plan|say|tell|talk|ask|chat|learn|study|lose|end|tend|play|go|keep|get|hear|see)$/;

/** "I exercise every morning", "I usually eat fruit for breakfast". */
export function readHabit(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const isNow = verb.tense === 'present' && !verb.isProgressive;
  if (!isNow || verb.modal !== null || verb.isNegated || clause.hasEnded) return [];
  if (!isSaidToRecur(clause)) return [];
  const isGoing = verb.lemma === 'go' && /^(?:to|for)$/.test(tokens[verb.end]?.lower ?? '');
  if ((inward.test(verb.lemma) || talkVerbs.has(verb.lemma)) && !isGoing && !isRest(clause)) return [];
  // These have a rule of their own that names each thing done.
  if (pastimeVerbs.has(verb.lemma)) return [];
  const action = readAction(tokens, verb.end - 1);
  if (action === undefined) return [];
  const name = asDoing(bareAction(tokens.slice(verb.end - 1, action.end), verb.lemma));
  const words = name.split(' ');
  if (words.length > 7 || (words.length === 1 && !intransitive.test(verb.lemma))) return [];
  return [{ relation: 'does', name, type: 'activity', confidence: 0.82, end: action.end }];
}

const intransitive = /^(?:exercise|meditate|pray|jog|volunteer|workout)$/;

/** "I always sleep late", "I usually get up early", "I often have breakfast alone". */
function isRest({ tokens, verb }: Clause): boolean {
  const next = tokens[verb.end]?.lower ?? '';
  return (verb.lemma === 'get' && next === 'up') || (verb.lemma === 'sleep' && next !== '');
}

function isSaidToRecur(clause: Clause): boolean {
  const { tokens, verb, start } = clause;
  const words = tokens
    .slice(start, clauseEnd(clause))
    .map(({ lower }) => lower)
    .join(' ');
  const before = tokens.slice(Math.max(0, start - 1), verb.end).some(({ lower }) => oftenBefore.test(lower));
  return before || verb.adverbs.some((adverb) => oftenBefore.test(adverb)) || often.test(words);
}

/** Without the words that only say how often. */
function bareAction(words: readonly Token[], lemma: string): string {
  const rest = words.slice(1).filter(({ lower }) => !/^(?:my|our|some|just|really)$/.test(lower));
  const text = joined(rest).replace(often, '').replace(/\s+/g, ' ').trim();
  return `${lemma} ${text.replace(/ (?:in|on|for|at|to|a|the)$/, '')}`.trim();
}
