import type { FoldedFact } from '../model/memory.ts';
import type { FactObservation } from '../model/observation.ts';
import { countsAsFact, factClaim } from './fact-claims.ts';
import { factWording, tell, type FactWords } from './fact-wording.ts';
import { foldGroup, foldGroups, type MemoryKind } from './fold-group.ts';
import { factGroupKey } from './group-keys.ts';

/**
 * Facts of one group: what is current (at most one) and what was, in the order in which
 * it came to hold. A function of the set of observations alone, so leaving a window's
 * observations out undoes exactly them.
 *
 * Who wins: a retraction by a person over everything of that value; a person's entry
 * over what it replaced, for as long as it holds; otherwise the newest statement; an
 * implied claim over a stated one only when that was not said for half a year.
 */
export const factMemory: MemoryKind<FactObservation, FactWords, FoldedFact> = {
  /**
   * Half a year: "the traffic here in Lisbon" does not move somebody who said last month
   * that they live in Porto; the same kind of words a year later do.
   */
  rules: { impliedWaitsMs: 182 * 86_400_000, wording: factWording },
  groupKey: ({ fact }, canonical) => factGroupKey(fact, canonical),
  claims: (observations, canonical) =>
    observations.filter(countsAsFact).map((observation) => factClaim(observation, canonical)),
  folded: (remembered, { words, statedAtMs }, factId) => ({
    factId,
    ...remembered,
    ...tell(words),
    modality: statedAtMs === null ? 'implied' : 'stated',
  }),
};

/** Facts of one group, from all its live observations. */
export function foldFacts(observations: readonly FactObservation[]): readonly FoldedFact[] {
  return foldGroup(factMemory, observations).folded;
}

/** The same for observations of any number of groups and persons, group by group. */
export function foldFactGroups(observations: readonly FactObservation[]): FoldedFact[] {
  return foldGroups(factMemory, observations);
}
