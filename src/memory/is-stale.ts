import type { FoldedFact } from '../model/memory.ts';
import { relationLifetimes, type RelationLifetimes } from './relation-rules.ts';

type Ageing = Pick<FoldedFact, 'relation' | 'status' | 'validFromMs' | 'validToMs' | 'lastSeenMs'>;

/**
 * Whether a current fact should no longer be taken for granted: its announced end has
 * passed, or nobody said it for longer than its relation lives. What begins in the
 * future ages from its beginning. Facts that are not current are history, never stale.
 */
export function isStale(fact: Ageing, nowMs: number, overrides: Partial<RelationLifetimes> = {}): boolean {
  if (fact.status !== 'current') return false;
  if (fact.validToMs !== null && fact.validToMs <= nowMs) return true;
  const lifetimeMs = { ...relationLifetimes, ...overrides }[fact.relation];
  return lifetimeMs !== null && nowMs - Math.max(fact.lastSeenMs, fact.validFromMs ?? 0) > lifetimeMs;
}
