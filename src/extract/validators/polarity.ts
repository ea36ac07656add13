import type { HeldQuote } from '../evidence.ts';
import type { CleanFact } from './fact.ts';
import { verbsOf } from './relation-verbs.ts';
import { clausesNaming, saidClauses } from './said-clauses.ts';

/**
 * Whether a positive claim stands only on English words that deny it plainly: "I have no pets", "I don't
 * like tea". A negation counts where it stands directly at the verb or at the thing, and alone: "I can't
 * stop loving it", "not without coffee", "I don't only like tea" deny nothing.
 */
export function contradictsPolarity(fact: CleanFact, byUser: readonly HeldQuote[]): boolean {
  if (fact.polarity === 'negative' || isNegativeItself(fact)) return false;
  const telling = byUser.filter((quote) => clausesNaming(fact.entity_name, quote).length > 0);
  return telling.length > 0 && telling.every((quote) => denies(quote, fact));
}

function denies(quote: HeldQuote, fact: CleanFact): boolean {
  const naming = clausesNaming(fact.entity_name, quote);
  if (!naming.every((clause) => isPlain(clause) && deniesIn(` ${clause} `, fact))) return false;
  // "I don't like tea, I love it": the next words may claim what these deny.
  const verbs = verbsOf(fact.relation);
  const others = saidClauses(quote).filter((clause) => !naming.includes(clause));
  return (
    verbs === undefined ||
    !others.some((clause) => new RegExp(`\\bi (?:\\p{L}+ )?${verbs}\\b`, 'iu').test(clause))
  );
}

/** The name, the predicate or the relation holds a negation of its own ("no inspiration", "is not into"). */
function isNegativeItself({ relation, entity_name: name, predicate }: CleanFact): boolean {
  return (
    /^(?:dislikes|hates|avoids|allergic_to)$/.test(relation) ||
    negations.test(` ${name} `) ||
    negations.test(` ${predicate ?? ''} `)
  );
}

const negation = String.raw`(?:no|not|never|without|none|nothing|lack(?:s|ing)?|cannot|dont|\p{L}+n't)`;
const negations = new RegExp(`(?<![\\p{L}'])${negation}(?![\\p{L}'])`, 'iu');
const eachNegation = new RegExp(negations.source, 'giu');

/** Conditions, degrees and times turn a negation into something else, and so does a second one. */
const qualified =
  /\b(?:if|when|unless|until|till|before|anymore|any more|any longer|much|often|enough|every|all|always|only|just|too|many|so|as|than|more|less|yet|always|stop|help|mind|wait|wrong|forget|think|used)\b/iu;

function isPlain(clause: string): boolean {
  return (clause.match(eachNegation)?.length ?? 0) === 1 && !qualified.test(clause);
}

const adverbs = String.raw`(?:(?:really|actually|even|ever|particularly|especially|currently|personally) )*`;
const small = String.raw`(?:(?:a|an|any|the|my|our|to|in|at|for|as|with|of|from|on) )*`;
/** Of oneself, or without a subject; "don't you" asks. */
const denial = String.raw`(?:(?:^ |\b(?:i|we) )${adverbs}(?:do not|don't|dont|did not|didn't|have not|haven't|have never|never|am not|can not|cannot|can't|are not|aren't)|\b(?:i'm|i've|we're) ${adverbs}(?:not|never))`;

function deniesIn(clause: string, fact: CleanFact): boolean {
  const thing = escaped(fact.entity_name);
  const verbs = fact.relation === 'other' ? ownVerbs(fact.predicate ?? '') : verbsOf(fact.relation);
  const atThing = new RegExp(String.raw`(?<![\p{L}'])(?:no|without(?: any| an?)?) ${thing}(?![\p{L}])`, 'iu');
  const before = new RegExp(String.raw`${denial} ${adverbs}(?:an? |the )?${stemmed(fact.entity_name)}`, 'iu');
  const atVerb =
    verbs === undefined
      ? undefined
      : new RegExp(String.raw`${denial} ${adverbs}${verbs} ${small}${thing}(?![\p{L}])`, 'iu');
  return atThing.test(clause) || before.test(clause) || atVerb?.test(clause) === true;
}

/** "is afraid of" as it stands after "I'm not". */
function ownVerbs(predicate: string): string {
  const bare = predicate.replace(/^(?:is|are|was|has|does) /u, '');
  const [first = '', ...rest] = bare.split(' ');
  const verb = /^(?:is|has)$/u.test(bare)
    ? ''
    : [`${escaped(first.replace(/(?:es|s)$/u, ''))}e?s?`, ...rest.map(escaped)].join(' ');
  return `(?:${verb})`;
}

/** The name by its first word's stem: "eating meat" is said "eat meat" after "don't". */
function stemmed(name: string): string {
  const [first = '', ...rest] = name.split(' ');
  const stem = first.length > 5 ? first.replace(/(?:(\p{L})\1)?(?:ing|e|s)$/u, '$1') : first;
  return (
    [`${escaped(stem)}${stem === first ? '' : String.raw`\p{L}*`}`, ...rest.map(escaped)].join(' ') +
    String.raw`(?![\p{L}])`
  );
}

function escaped(words: string): string {
  return words
    .replaceAll('’', "'")
    .replace(/[\\^$.*+?()[\]{}|/-]/gu, (mark) => (mark === '-' ? String.raw`\x2d` : `\\${mark}`));
}
