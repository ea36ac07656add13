import type { FoldedFact } from '../model/memory.ts';
import type { ProfileSection } from '../model/profile.ts';
import type { Relation } from '../model/results.ts';
import { isOver } from './render-fact-sentence.ts';

const sections: Readonly<Record<Relation, Exclude<ProfileSection, 'earlier'>>> = {
  is_named: 'about',
  is_aged: 'about',
  lives_in: 'about',
  from: 'about',
  works_as: 'about',
  works_at: 'about',
  studies: 'about',
  studied_at: 'about',
  speaks: 'about',
  allergic_to: 'about',
  has: 'about',
  owns: 'about',
  knows: 'about',
  learned: 'about',
  visited: 'about',
  other: 'about',
  loves: 'likes',
  likes: 'likes',
  enjoys: 'likes',
  prefers: 'likes',
  plays: 'likes',
  practices: 'likes',
  does: 'likes',
  dislikes: 'likes',
  hates: 'likes',
  avoids: 'likes',
  plans_to: 'plans',
  wants: 'plans',
  needs: 'plans',
  feels: 'recently',
};

/** Within a section the order of the table above: a name before an age, what is liked before what is not. */
const place = new Map(Object.keys(sections).map((relation, index) => [relation, index]));

export function sectionOf(fact: FoldedFact, nowMs?: number): ProfileSection {
  if (isOver(fact, nowMs)) return 'earlier';
  const aboutSomebody = fact.entityType === 'person' || fact.entityType === 'pet';
  return aboutSomebody && isTie(fact.relation) ? 'people_and_pets' : sections[fact.relation];
}

/** Most telling first, then the best founded, then the newest. */
export function compareForReading(a: FoldedFact, b: FoldedFact): number {
  return (
    (place.get(a.relation) ?? 0) - (place.get(b.relation) ?? 0) ||
    b.confidence - a.confidence ||
    b.lastSeenMs - a.lastSeenMs ||
    (a.factId < b.factId ? -1 : 1)
  );
}

/** What was over last comes first. */
export function compareEarlier(a: FoldedFact, b: FoldedFact): number {
  return (b.validToMs ?? 0) - (a.validToMs ?? 0) || compareForReading(a, b);
}

function isTie(relation: Relation): boolean {
  return relation === 'has' || relation === 'owns' || relation === 'knows' || relation === 'other';
}
