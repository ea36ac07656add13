import type { Claim } from '../claims.ts';
import { clauseEnd, type Clause } from '../clauses.ts';
import type { Sentence, Token } from '../language-model.ts';
import { talkVerbs } from '../lexicon/empty-words.ts';
import { typeOfHead } from '../lexicon/entity-heads.ts';
import { verbOfGerund } from '../lexicon/verbs.ts';
import { readAction, readActions, readList } from '../lists.ts';
import { isNameable, joined, readNounPhrase } from '../phrases.ts';
import type { PlacedClaim } from './favorites.ts';
import { isGoal } from './intentions.ts';

/** "I've been thinking about changing jobs", "I'm considering a move". */
export function readConsidering(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const at = verb.lemma === 'consider' ? verb.end : verb.end + 1;
  const isLinked = verb.lemma === 'consider' || /^(?:about|of)$/.test(tokens[verb.end]?.lower ?? '');
  if (!verb.isProgressive || verb.isNegated || !isLinked) return [];
  const considered = { relation: 'wants', type: 'goal', confidence: 0.8, isImplied: true } as const;
  const doubted = afterWhether(tokens, at);
  if (doubted !== undefined && isGoal(doubted.name, doubted.head, 'wants'))
    return [{ ...considered, name: doubted.name, end: doubted.end }];
  const gained = tokens[at]?.lower === 'getting' ? readNounPhrase(tokens, at + 1) : undefined;
  if (gained !== undefined && isNameable(gained) && gained.possessive === null)
    return [
      { ...considered, name: `get ${joined(tokens.slice(gained.start, gained.end))}`, end: gained.end },
    ];
  return readList(tokens, at)
    .filter(({ phrase, name }) => phrase === null && name.includes(' '))
    .map(({ name, end }) => ({ ...considered, name: asAction(name), end }));
}

/** "whether or not I should change jobs": what is weighed. */
function afterWhether(tokens: readonly Token[], at: number): ReturnType<typeof readAction> {
  if (!/^(?:whether|if)$/.test(tokens[at]?.lower ?? '')) return undefined;
  const subject = tokens.findIndex(({ lower }, index) => index > at && index < at + 5 && lower === 'i');
  const isWeighed = subject > 0 && /^(?:should|could|can|want)$/.test(tokens[subject + 1]?.lower ?? '');
  const from = subject + (tokens[subject + 2]?.lower === 'to' ? 3 : 2);
  return isWeighed ? readAction(tokens, from) : undefined;
}

/** "learning new skills" as "learn new skills"; unknown verbs stay as they are. */
function asAction(doing: string): string {
  const [first = '', ...rest] = doing.split(' ');
  return [verbOfGerund(first) ?? first, ...rest].join(' ');
}

/** "I'm looking forward to my trip to Peru", "… to seeing my sister". */
export function readAnticipation({ tokens, verb }: Clause): Claim[] {
  const words = tokens.slice(verb.end, verb.end + 2).map(({ lower }) => lower);
  if (verb.isNegated || words.join(' ') !== 'forward to') return [];
  return readList(tokens, verb.end + 2)
    .filter(({ phrase, name, head }) =>
      phrase === null ? name.includes(' ') && !talkVerbs.has(head) : typeOfHead(head) === 'event',
    )
    .map((item) => ({
      relation: 'wants',
      name: item.phrase === null ? asAction(item.name) : item.name,
      type: item.phrase === null ? 'goal' : 'event',
      confidence: 0.8,
      isImplied: true,
      end: item.end,
    }));
}

/** "I'm preparing for an exam": it lies ahead. */
export function readPreparation({ tokens, verb }: Clause): Claim[] {
  if (!verb.isProgressive || verb.isNegated || tokens[verb.end]?.lower !== 'for') return [];
  const event = readNounPhrase(tokens, verb.end + 1);
  return event === undefined || typeOfHead(event.head) !== 'event'
    ? []
    : [{ relation: 'has', name: event.name, type: 'event', confidence: 0.85, end: event.end }];
}

const ahead =
  /\b(?:tomorrow|tonight|next (?:week|month|year|weekend|summer|spring|winter|autumn|fall|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|this (?:weekend|summer|winter|friday|saturday|sunday))\b/;

/** "I'm meeting my sister tomorrow", "we will have a party next week": with its time it is a plan. */
export function readAppointment(clause: Clause): Claim[] {
  const { tokens, verb } = clause;
  const isAhead = verb.tense === 'future' || (verb.tense === 'present' && verb.isProgressive);
  if (!isAhead || verb.isNegated || verb.modal !== null || momentary.test(verb.lemma)) return [];
  const words = tokens
    .slice(verb.end, clauseEnd(clause))
    .map(({ lower }) => lower)
    .join(' ');
  const action = readAction(tokens, verb.end - 1);
  if (!ahead.test(words) || action === undefined) return [];
  const name = [verb.lemma, ...action.name.split(' ').slice(1)].join(' ').replace(ahead, '').trim();
  if (name.split(' ').length < 2 || name.split(' ').length > 8 || !isGoal(name, verb.lemma, 'plans_to'))
    return [];
  return [{ relation: 'plans_to', name, type: 'goal', confidence: 0.82, end: action.end }];
}

/** These have rules of their own, or speak of the talk. */
const momentary =
  /^(?:go|plan|feel|think|look|hope|try|chat|talk|see|be|want|wonder|work|learn|study|come|tell|share)$/;

/** "My dream is to open a bakery", "my goal is to run a marathon". */
export function readDreams({ tokens, asks }: Sentence): PlacedClaim[] {
  if (asks) return [];
  return tokens.flatMap((token, start) => {
    if (token.lower !== 'my') return [];
    const at = tokens[start + 1]?.pos === 'ADJ' ? start + 2 : start + 1;
    const isDream = /^(?:dream|goal|plan|wish|ambition|resolution|aim)$/.test(tokens[at]?.lower ?? '');
    if (!isDream || tokens[at + 1]?.lower !== 'is' || tokens[at + 2]?.lower !== 'to') return [];
    const relation = tokens[at]?.lower === 'plan' ? 'plans_to' : 'wants';
    return readActions(tokens, at + 3)
      .filter(({ name, head }) => isGoal(name, head, relation))
      .map(({ name, end }) => ({ relation, name, type: 'goal', confidence: 0.85, start, end }));
  });
}
