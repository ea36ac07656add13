import { compareText } from '../model/message.ts';
import type { Observation } from '../model/observation.ts';
import type { Evidence } from '../model/results.ts';

/** How much a claim weighs: read between the lines, said in words, entered by a person. */
export const ranks = { implied: 0, stated: 1, manual: 2 } as const;
export type Rank = (typeof ranks)[keyof typeof ranks];

/** One observation, reduced to what decides which claim of its group holds when. */
export interface Claim<Source extends Observation = Observation> {
  readonly source: Source;
  /** What is claimed; equal values are the same claim. */
  readonly value: string;
  /** The value that this claim says is not so; null: it claims something of its own. */
  readonly denies: string | null;
  readonly rank: Rank;
  readonly saidAtMs: number;
  /** As the words tell, null when they do not. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** Greatest cited message id: the last resort but one of the order. */
  readonly messageId: string;
}

/** Where the claim of an end lies in the past of its own saying: "I used to live in Rome". */
export function isPast(claim: Claim): claim is Claim & { toMs: number } {
  return claim.toMs !== null && claim.toMs <= claim.saidAtMs;
}

/**
 * The one order of a group's claims, total and the same whatever order they came in:
 * event time, then weight (at the same instant the heavier one has the last word),
 * window, message, value, observation.
 */
export function compareClaims(a: Claim, b: Claim): number {
  return (
    a.saidAtMs - b.saidAtMs ||
    a.rank - b.rank ||
    compareText(a.source.windowId ?? '', b.source.windowId ?? '') ||
    compareMessageIds(a.messageId, b.messageId) ||
    // Before the id, which changes with each revision: the same window must not change its mind by chance.
    compareText(a.value, b.value) ||
    compareText(a.source.observationId, b.source.observationId)
  );
}

export function greatestMessageId(evidence: readonly Evidence[]): string {
  return evidence.reduce(
    (greatest, { message_id: id }) => (compareMessageIds(id, greatest) > 0 ? id : greatest),
    '',
  );
}

/** An observation counts once, however often it is handed in. */
export function withoutRepeats<Source extends Observation>(observations: readonly Source[]): Source[] {
  return [...new Map(observations.map((observation) => [observation.observationId, observation])).values()];
}

/** Epoch milliseconds of an RFC 3339 text; null when there is none or it names no instant. */
export function instantMs(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** Shorter first, so that counting ids sort as numbers. */
function compareMessageIds(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}
