import type { FoldedFact } from '../model/memory.ts';
import type { FactObservation } from '../model/observation.ts';
import { rememberingCanonical } from './canonical-entity.ts';
import { withoutRepeats } from './claim.ts';
import { countsAsFact, factClaim } from './fact-claims.ts';
import { factWording, mergedAttributes } from './fact-wording.ts';
import { foldClaims, type FoldRules } from './fold-claims.ts';
import type { Period } from './period.ts';
import { factGroupKey } from './group-keys.ts';
import { byGroup, onlyGroupKey } from './group-observations.ts';
import { periodIds, remember } from './remember.ts';

/**
 * Half a year: "the traffic here in Lisbon" does not move somebody who said last month
 * that they live in Porto; the same kind of words a year later do.
 */
const rules: FoldRules = { impliedWaitsMs: 182 * 86_400_000 };

/**
 * Facts of one group, from all its live observations: what is current (at most one)
 * and what was, in the order in which it came to hold. A function of the set of
 * observations alone, so leaving a window's observations out undoes exactly them.
 *
 * Who wins: a retraction by a person over everything of that value; a person's entry
 * over what it replaced, for as long as it holds; otherwise the newest statement; an
 * implied claim over a stated one only when that was not said for half a year.
 */
export function foldFacts(observations: readonly FactObservation[]): FoldedFact[] {
  const canonical = rememberingCanonical();
  const groupKey = onlyGroupKey(observations, ({ fact }) => factGroupKey(fact, canonical));
  if (groupKey === null) return [];
  const counted = withoutRepeats(observations).filter(countsAsFact);
  const claims = counted.map((observation) => factClaim(observation, canonical));
  const periods = foldClaims(claims, rules);
  const ids = periodIds(periods, groupKey);
  return periods.map((period) => foldedFact(period, groupKey, ids));
}

/** The same for observations of any number of groups and persons, group by group. */
export function foldFactGroups(observations: readonly FactObservation[]): FoldedFact[] {
  const canonical = rememberingCanonical();
  const groups = byGroup(observations, ({ fact }) => factGroupKey(fact, canonical));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => foldFacts(group));
}

function foldedFact(
  period: Period<FactObservation>,
  groupKey: string,
  ids: ReadonlyMap<Period<FactObservation>, string>,
): FoldedFact {
  return {
    factId: ids.get(period) ?? '',
    ...remember(period, groupKey, ids),
    ...factWording(period.claims),
    attributes: mergedAttributes(period.claims),
    modality: period.statedAtMs === null ? 'implied' : 'stated',
  };
}
