import type { Remembered } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { rememberingCanonical, type Canonical } from './canonical-entity.ts';
import { compareClaims, withoutRepeats, type Claim } from './claim.ts';
import { step, type FoldRules } from './fold-claims.ts';
import { cutMs, type FoldCheckpoint } from './fold-checkpoint.ts';
import { emptyState, finalRetractions, parseState, printState, type FoldState } from './fold-state.ts';
import { byGroup, onlyGroup, type Group } from './group-observations.ts';
import type { Period } from './period.ts';
import { periodIds, remember } from './remember.ts';

/** What facts and preferences each have of their own in the fold. */
export interface MemoryKind<Source extends Observation, Words, Folded> {
  readonly rules: FoldRules<Source, Words>;
  groupKey(observation: Source, canonical: Canonical): string;
  /** Of the observations that count. */
  claims(observations: readonly Source[], canonical: Canonical): Claim<Source>[];
  folded(remembered: Remembered, period: Period<Words>, id: string): Folded;
}

export interface GroupMemory<Folded> {
  readonly folded: readonly Folded[];
  /** To be kept in place of the present one; null: that (or none) stands. */
  readonly checkpoint: FoldCheckpoint | null;
}

/** Folds all live observations of one group; `cut` says up to where a checkpoint of them should reach. */
export function foldGroup<Source extends Observation, Words, Folded>(
  kind: MemoryKind<Source, Words, Folded>,
  observations: readonly Source[],
  cut: Cut = cutMs,
): GroupMemory<Folded> {
  const canonical = rememberingCanonical();
  const group = onlyGroup(observations, (one) => kind.groupKey(one, canonical), null);
  if (group === null) return { folded: [], checkpoint: null };
  const counted = withoutRepeats(observations);
  const claims = kind.claims(counted, canonical).sort(compareClaims);
  const state = emptyState<Words>(finalRetractions(claims));
  return walk(kind, { group, state, claims, uptoMs: cut(counted) });
}

/**
 * The same from a checkpoint and the live observations after it. Null: a person's entry is
 * among these and may reach back over the checkpoint, so that all must be folded.
 */
export function foldOn<Source extends Observation, Words, Folded>(
  kind: MemoryKind<Source, Words, Folded>,
  checkpoint: FoldCheckpoint,
  tail: readonly Source[],
  cut: Cut = cutMs,
): GroupMemory<Folded> | null {
  if (tail.some(({ origin }) => origin === 'manual')) return null;
  const canonical = rememberingCanonical();
  const group = onlyGroup(tail, (one) => kind.groupKey(one, canonical), checkpoint.group) ?? checkpoint.group;
  const counted = withoutRepeats(tail);
  const claims = kind.claims(counted, canonical).sort(compareClaims);
  const state = parseState<Words>(checkpoint.state);
  return walk(kind, { group, state, claims, uptoMs: cut(counted) });
}

/** Every group of the observations, of any number of persons. */
export function foldGroups<Source extends Observation, Words, Folded>(
  kind: MemoryKind<Source, Words, Folded>,
  observations: readonly Source[],
): Folded[] {
  const canonical = rememberingCanonical();
  const groups = byGroup(observations, (one) => kind.groupKey(one, canonical));
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => foldGroup(kind, group).folded);
}

interface Way<Source extends Observation, Words> {
  readonly group: Group;
  readonly state: FoldState<Words>;
  /** In their order. */
  readonly claims: readonly Claim<Source>[];
  /** Where to make a checkpoint; null: nowhere. */
  readonly uptoMs: number | null;
}

type Cut = (observations: readonly Observation[]) => number | null;

function walk<Source extends Observation, Words, Folded>(
  kind: MemoryKind<Source, Words, Folded>,
  { group, state, claims, uptoMs }: Way<Source, Words>,
): GroupMemory<Folded> {
  const isBefore = (claim: Claim): boolean => uptoMs !== null && claim.saidAtMs <= uptoMs;
  for (const claim of claims) if (isBefore(claim)) step(state, claim, kind.rules);
  // Printed before the tail is folded, which changes the state.
  const checkpoint = uptoMs === null ? null : { group, uptoMs, state: printState(state) };
  for (const claim of claims) if (!isBefore(claim)) step(state, claim, kind.rules);
  return { folded: foldedPeriods(kind, group, state.periods), checkpoint };
}

function foldedPeriods<Source extends Observation, Words, Folded>(
  kind: MemoryKind<Source, Words, Folded>,
  group: Group,
  periods: readonly Period<Words>[],
): Folded[] {
  const ids = periodIds(periods, group);
  return periods.map((period) => kind.folded(remember(period, group, ids), period, ids.get(period) ?? ''));
}
