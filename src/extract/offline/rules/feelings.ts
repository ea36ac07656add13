import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import type { Sentence, Token } from '../language-model.ts';
import { isMemorableFeeling, pleasantFeelings } from '../lexicon/feelings.ts';
import { readDoing } from '../lists.ts';
import { readNounPhrase } from '../phrases.ts';
import type { PlacedClaim } from './favorites.ts';

/** "I'm feeling a bit agitated and anxious", "I am worried about my exam". */
export function readFeeling(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  if (verb.isNegated && isUnwell(clause))
    return [{ relation: 'feels', name: 'unwell', type: 'feeling', confidence: 0.85, end: verb.end + 2 }];
  if (verb.isNegated || verb.modal !== null || verb.tense === 'future' || clause.hasEnded) return [];
  // What was felt once, at no time that is told, is no feeling of now.
  if (
    verb.tense === 'past' &&
    !tokens.some(({ lower }) => /^(?:today|tonight|just|lately|recently)$/.test(lower))
  )
    return [];
  return [...feelingsAfter(tokens, verb.end), ...feelingBeside(tokens, verb.end)];
}

/** "I'm not feeling very well". */
function isUnwell({ tokens, verb }: Clause): boolean {
  const words = tokens
    .slice(verb.end, verb.end + 3)
    .map(({ lower }) => lower)
    .join(' ');
  return (
    verb.lemma === 'feel' && verb.tense === 'present' && /^(?:(?:very|so|too|really) )?well\b/.test(words)
  );
}

/** "I'm struggling with it, and feeling confused": a second thing that goes on. */
export function readSecondFeeling({ tokens, verb }: Clause): Claim[] {
  return verb.isProgressive && !verb.isNegated && verb.modal === null ? feelingBeside(tokens, verb.end) : [];
}

function feelingBeside(tokens: readonly Token[], from: number): Claim[] {
  const at = tokens.findIndex(
    ({ lower }, index) =>
      index > from && lower === 'feeling' && /^(?:and|,)$/.test(tokens[index - 1]?.lower ?? ''),
  );
  const between = tokens.slice(from, Math.max(from, at));
  if (
    at < 0 ||
    between.some(({ lower, text }) => /^(?:you|he|she|they|i)$/.test(lower) || /^[.!?;]/.test(text))
  )
    return [];
  return feelingsAfter(tokens, at + 1);
}

/** "… left me feeling frustrated", "making me feel anxious". */
export function readCausedFeelings({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks || tokens.some(({ lower }) => /^(?:you|your|advice|suggestions?|support|if|would)$/.test(lower)))
    return [];
  return tokens.flatMap((token, index) => {
    const verb = tokens[index + 1]?.lower ?? '';
    const cause = tokens[index - 1]?.lower ?? '';
    const isFelt = /^(?:feel|feeling|felt)$/.test(verb);
    // "help me feel better", "to make me happy": hoped for, not felt.
    if (token.lower !== 'me' || !isCause(cause, tokens[index - 2]?.lower ?? '', isFelt)) return [];
    // "Music makes me happy" is so in general; what is bad is felt now.
    const isGeneral = /^makes?$/.test(cause);
    return feelingsAfter(tokens, index + (isFelt ? 2 : 1))
      .filter(({ name }) => !isGeneral || !pleasantFeelings.has(name))
      .map((claim) => ({ ...claim, start: index - 1 }));
  });
}

function isCause(verb: string, before: string, isFelt: boolean): boolean {
  if (/^(?:to|can|could|will|'ll|may|might|should|help|helps|not|n't|never)$/.test(before)) return false;
  return isFelt
    ? /^(?:makes?|making|made|leaves?|leaving|left|has|got)$/.test(verb)
    : /^(?:makes|making|made)$/.test(verb);
}

const degree =
  /^(?:a|bit|little|so|very|really|quite|pretty|too|extremely|somewhat|kind|of|sort|rather|also|even|totally|just|super|incredibly|both|still|more|and|or|,|like|always|especially|all|completely|truly)$/;

function feelingsAfter(tokens: readonly Token[], from: number): Claim[] {
  const found: { word: string; at: number }[] = [];
  for (let at = from; at < tokens.length; at++) {
    const word = tokens[at]?.lower ?? '';
    if (isMemorableFeeling(word) && !namesNoun(tokens, at)) found.push({ word, at });
    else if (!degree.test(word)) break;
  }
  return found.flatMap(({ word, at }) => feelingClaim(tokens, word, at));
}

/** "a sad movie": the movie is. */
function namesNoun(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1];
  return next?.pos === 'NOUN' && !/^(?:today|tonight|lately|yesterday|tomorrow|right)$/.test(next.lower);
}

function feelingClaim(tokens: readonly Token[], word: string, at: number): Claim[] {
  const next = tokens[at + 1]?.lower ?? '';
  const after = tokens
    .slice(at + 1, at + 5)
    .map(({ lower }) => lower)
    .join(' ');
  // "happy to help", "grateful for your advice", "excited to hear that": courtesy.
  if (
    pleasantFeelings.has(word) &&
    /^(?:to (?:you|chat|talk|hear|help|meet|see|share|know|be|have)|for you|that you|with you)\b/.test(after)
  )
    return [];
  // "lost in the music": taken up by it.
  if (next === 'enough' || (word === 'lost' && next === 'in') || (word === 'sick' && next === 'of'))
    return [];
  const about =
    /^(?:about|of|with|by|that)$/.test(next) && next !== 'that' ? causeOf(tokens, at + 2) : undefined;
  return [
    {
      relation: 'feels',
      name: word,
      type: 'feeling',
      attributes: { about: about?.name ?? null },
      confidence: 0.85,
      end: about?.end ?? at + 1,
    },
  ];
}

function causeOf(tokens: readonly Token[], at: number): { name: string; end: number } | undefined {
  const doing = readDoing(tokens, at);
  if (doing?.name.includes(' ') === true) return doing;
  const phrase = readNounPhrase(tokens, at);
  return phrase === undefined || phrase.name.length > 60 ? undefined : phrase;
}
