import type { Sentence, Token } from '../language-model.ts';
import { pets, relatives } from '../lexicon/entity-heads.ts';
import { readNounPhrase } from '../phrases.ts';
import type { PlacedClaim } from './favorites.ts';
import { readTrouble, trouble, troubleHeads } from './troubles.ts';

const badStates =
  /^(?:bad|poor|slow|terrible|awful|monotonous|boring|dull|stressful|messy|unstable|hectic|hard|difficult|tough|heavy|lacking|broken|low|chaotic|unhealthy|irregular|busy|tiring|exhausting|sick|ill)$/;
const goodStates = /^(?:great|good|well|stable|satisfying|ideal|smooth|easy|better|best)$/;

/** Nouns of one's own life whose bad state is worth remembering. */
const lifeHeads =
  /^(?:sleep|life|job|work|progress|health|diet|appetite|relationship|marriage|family|mother|father|mom|dad|sister|brother|cat|dog|grade|grades|salary|boss|schedule|mood|back|knee|head|stomach|studies|study|skill|skills|prospects|energy|memory|car|phone|computer|laptop|business|project|performance|confidence)$/;

/** "my sleep hasn't been great", "my progress is quite slow": something of one's own is in a bad state. */
export function readBadState({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks && !tokens.some(({ text }) => text === ',')) return [];
  return tokens.flatMap((token, start) => {
    if (token.lower !== 'my' || isDoubted(tokens, start)) return [];
    const what = readNounPhrase(tokens, start);
    // "my progress is slow": in what?
    if (what?.name === 'progress') return [];
    if (what === undefined || !lifeHeads.test(what.head) || what.name.includes("'s")) return [];
    const state = stateAfter(tokens, what.end);
    if (state === undefined) return [];
    const name = state.isDenied
      ? `bad ${what.name}`
      : `${state.word === 'lacking' ? 'poor' : state.word} ${what.name}`;
    return [{ ...trouble, name, start, end: state.end }];
  });
}

function isDoubted(tokens: readonly Token[], start: number): boolean {
  return tokens
    .slice(0, start)
    .some(({ lower }) => /^(?:if|when|hope|wish|you|your|would|could|might)$/.test(lower));
}

/** "hasn't been great", "is a bit monotonous": what is said of it, where that is bad. */
function stateAfter(
  tokens: readonly Token[],
  at: number,
): { word: string; isDenied: boolean; end: number } | undefined {
  let isDenied = false;
  let hasVerb = false;
  for (let next = at; next < tokens.length && next < at + 8; next++) {
    const word = tokens[next]?.lower ?? '';
    if (/^(?:not|n't|never)$/.test(word)) isDenied = true;
    else if (/^(?:is|are|'s|has|have|been|feels|seems|being)$/.test(word)) hasVerb = true;
    else if (hasVerb && !isDenied && badStates.test(word)) return { word, isDenied, end: next + 1 };
    else if (hasVerb && isDenied && goodStates.test(word)) return { word, isDenied, end: next + 1 };
    else if (
      !/^(?:a|bit|little|so|very|really|quite|pretty|too|rather|kind|of|that|all|just|always|also|getting|still|lately|recently)$/.test(
        word,
      )
    )
      return undefined;
  }
  return undefined;
}

/** "there are some issues at work", "some minor issues have been going on at home". */
export function readCircumstances({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks) return [];
  return tokens.flatMap((token, start) => {
    const isThere =
      token.lower === 'there' && /^(?:is|are|was|were|'s|has|have|'ve)$/.test(tokens[start + 1]?.lower ?? '');
    if (isThere && !isDoubted(tokens, start)) {
      const at = /^been$/.test(tokens[start + 2]?.lower ?? '') ? start + 3 : start + 2;
      const found = readTrouble(tokens, at);
      return found === undefined || !isOfOnesOwn(tokens, at, found.end)
        ? []
        : [{ ...trouble, name: found.name, start, end: found.end }];
    }
    return start === 0 || /^[,.;]$/.test(tokens[start - 1]?.text ?? '') ? goingOn(tokens, start) : [];
  });
}

/** Troubles of the world are not the user's. */
function isOfOnesOwn(tokens: readonly Token[], at: number, end: number): boolean {
  const words = tokens
    .slice(at, end)
    .map(({ lower }) => lower)
    .join(' ');
  return /\b(?:my|our|at (?:work|home|school|university|college)|work|family|company|job)\b/.test(words);
}

function goingOn(tokens: readonly Token[], start: number): PlacedClaim[] {
  const phrase = readNounPhrase(tokens, start);
  if (phrase === undefined || !troubleHeads.test(phrase.head)) return [];
  const place = /^(?:has|have|are|is|were)(?: been)? (?:going on|happening|coming up) (?:at|in|with) /;
  const words = tokens
    .slice(phrase.end, phrase.end + 8)
    .map(({ lower }) => lower)
    .join(' ');
  const match = place.exec(words);
  if (match === null) return [];
  const link = phrase.end + match[0].trim().split(' ').length - 1;
  const where = readNounPhrase(tokens, link + 1);
  if (where === undefined) return [];
  const name = `${phrase.name} ${tokens[link]?.lower ?? 'at'} ${where.name}`;
  return [{ ...trouble, name, start, end: where.end }];
}

/** "my grandmother passed away", "my dog died last year". */
export function readBereavement({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks) return [];
  return tokens.flatMap((token, start) => {
    const who = tokens[start + 1];
    const verb = tokens.slice(start + 2, start + 4).map(({ lower }) => lower);
    const length = verb[0] === 'died' ? 1 : verb.join(' ') === 'passed away' ? 2 : 0;
    const kind = who?.lemma.toLowerCase() ?? '';
    if (token.lower !== 'my' || who === undefined || length === 0 || isDoubted(tokens, start)) return [];
    if (!relatives.has(kind) && !pets.has(kind)) return [];
    const type = pets.has(kind) ? 'pet' : 'person';
    const end = start + 2 + length;
    return [{ relation: 'other', predicate: 'has lost', name: who.lower, type, confidence: 0.9, start, end }];
  });
}
