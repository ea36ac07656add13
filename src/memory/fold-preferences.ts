import type { FoldedPreference } from '../model/memory.ts';
import type { PreferenceObservation } from '../model/observation.ts';
import type { Canonical } from './canonical-entity.ts';
import { greatestMessageId, ranks, type Claim } from './claim.ts';
import { foldGroup, foldGroups, type MemoryKind } from './fold-group.ts';
import { isTopicKey, preferenceGroupKey } from './group-keys.ts';
import { oneLine } from './one-line.ts';
import { preferenceWording, type PreferenceWords } from './preference-wording.ts';

/**
 * Preferences of one group: the current one (at most one) and the history. Explicit beats
 * implied always, the newest wins within a class.
 */
export const preferenceMemory: MemoryKind<PreferenceObservation, PreferenceWords, FoldedPreference> = {
  /** What was asked for in words holds until it is asked otherwise, whatever behaviour suggests. */
  rules: { impliedWaitsMs: Number.POSITIVE_INFINITY, wording: preferenceWording },
  groupKey: ({ preference }, canonical) => preferenceGroupKey(preference, canonical),
  claims: (observations, canonical) =>
    observations.map((observation) => preferenceClaim(observation, canonical)),
  folded: (remembered, { words: { spoken }, statedAtMs }, preferenceId) => ({
    preferenceId,
    ...remembered,
    key: spoken.key,
    value: oneLine(spoken.value) || spoken.value,
    explicit: statedAtMs !== null,
    reasoning: spoken.reasoning,
  }),
};

/** Preferences of one group, from all its live observations. */
export function foldPreferences(observations: readonly PreferenceObservation[]): readonly FoldedPreference[] {
  return foldGroup(preferenceMemory, observations).folded;
}

/** The same for observations of any number of groups and persons, group by group. */
export function foldPreferenceGroups(observations: readonly PreferenceObservation[]): FoldedPreference[] {
  return foldGroups(preferenceMemory, observations);
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
