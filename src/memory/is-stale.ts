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
  const endMs = lifetimeEndMs(fact, overrides);
  return endMs !== null && nowMs > endMs;
}

/** When a current fact becomes stale if nobody says it again, for readers of another time; null: never. */
export function staleAfterMs(fact: Ageing, overrides: Partial<RelationLifetimes> = {}): number | null {
  if (fact.status !== 'current') return null;
  const endMs = lifetimeEndMs(fact, overrides);
  if (fact.validToMs === null || endMs === null) return fact.validToMs ?? endMs;
  return Math.min(fact.validToMs, endMs);
}

function lifetimeEndMs(fact: Ageing, overrides: Partial<RelationLifetimes>): number | null {
  const lifetimeMs = { ...relationLifetimes, ...overrides }[fact.relation];
  return lifetimeMs === null ? null : Math.max(fact.lastSeenMs, fact.validFromMs ?? 0) + lifetimeMs;
}
