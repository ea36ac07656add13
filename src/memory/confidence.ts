import type { Observation } from '../model/observation.ts';
import { ranks, type Claim, type Rank } from './claim.ts';

/** A person's word. Never 1: even that can be mistaken. */
const byHandConfidence = 0.99;
/** However often it is said. */
const caps = { model: 0.95, offline: 0.75 } as const;
/** What one window's word is worth before the analyser's own number is looked at. */
const worth: Readonly<Record<Exclude<Rank, 2>, number>> = { [ranks.implied]: 0.5, [ranks.stated]: 0.75 };
const offlineWorth = 0.7;
/** Of the distance to the cap, what remains after each further window. */
const remaining = 0.7;

/** What confidence is made from, once all claims of a period are in. */
export interface Grounds {
  readonly byHand: boolean;
  readonly heardByModel: boolean;
  /** Greatest `worthOf` of its claims. */
  readonly bestWorth: number;
  readonly windowCount: number;
}

/**
 * 0–1, to three decimals. It starts from what the best claim is worth, and each further
 * window closes part of the distance to a cap; the analyser's own number only moves the
 * start, by at most a third, since analysers are sure of nearly everything they say.
 */
export function confidenceOf({ byHand, heardByModel, bestWorth, windowCount }: Grounds): number {
  if (byHand) return byHandConfidence;
  const cap = heardByModel ? caps.model : caps.offline;
  const grown = cap - (cap - bestWorth) * remaining ** Math.max(0, windowCount - 1);
  return Math.round(grown * 1000) / 1000;
}

/** What one claim is worth alone, 0–1. */
export function worthOf(claim: Claim): number {
  const base = worth[claim.rank === ranks.manual ? ranks.stated : claim.rank];
  const analyser = claim.source.method === 'offline' ? offlineWorth : 1;
  return base * analyser * (2 / 3 + ownNumber(claim.source) / 3);
}

function ownNumber(source: Observation): number {
  const { confidence } = 'fact' in source ? source.fact : source.preference;
  return Math.min(1, Math.max(0, confidence));
}
