import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';

const traits =
  /^(?:introverted|extroverted|shy|outgoing|reserved|timid|stubborn|impatient|forgetful|clumsy|competitive|romantic|adventurous|ambitious|hardworking|talkative|sociable|lazy|perfectionistic|indecisive|disorganized|organized|sensitive|curious|creative|optimistic|pessimistic|quiet|cautious|patient|independent|sentimental|health-conscious)$/;

const kinds =
  /^(?:introvert|extrovert|perfectionist|foodie|vegetarian|vegan|pacifist|workaholic|bookworm|homebody|optimist|pessimist|procrastinator|minimalist|feminist|insomniac|collector|traveler|beginner|fan|lover|person|owl|bird|enthusiast|buff|gamer|runner|reader|eater|drinker|hiker|believer)$/;

const degree =
  /^(?:a|an|very|quite|really|so|rather|pretty|bit|little|somewhat|more|also|kind|of|naturally|generally|always|usually|just|huge|big|true|real)$/;

/** "I'm quite introverted", "I'm a shy person", "I am a night owl": what one is like. */
export function readCharacter({ tokens, verb }: Clause): Claim[] {
  if (verb.modal !== null || verb.tense === 'future' || verb.tense === 'past') return [];
  let at = verb.end;
  while (degree.test(tokens[at]?.lower ?? '') && at < verb.end + 5) at++;
  const [first, second] = [tokens[at], tokens[at + 1]];
  if (first === undefined) return [];
  const base = {
    relation: 'other',
    predicate: 'is',
    type: 'other',
    polarity: verb.isNegated ? 'negative' : 'positive',
    confidence: 0.85,
  } as const;
  const hasArticle = tokens
    .slice(verb.end, at)
    .some(
      ({ lower }, index) =>
        /^an?$/.test(lower) && !/^(?:bit|little)$/.test(tokens[verb.end + index + 1]?.lower ?? ''),
    );
  if (hasArticle && kinds.test(second?.lower ?? '') && isTelling(first.lower, second?.lower ?? ''))
    return [{ ...base, name: trait(first.lower, second?.lower ?? ''), end: at + 2 }];
  if (
    hasArticle &&
    /^(?:introvert|extrovert|perfectionist|foodie|vegetarian|vegan|workaholic|bookworm|homebody|optimist|pessimist|procrastinator|minimalist|insomniac|gamer)$/.test(
      first.lower,
    )
  )
    return [{ ...base, name: first.lower, end: at + 1 }];
  // "I'm curious about it", "be patient with me": of the moment.
  const isOfMoment = /^(?:about|to|with|for|of|that|enough|today|now|right|if)$/.test(second?.lower ?? '');
  return !hasArticle && traits.test(first.lower) && !isOfMoment && second?.pos !== 'NOUN'
    ? [{ ...base, name: first.lower, end: at + 1 }]
    : [];
}

function isTelling(first: string, second: string): boolean {
  return second === 'person'
    ? traits.test(first) || /^(?:morning|night|dog|cat|people|family)$/.test(first)
    : /^[a-z]{3,}$/.test(first);
}

/** "a shy person" is shy; "a night owl" is that. */
function trait(first: string, second: string): string {
  return second === 'person' && traits.test(first) ? first : `${first} ${second}`;
}
