import type { MemoryStatus } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { isPast, ranks, type Claim } from './claim.ts';

/**
 * A stretch of time in which one value of the group held, with the claims that say so.
 *
 *   (none) ──claim──▶ current ──another value──▶ superseded
 *                       │  └────"used to"───────▶ ended
 *   (none) ──weaker claim──▶ outweighed ──believed after all──▶ current
 *   a value that a person retracts: all its claims lie in one `retracted` period
 *
 * `outweighed` was never believed and leaves no trace in the memory.
 */
export interface Period<Source extends Observation = Observation> {
  readonly value: string;
  readonly denies: string | null;
  status: MemoryStatus | 'outweighed';
  /** In the order of claims. */
  readonly claims: Claim<Source>[];
  fromMs: number | null;
  toMs: number | null;
  /** Superseded: what took its place. Outweighed: what stood in its way. */
  successor: Period<Source> | null;
  /** When it was last said in words or by a person; null: only implied so far. */
  statedAtMs: number | null;
  byHand: boolean;
  /** Values that a person replaced with this one by hand: no analyser brings them back while it holds. */
  readonly overruled: Set<string>;
}

export function newPeriod<Source extends Observation>(
  claim: Claim<Source>,
  status: Period['status'],
): Period<Source> {
  return {
    value: claim.value,
    denies: claim.denies,
    status,
    claims: [claim],
    // A claim about the past says by itself when it began, or nobody knows.
    fromMs: isPast(claim) ? claim.fromMs : (claim.fromMs ?? claim.saidAtMs),
    toMs: claim.toMs,
    successor: null,
    statedAtMs: claim.rank === ranks.implied ? null : claim.saidAtMs,
    byHand: claim.rank === ranks.manual,
    overruled: new Set(),
  };
}

/** The same value was claimed again. */
export function confirm(period: Period, claim: Claim): void {
  if (claim.fromMs !== null && period.fromMs !== null) period.fromMs = Math.min(period.fromMs, claim.fromMs);
  // An announced end stands until it has passed, or another is announced.
  if (claim.toMs !== null) period.toMs = claim.toMs;
  else if (period.toMs !== null && period.toMs <= claim.saidAtMs) period.toMs = null;
  support(period, claim);
}

/** It was told again, or for the first time, when it ended: that stands over what follows from the next value. */
export function recount(period: Period, claim: Claim & { toMs: number }): void {
  period.toMs = claim.toMs;
  if (claim.fromMs !== null && claim.fromMs < claim.toMs) {
    period.fromMs = Math.min(period.fromMs ?? claim.fromMs, claim.fromMs);
  }
  support(period, claim);
}

function support(period: Period, claim: Claim): void {
  period.claims.push(claim);
  if (claim.rank !== ranks.implied) period.statedAtMs = claim.saidAtMs;
  if (claim.rank === ranks.manual) period.byHand = true;
}

/**
 * Once all claims are in. What was superseded ended when the next one began; a value
 * that was held wrongly from its start held for no time at all. An end that was told
 * stands, unless the next value began before it.
 */
export function settle(period: Period): void {
  if (period.status === 'superseded' && period.successor !== null) {
    const nextFromMs = period.successor.fromMs ?? lastSaidMs(period);
    const endMs = Math.max(period.fromMs ?? nextFromMs, nextFromMs);
    period.toMs = period.toMs === null ? endMs : Math.min(period.toMs, endMs);
  }
  // Two claims may tell a beginning and an end that cross; the end was said of what had begun.
  if (period.fromMs !== null && period.toMs !== null) period.fromMs = Math.min(period.fromMs, period.toMs);
}

export function lastSaidMs(period: Period): number {
  return period.claims.at(-1)?.saidAtMs ?? 0;
}
