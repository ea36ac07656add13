import type { Relation } from '../model/results.ts';

const dayMs = 86_400_000;
const yearMs = 365 * dayMs;

interface RelationRule {
  /** Relations of one family say the same of an entity, more or less strongly. */
  readonly family: string;
  /** A person has one of these at a time: the newest statement closes the older one. */
  readonly singleValued: boolean;
  /** Within the family: which one tells more when both were said together. */
  readonly strength: number;
}

const single = (family: string): RelationRule => ({ family, singleValued: true, strength: 0 });
const many = (family: string, strength = 0): RelationRule => ({ family, singleValued: false, strength });

const rules: Readonly<Record<Relation, RelationRule>> = {
  is_named: single('is_named'),
  is_aged: single('is_aged'),
  lives_in: single('lives_in'),
  from: single('from'),
  works_as: single('works_as'),
  works_at: single('works_at'),
  studies: many('studies'),
  studied_at: many('studied_at'),
  speaks: many('speaks'),
  enjoys: many('likes', 0),
  likes: many('likes', 1),
  prefers: many('likes', 2),
  loves: many('likes', 3),
  avoids: many('dislikes', 0),
  dislikes: many('dislikes', 1),
  hates: many('dislikes', 2),
  has: many('has', 0),
  owns: many('has', 1),
  visited: many('visited'),
  does: many('does', 0),
  practices: many('does', 1),
  plays: many('does', 2),
  wants: many('wants'),
  needs: many('needs'),
  plans_to: many('plans_to'),
  learned: many('learned'),
  knows: many('knows'),
  feels: many('feels'),
  allergic_to: many('allergic_to'),
  other: many('other'),
};

export function familyOf(relation: Relation): string {
  return rules[relation].family;
}

export function isSingleValued(relation: Relation): boolean {
  return rules[relation].singleValued;
}

/** What once happened stays true: "visited Rome until March" does not end the visit having been. */
const lasting: ReadonlySet<Relation> = new Set(['visited', 'learned', 'studied_at']);

export function isLasting(relation: Relation): boolean {
  return lasting.has(relation);
}

export function strengthOf(relation: Relation): number {
  return rules[relation].strength;
}

/** How long a relation stays believable after it was last said, in milliseconds; null: for good. */
export type RelationLifetimes = Readonly<Record<Relation, number | null>>;

/** Defaults; the configuration may override any of them. */
export const relationLifetimes: RelationLifetimes = {
  is_named: null,
  is_aged: yearMs,
  lives_in: 2 * yearMs,
  from: null,
  works_as: yearMs,
  works_at: yearMs,
  studies: yearMs,
  studied_at: null,
  speaks: null,
  likes: null,
  loves: null,
  enjoys: null,
  prefers: null,
  dislikes: null,
  hates: null,
  avoids: null,
  owns: 3 * yearMs,
  has: 3 * yearMs,
  visited: null,
  does: yearMs,
  plays: yearMs,
  practices: yearMs,
  wants: 90 * dayMs,
  needs: 60 * dayMs,
  plans_to: 60 * dayMs,
  learned: null,
  knows: null,
  feels: 7 * dayMs,
  allergic_to: null,
  other: null,
};
