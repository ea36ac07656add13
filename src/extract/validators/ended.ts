import type { HeldQuote } from '../evidence.ts';
import { clausesNaming } from './said-clauses.ts';
import { canEnd, speaksOf } from './relation-verbs.ts';
import type { CleanFact } from './fact.ts';

/**
 * Whether the user's newest words about it say in English that what is claimed is over: "I used to",
 * "no longer", "not … anymore", "I quit …ing". Their verb has to fit the relation: who used to hate
 * tea may well love it now. Claims that tell of the end itself ("quit smoking") are not over.
 *
 * @param byUser the user's quotes in the order of the conversation
 */
export function hasEnded(fact: CleanFact, byUser: readonly HeldQuote[]): boolean {
  if (fact.polarity === 'negative' || !canEnd(fact.relation) || tellsTheEnd(fact)) return false;
  const clauses = byUser
    .map((quote) => clausesNaming(fact.entity_name, quote))
    .findLast((all) => all.length > 0);
  return clauses !== undefined && clauses.every((clause) => endsIn(clause, fact));
}

function tellsTheEnd({ predicate, entity_name: name }: CleanFact): boolean {
  return /\b(?:used to|no longer|not|never|quit(?:ting)?|stop(?:ped|ping)?|g[ai]v(?:e|en|ing) up|left|lost)\b/iu.test(
    `${predicate ?? ''} ${name}`,
  );
}

const subject = String.raw`(?:^|\b(?:i|we)(?:'ve|'m| have| am| do)?) (?:(?:also|always|really|just|sadly|sometimes|often) )?`;
const adverbs = String.raw`(?:(?:really|actually|just|even|ever|sometimes|often|always) )*`;

const usedTo = new RegExp(`${subject}used to ${adverbs}(?<verb>.+)`, 'iu');
const noLonger = new RegExp(`${subject}no longer ${adverbs}(?<verb>.+)`, 'iu');
const notAnymore = new RegExp(
  String.raw`(?:^|\b(?:i|we)(?:'m)? )(?:(?:do|am|can|are)n't|dont|cannot|(?:do |am |can |are )?not|never) ${adverbs}(?<verb>.+?) (?:anymore|any more|any longer)\b`,
  'iu',
);
const stopped = new RegExp(
  `${subject}(?:(?:recently|finally|already) )?(?:quit|stopped|gave up|given up) (?<verb>\\p{L}+ing\\b.*)`,
  'iu',
);

/** "I am used to it", "I got used to it" and "I never used to" say something else. */
const isAccustomed =
  /(?:'m|'re|\b(?:am|is|are|was|were|be|been|being|get|gets|getting|got|become|never|not)) used to\b/iu;

function endsIn(clause: string, { relation }: CleanFact): boolean {
  // A space in front: the patterns begin at a border or after a subject.
  const said = ` ${clause}`;
  const cues = [isAccustomed.test(said) ? undefined : usedTo, noLonger, notAnymore];
  const verb = [...cues, ...(isStoppable(relation) ? [stopped] : [])]
    .map((cue) => cue?.exec(said)?.groups?.['verb'])
    .find((found) => found !== undefined);
  return verb !== undefined && speaksOf(relation, verb.trim());
}

/** Who stopped going somewhere still lives there, and may like what they stopped eating. */
function isStoppable(relation: CleanFact['relation']): boolean {
  return /^(?:does|plays|practices|studies|works_at|works_as|other)$/.test(relation);
}
