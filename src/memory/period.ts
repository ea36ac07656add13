import type { MemoryStatus } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { isPast, ranks, type Claim } from './claim.ts';
import { addSupport, newSupport, type Support } from './support.ts';

/**
 * A stretch of time in which one value of the group held, with what its claims amount to.
 *
 *   (none) ──claim──▶ current ──another value──▶ superseded
 *                       │  └────"used to"───────▶ ended
 *   (none) ──weaker claim──▶ outweighed ──believed after all──▶ current
 *   a value that a person retracts: all its claims lie in one `retracted` period
 *
 * `outweighed` was never believed and leaves no trace in the memory.
 */
export interface Period<Words = unknown> extends Span {
  readonly value: string;
  readonly denies: string | null;
  status: MemoryStatus | 'outweighed';
  /** Superseded: what took its place. */
  successor: Period<Words> | null;
  /** When it was last said in words or by a person; null: only implied so far. */
  statedAtMs: number | null;
  byHand: boolean;
  /** Values that a person replaced with this one by hand: no analyser brings them back while it holds. */
  readonly overruled: Set<string>;
  readonly support: Support;
  readonly words: Words;
}

/** Null: nobody knows when it began; it has not ended. Event times, epoch milliseconds. */
export interface Span {
  fromMs: number | null;
  toMs: number | null;
}

/** How the claims of a kind of memory put a period into words, one after the other in their order. */
export interface Wording<Source extends Observation, Words> {
  first(claim: Claim<Source>): Words;
  /** `byHand`: a person has said it before this claim. Changes `words`. */
  add(words: Words, claim: Claim<Source>, byHand: boolean): void;
}

export function newPeriod<Source extends Observation, Words>(
  claim: Claim<Source>,
  status: Period['status'],
  wording: Wording<Source, Words>,
): Period<Words> {
  return {
    value: claim.value,
    denies: claim.denies,
    status,
    // A claim about the past says by itself when it began, or nobody knows.
    fromMs: isPast(claim) ? claim.fromMs : (claim.fromMs ?? claim.saidAtMs),
    toMs: claim.toMs,
    successor: null,
    statedAtMs: claim.rank === ranks.implied ? null : claim.saidAtMs,
    byHand: claim.rank === ranks.manual,
    overruled: new Set(),
    support: newSupport(claim),
    words: wording.first(claim),
  };
}

/** The same value was claimed again. */
export function confirm<Source extends Observation, Words>(
  period: Period<Words>,
  claim: Claim<Source>,
  wording: Wording<Source, Words>,
): void {
  if (claim.fromMs !== null && period.fromMs !== null) period.fromMs = Math.min(period.fromMs, claim.fromMs);
  // An announced end stands until it has passed, or another is announced.
  if (claim.toMs !== null) period.toMs = claim.toMs;
  else if (period.toMs !== null && period.toMs <= claim.saidAtMs) period.toMs = null;
  support(period, claim, wording);
}

/** It was told again, or for the first time, when it ended: that stands over what follows from the next value. */
export function recount<Source extends Observation, Words>(
  period: Period<Words>,
  claim: Claim<Source> & { toMs: number },
  wording: Wording<Source, Words>,
): void {
  period.toMs = claim.toMs;
  if (claim.fromMs !== null && claim.fromMs < claim.toMs) {
    period.fromMs = Math.min(period.fromMs ?? claim.fromMs, claim.fromMs);
  }
  support(period, claim, wording);
}

function support<Source extends Observation, Words>(
  period: Period<Words>,
  claim: Claim<Source>,
  wording: Wording<Source, Words>,
): void {
  addSupport(period.support, claim);
  wording.add(period.words, claim, period.byHand);
  if (claim.rank !== ranks.implied) period.statedAtMs = claim.saidAtMs;
  if (claim.rank === ranks.manual) period.byHand = true;
}

/**
 * When it held, once all claims are in; `period` stays as it is. What was superseded ended
 * when the next one began; a value that was held wrongly from its start held for no time
 * at all. An end that was told stands, unless the next value began before it.
 */
export function settledSpan(period: Period): Readonly<Span> {
  const toMs = settledEndMs(period);
  // Two claims may tell a beginning and an end that cross; the end was said of what had begun.
  const crosses = period.fromMs !== null && toMs !== null && toMs < period.fromMs;
  return { fromMs: crosses ? toMs : period.fromMs, toMs };
}

function settledEndMs({ status, successor, support: { lastSeenMs }, fromMs, toMs }: Period): number | null {
  if (status !== 'superseded' || successor === null) return toMs;
  const nextFromMs = successor.fromMs ?? lastSeenMs;
  const endMs = Math.max(fromMs ?? nextFromMs, nextFromMs);
  return toMs === null ? endMs : Math.min(toMs, endMs);
}
