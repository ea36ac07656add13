import { InvariantError } from '../errors.ts';
import type { FoldedPreference } from '../model/memory.ts';
import type { PreferenceObservation } from '../model/observation.ts';
import type { PreferenceResult } from '../model/results.ts';
import { rememberingCanonical, type Canonical } from './canonical-entity.ts';
import { greatestMessageId, ranks, withoutRepeats, type Claim } from './claim.ts';
import { foldClaims, type FoldRules } from './fold-claims.ts';
import type { Period } from './period.ts';
import { isTopicKey, preferenceGroupKey } from './group-keys.ts';
import { byGroup, onlyGroupKey } from './group-observations.ts';
import { oneLine } from './one-line.ts';
import { leadingClaims, periodIds, remember } from './remember.ts';

/** What was asked for in words holds until it is asked otherwise, whatever behaviour suggests. */
const rules: FoldRules = { impliedWaitsMs: Number.POSITIVE_INFINITY };

/**
 * Preferences of one group, from all its live observations: the current one (at most
 * one) and the history. Explicit beats implied always, the newest wins within a class.
 */
export function foldPreferences(observations: readonly PreferenceObservation[]): FoldedPreference[] {
  const canonical = rememberingCanonical();
  const groupKey = onlyGroupKey(observations, ({ preference }) => preferenceGroupKey(preference, canonical));
  if (groupKey === null) return [];
  const claims = withoutRepeats(observations).map((observation) => preferenceClaim(observation, canonical));
  const periods = foldClaims(claims, rules);
  const ids = periodIds(periods, groupKey);
  return periods.map((period) => foldedPreference(period, groupKey, ids));
}

/** The same for observations of any number of groups and persons, group by group. */
export function foldPreferenceGroups(observations: readonly PreferenceObservation[]): FoldedPreference[] {
  const groups = byGroup(observations, ({ preference }) => preferenceGroupKey(preference));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => foldPreferences(group));
}

function preferenceClaim(
  observation: PreferenceObservation,
  canonical: Canonical,
): Claim<PreferenceObservation> {
  const { preference, origin } = observation;
  const said = preference.explicit ? ranks.stated : ranks.implied;
  return {
    source: observation,
    // Compared as a name is: no plurals in a time zone or a tone.
    value: isTopicKey(preference.key) ? preference.key : canonical(preference.value, 'name'),
    denies: null,
    rank: origin === 'manual' ? ranks.manual : said,
    saidAtMs: observation.occurredAtMs,
    fromMs: null,
    toMs: null,
    messageId: greatestMessageId(preference.evidence),
  };
}

function foldedPreference(
  period: Period<PreferenceObservation>,
  groupKey: string,
  ids: ReadonlyMap<Period<PreferenceObservation>, string>,
): FoldedPreference {
  const { key, value, reasoning } = leadingPreference(period.claims);
  return {
    preferenceId: ids.get(period) ?? '',
    ...remember(period, groupKey, ids),
    key,
    value: oneLine(value) || value,
    explicit: period.statedAtMs !== null,
    reasoning,
  };
}

/** The newest of the weightiest: what was asked for in words speaks for itself. */
function leadingPreference(claims: readonly Claim<PreferenceObservation>[]): PreferenceResult {
  const leading = leadingClaims(claims);
  const spoken = leading.findLast((claim) => claim.rank !== ranks.implied) ?? leading.at(-1);
  if (spoken === undefined) throw new InvariantError('fold-27f0', 'a period has no claims');
  return spoken.source.preference;
}
