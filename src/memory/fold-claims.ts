import type { Observation } from '../model/observation.ts';
import { isPast, ranks, type Claim } from './claim.ts';
import { addPeriod, type FoldState } from './fold-state.ts';
import { confirm, newPeriod, recount, type Period, type Wording } from './period.ts';

export interface FoldRules<Source extends Observation, Words> {
  /** How long what was stated holds out against what is only implied. */
  readonly impliedWaitsMs: number;
  readonly wording: Wording<Source, Words>;
}

interface Walk<Source extends Observation, Words> {
  readonly rules: FoldRules<Source, Words>;
  readonly state: FoldState<Words>;
}

/**
 * One claim further: `state` is what the claims before it, in the order of `compareClaims`,
 * have led to. At most one period is current. The claims are kept in sums and bounded
 * lists, so that a state costs as much after ten thousand of them as after a hundred.
 */
export function step<Source extends Observation, Words>(
  state: FoldState<Words>,
  claim: Claim<Source>,
  rules: FoldRules<Source, Words>,
): void {
  if (claim.source.retracts) return;
  const walk = { rules, state };
  const retractedAtMs = state.retractions.get(claim.value);
  if (retractedAtMs === undefined) take(walk, claim);
  else withdraw(walk, claim, retractedAtMs);
}

function take<Source extends Observation, Words>(walk: Walk<Source, Words>, claim: Claim<Source>): void {
  const { holder } = walk.state;
  if (isPast(claim)) tellPast(walk, claim);
  else if (holder === null) walk.state.holder = begin(walk, claim, 'current');
  else if (holder.value === claim.value) confirm(holder, claim, walk.rules.wording);
  else if (givesWay(claim, holder, walk.rules.impliedWaitsMs)) outweigh(walk, claim);
  else displace(walk, claim, holder);
}

/** Whether a claim of another value cannot take the place of the one that holds. */
function givesWay(claim: Claim, holder: Period, impliedWaitsMs: number): boolean {
  if (claim.rank !== ranks.manual && holder.overruled.has(claim.value)) return true;
  // "I don't live in Rome" says nothing against living in Porto.
  if (claim.denies !== null && holder.denies === null && claim.denies !== holder.value) return true;
  // Living in Porto is more than not living in Rome, however it was learnt.
  if (claim.denies === null && holder.denies !== null && holder.denies !== claim.value) return false;
  return claim.rank === ranks.implied && holdsOut(holder, claim.saidAtMs, impliedWaitsMs);
}

/** What a person entered holds out against implied claims for good, what was stated for a while. */
function holdsOut(holder: Period, saidAtMs: number, impliedWaitsMs: number): boolean {
  if (holder.byHand) return true;
  return holder.statedAtMs !== null && saidAtMs - holder.statedAtMs < impliedWaitsMs;
}

function displace<Source extends Observation, Words>(
  walk: Walk<Source, Words>,
  claim: Claim<Source>,
  holder: Period<Words>,
): void {
  const next = promote(walk, claim, holder) ?? begin(walk, claim, 'current');
  if (claim.rank === ranks.manual) {
    next.overruled.add(holder.value);
    if (holder.byHand) holder.overruled.forEach((value) => next.overruled.add(value));
    next.overruled.delete(next.value);
  }
  holder.status = 'superseded';
  holder.successor = next;
  walk.state.holder = next;
  walk.state.waiting.clear();
}

function outweigh<Source extends Observation, Words>(
  { state, rules: { wording } }: Walk<Source, Words>,
  claim: Claim<Source>,
): void {
  const waiting = state.waiting.get(claim.value);
  if (waiting === undefined) state.waiting.set(claim.value, newPeriod(claim, 'outweighed', wording));
  else confirm(waiting, claim, wording);
}

/** Claims that waited behind the holder count once they are believed; they hold from then on. */
function promote<Source extends Observation, Words>(
  { state, rules }: Walk<Source, Words>,
  claim: Claim<Source>,
  holder: Period<Words>,
): Period<Words> | null {
  const waiting = state.waiting.get(claim.value);
  if (waiting === undefined) return null;
  confirm(waiting, claim, rules.wording);
  addPeriod(state, waiting);
  waiting.status = 'current';
  waiting.fromMs = Math.max(waiting.fromMs ?? claim.saidAtMs, holder.support.lastSeenMs);
  return waiting;
}

function tellPast<Source extends Observation, Words>(
  walk: Walk<Source, Words>,
  claim: Claim<Source> & { toMs: number },
): void {
  const { state, rules } = walk;
  const { holder } = state;
  const reaches = (period: Period): boolean => period.fromMs === null || period.fromMs <= claim.toMs;
  if (holder?.value === claim.value && reaches(holder)) {
    if (claim.rank === ranks.implied && holdsOut(holder, claim.saidAtMs, rules.impliedWaitsMs)) return;
    recount(holder, claim, rules.wording);
    holder.status = 'ended';
    state.holder = null;
    state.waiting.clear();
    return;
  }
  const told = state.byValue.get(claim.value)?.findLast((period) => period !== holder && reaches(period));
  if (told !== undefined) {
    recount(told, claim, rules.wording);
    return;
  }
  begin(walk, claim, 'ended');
  // What is over and told by itself is not what hints had been waiting for.
  state.waiting.delete(claim.value);
}

/** All that was claimed of a value that a person withdrew, kept together for whoever asks why. */
function withdraw<Source extends Observation, Words>(
  walk: Walk<Source, Words>,
  claim: Claim<Source>,
  retractedAtMs: number,
): void {
  const known = walk.state.byValue.get(claim.value)?.[0];
  if (known === undefined) begin(walk, claim, 'retracted').toMs = retractedAtMs;
  else {
    confirm(known, claim, walk.rules.wording);
    known.toMs = retractedAtMs;
  }
}

function begin<Source extends Observation, Words>(
  { state, rules }: Walk<Source, Words>,
  claim: Claim<Source>,
  status: Period['status'],
): Period<Words> {
  const period = newPeriod(claim, status, rules.wording);
  addPeriod(state, period);
  return period;
}
