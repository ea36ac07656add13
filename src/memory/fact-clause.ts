import type { Relation } from '../model/results.ts';
import { objectPhrase, type WordedFact } from './fact-object.ts';

/** The verb in the forms that a sentence needs, and what follows it. */
export interface Clause {
  readonly present: string;
  readonly negative: string;
  readonly past: string;
  readonly negativePast: string;
  readonly rest: string;
}

type Verb = Omit<Clause, 'rest'>;

/** "lives in" from "live in" and its third person. */
const usual = (infinitive: string, present: string): Verb => ({
  present,
  negative: `does not ${infinitive}`,
  past: `used to ${infinitive}`,
  negativePast: `did not ${infinitive}`,
});
const state = (rest: string): Verb => ({
  present: `is${rest}`,
  negative: `is not${rest}`,
  past: `used to be${rest}`,
  negativePast: `was not${rest}`,
});
/** What once happened stays so: its past reads as its present. */
const happened = (present: string, negative: string, negativePast: string): Verb => ({
  present,
  negative,
  past: present,
  negativePast,
});
/** Wishes and moods pass: "wanted" says enough, "used to want" too much. */
const passing = (infinitive: string, present: string, past: string): Verb => ({
  ...usual(infinitive, present),
  past,
});

const verbs: Readonly<Record<Exclude<Relation, 'other'>, Verb>> = {
  is_named: state(' named'),
  is_aged: { ...state(''), past: 'was' },
  lives_in: usual('live in', 'lives in'),
  from: usual('come from', 'comes from'),
  works_as: usual('work as', 'works as'),
  works_at: usual('work at', 'works at'),
  studies: usual('study', 'studies'),
  studied_at: happened('studied at', 'did not study at', 'had not studied at'),
  speaks: usual('speak', 'speaks'),
  likes: usual('like', 'likes'),
  loves: usual('love', 'loves'),
  enjoys: usual('enjoy', 'enjoys'),
  prefers: usual('prefer', 'prefers'),
  dislikes: usual('dislike', 'dislikes'),
  hates: usual('hate', 'hates'),
  avoids: usual('avoid', 'avoids'),
  owns: usual('own', 'owns'),
  has: { present: 'has', negative: 'has no', past: 'used to have', negativePast: 'had no' },
  visited: happened('visited', 'has not visited', 'had not visited'),
  does: usual('do', 'does'),
  plays: usual('play', 'plays'),
  practices: usual('practice', 'practices'),
  wants: passing('want', 'wants', 'wanted'),
  needs: passing('need', 'needs', 'needed'),
  plans_to: passing('plan', 'plans', 'planned'),
  learned: happened('learned', 'has not learned', 'had not learned'),
  knows: usual('know', 'knows'),
  feels: passing('feel', 'feels', 'felt'),
  allergic_to: state(' allergic to'),
};

export function clauseOf(fact: WordedFact): Clause {
  if (fact.relation === 'other') return freeClause(fact);
  return { ...verbs[fact.relation], rest: objectPhrase(fact) };
}

/** A free predicate comes in any form of words, so it is quoted rather than inflected. */
function freeClause({ predicate, entityName }: WordedFact): Clause {
  const words = (predicate ?? 'related to').replace(/[\s_]+/gu, ' ').trim();
  return {
    present: words,
    negative: `not ${words}`,
    past: `formerly ${words}`,
    negativePast: `formerly not ${words}`,
    rest: entityName,
  };
}
