import { InvariantError } from '../errors.ts';
import type { Observation } from '../model/observation.ts';

/** Splits observations by the group that each must be folded in. */
export function byGroup<Source extends Observation>(
  observations: readonly Source[],
  keyOf: (observation: Source) => string,
): Map<string, Source[]> {
  const groups = new Map<string, Source[]>();
  for (const observation of observations) {
    const key = JSON.stringify([observation.botId, observation.userId, keyOf(observation)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [observation]);
    else group.push(observation);
  }
  return groups;
}

/** The one key of a group. Two groups, or two persons, folded as one would close each other's facts. */
export function onlyGroupKey<Source extends Observation>(
  observations: readonly Source[],
  keyOf: (observation: Source) => string,
): string | null {
  const [first] = observations;
  if (first === undefined) return null;
  const key = keyOf(first);
  for (const other of observations) {
    if (keyOf(other) !== key || other.botId !== first.botId || other.userId !== first.userId) {
      throw new InvariantError('fold-5e97', 'observations of different groups were folded together');
    }
  }
  return key;
}
