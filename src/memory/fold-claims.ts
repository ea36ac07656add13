import type { Observation } from '../model/observation.ts';
import { compareClaims, isPast, ranks, type Claim } from './claim.ts';
import { confirm, lastSaidMs, newPeriod, recount, settle, type Period } from './period.ts';

export interface FoldRules {
  /** How long what was stated holds out against what is only implied. */
  readonly impliedWaitsMs: number;
}

interface Walk<Source extends Observation> {
  readonly rules: FoldRules;
  holder: Period<Source> | null;
  readonly periods: Period<Source>[];
  readonly byValue: Map<string, Period<Source>[]>;
}

/**
 * Folds the claims of one group to the periods of its values, in the order in which
 * they came to hold. At most one is current. A function of the set of claims: walked
 * by event time, whatever their order in the array.
 */
export function foldClaims<Source extends Observation>(
  claims: readonly Claim<Source>[],
  rules: FoldRules,
): Period<Source>[] {
  const ordered = [...claims].sort(compareClaims);
  const retractions = finalRetractions(ordered);
  const walk: Walk<Source> = { rules, holder: null, periods: [], byValue: new Map() };
  for (const claim of ordered) {
    const retraction = retractions.get(claim.value);
    if (claim.source.retracts) continue;
    if (retraction === undefined) take(walk, claim);
    else withdraw(walk, claim, retraction);
  }
  const believed = walk.periods.filter((period) => period.status !== 'outweighed');
  believed.forEach(settle);
  return believed;
}

/** By value: the retraction that no later word of a person took back. Analysers cannot take it back. */
function finalRetractions<Source extends Observation>(ordered: readonly Claim<Source>[]) {
  const retractions = new Map<string, Claim<Source>>();
  for (const claim of ordered) {
    if (claim.source.retracts) retractions.set(claim.value, claim);
    else if (claim.rank === ranks.manual) retractions.delete(claim.value);
  }
  return retractions;
}

function take<Source extends Observation>(walk: Walk<Source>, claim: Claim<Source>): void {
  const { holder } = walk;
  if (isPast(claim)) tellPast(walk, claim);
  else if (holder === null) walk.holder = begin(walk, claim, 'current');
  else if (holder.value === claim.value) confirm(holder, claim);
  else if (givesWay(claim, holder, walk.rules)) outweigh(walk, claim, holder);
  else displace(walk, claim, holder);
}

/** Whether a claim of another value cannot take the place of the one that holds. */
function givesWay(claim: Claim, holder: Period, rules: FoldRules): boolean {
  if (claim.rank !== ranks.manual && holder.overruled.has(claim.value)) return true;
  // "I don't live in Rome" says nothing against living in Porto.
  if (claim.denies !== null && holder.denies === null && claim.denies !== holder.value) return true;
  // Living in Porto is more than not living in Rome, however it was learnt.
  if (claim.denies === null && holder.denies !== null && holder.denies !== claim.value) return false;
  return claim.rank === ranks.implied && holdsOut(holder, claim.saidAtMs, rules);
}

/** What a person entered holds out against implied claims for good, what was stated for a while. */
function holdsOut(holder: Period, saidAtMs: number, rules: FoldRules): boolean {
  if (holder.byHand) return true;
  return holder.statedAtMs !== null && saidAtMs - holder.statedAtMs < rules.impliedWaitsMs;
}

function displace<Source extends Observation>(
  walk: Walk<Source>,
  claim: Claim<Source>,
  holder: Period<Source>,
): void {
  const next = promote(walk, claim, holder) ?? begin(walk, claim, 'current');
  if (claim.rank === ranks.manual) {
    next.overruled.add(holder.value);
    if (holder.byHand) holder.overruled.forEach((value) => next.overruled.add(value));
    next.overruled.delete(next.value);
  }
  holder.status = 'superseded';
  holder.successor = next;
  walk.holder = next;
}

function outweigh<Source extends Observation>(
  walk: Walk<Source>,
  claim: Claim<Source>,
  holder: Period<Source>,
): void {
  const waiting = waitingPeriod(walk, claim.value, holder);
  if (waiting === undefined) begin(walk, claim, 'outweighed').successor = holder;
  else confirm(waiting, claim);
}

/** Claims that waited behind the holder count once they are believed; they hold from then on. */
function promote<Source extends Observation>(
  walk: Walk<Source>,
  claim: Claim<Source>,
  holder: Period<Source>,
): Period<Source> | null {
  const waiting = waitingPeriod(walk, claim.value, holder);
  if (waiting === undefined) return null;
  confirm(waiting, claim);
  // It comes to hold now: periods stay in the order in which they held.
  walk.periods.splice(walk.periods.indexOf(waiting), 1);
  walk.periods.push(waiting);
  waiting.status = 'current';
  waiting.successor = null;
  waiting.fromMs = Math.max(waiting.fromMs ?? claim.saidAtMs, lastSaidMs(holder));
  return waiting;
}

function waitingPeriod<Source extends Observation>(
  walk: Walk<Source>,
  value: string,
  holder: Period<Source>,
): Period<Source> | undefined {
  const last = walk.byValue.get(value)?.at(-1);
  return last?.status === 'outweighed' && last.successor === holder ? last : undefined;
}

function tellPast<Source extends Observation>(
  walk: Walk<Source>,
  claim: Claim<Source> & { toMs: number },
): void {
  const { holder } = walk;
  const reaches = (period: Period): boolean => period.fromMs === null || period.fromMs <= claim.toMs;
  if (holder?.value === claim.value && reaches(holder)) {
    if (claim.rank === ranks.implied && holdsOut(holder, claim.saidAtMs, walk.rules)) return;
    recount(holder, claim);
    holder.status = 'ended';
    walk.holder = null;
    return;
  }
  const told = walk.byValue
    .get(claim.value)
    ?.findLast((period) => period !== holder && period.status !== 'outweighed' && reaches(period));
  if (told === undefined) begin(walk, claim, 'ended');
  else recount(told, claim);
}

/** All that was claimed of a value that a person withdrew, kept together for whoever asks why. */
function withdraw<Source extends Observation>(
  walk: Walk<Source>,
  claim: Claim<Source>,
  retraction: Claim<Source>,
): void {
  const known = walk.byValue.get(claim.value)?.[0];
  if (known !== undefined) {
    confirm(known, claim);
    known.toMs = retraction.saidAtMs;
    return;
  }
  begin(walk, claim, 'retracted').toMs = retraction.saidAtMs;
}

function begin<Source extends Observation>(
  walk: Walk<Source>,
  claim: Claim<Source>,
  status: Period['status'],
): Period<Source> {
  const period = newPeriod(claim, status);
  walk.periods.push(period);
  const sameValue = walk.byValue.get(claim.value);
  if (sameValue === undefined) walk.byValue.set(claim.value, [period]);
  else sameValue.push(period);
  return period;
}
