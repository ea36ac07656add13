import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import { readActions } from '../lists.ts';
import { isGoal } from './intentions.ts';

/** Steps of the talk or of the next minutes: "I need to go now". */
const passing =
  /^(?:go|leave|be|do|get|take|think|know|say|ask|talk|share|tell|see|try|make|have|figure|deal|rest|sleep|eat|come|come|stop|keep|start|wait|check|hear|understand|consider|believe|admit|remember|focus|practice|relax)$/;

/** "I need to save money for a trip"; things needed ("I need vegetables") are errands mostly. */
export function readNeed({ tokens, verb }: Clause): Claim[] {
  if (verb.modal !== null || verb.tense === 'past' || verb.tense === 'future' || verb.isNegated) return [];
  if (tokens[verb.end]?.lower !== 'to') return [];
  return readActions(tokens, verb.end + 1)
    .filter(({ name, head }) => isLarger(name, head))
    .map(({ name, end }) => ({ relation: 'needs', name, type: 'goal', confidence: 0.82, end }));
}

function isLarger(name: string, head: string): boolean {
  if (head === 'prepare')
    return / for (?:\S+ )*(?:exams?|tests?|interviews?|wedding|competition|presentation)$/.test(name);
  return !passing.test(head) && isGoal(name, head, 'needs');
}

/** "I have to work overtime this month": a duty that is more than the next errand. */
export function readDuty({ tokens, verb }: Clause): Claim[] {
  if (tokens[verb.end]?.lower !== 'to' || verb.tense !== 'present' || verb.isNegated || verb.modal !== null)
    return [];
  return readActions(tokens, verb.end + 1)
    .filter(({ name, head }) => duties.test(head) && isGoal(name, head, 'needs'))
    .map(({ name, end }) => ({ relation: 'needs', name, type: 'goal', confidence: 0.8, end }));
}

const duties = /^(?:work|finish|submit|write|pass|save|pay|complete|care|move|study|hand|raise|train)$/;
