import type { PreferenceObservation } from '../model/observation.ts';
import type { PreferenceResult } from '../model/results.ts';
import { ranks, type Claim } from './claim.ts';
import type { Wording } from './period.ts';

/** What speaks for a period; plain data, as it is kept in a checkpoint. */
export interface PreferenceWords {
  spoken: Pick<PreferenceResult, 'key' | 'value' | 'reasoning'>;
  /** By a person or in words. */
  isExplicit: boolean;
}

/**
 * The newest of the weightiest: once a person entered it only their words, else what was
 * asked for in words speaks for itself.
 */
export const preferenceWording: Wording<PreferenceObservation, PreferenceWords> = {
  first: spokenBy,
  add: (words, claim, byHand) => {
    if (byHand && claim.rank !== ranks.manual) return;
    if (words.isExplicit && claim.rank === ranks.implied) return;
    Object.assign(words, spokenBy(claim));
  },
};

function spokenBy({ source, rank }: Claim<PreferenceObservation>): PreferenceWords {
  const { key, value, reasoning } = source.preference;
  return { spoken: { key, value, reasoning }, isExplicit: rank !== ranks.implied };
}
