import { InvariantError } from '../errors.ts';
import type { Observation } from '../model/observation.ts';

/** Whose claims, and about what; see `group-keys`. */
export interface Group {
  readonly botId: string;
  readonly userId: string;
  readonly groupKey: string;
}

export function groupId({ botId, userId, groupKey }: Group): string {
  return JSON.stringify([botId, userId, groupKey]);
}

/** Splits observations by the group that each must be folded in; by `groupId`. */
export function byGroup<Source extends Observation>(
  observations: readonly Source[],
  keyOf: (observation: Source) => string,
): Map<string, Source[]> {
  const groups = new Map<string, Source[]>();
  for (const observation of observations) {
    const key = groupId({ ...observation, groupKey: keyOf(observation) });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [observation]);
    else group.push(observation);
  }
  return groups;
}

/**
 * The one group of observations, which go on from claims of `group` if there is one. Two
 * groups, or two persons, folded as one would close each other's facts.
 */
export function onlyGroup<Source extends Observation>(
  observations: readonly Source[],
  keyOf: (observation: Source) => string,
  group: Group | null,
): Group | null {
  let only = group;
  for (const observation of observations) {
    const { botId, userId } = observation;
    const groupKey = keyOf(observation);
    only ??= { botId, userId, groupKey };
    if (groupKey !== only.groupKey || botId !== only.botId || userId !== only.userId) {
      throw new InvariantError('fold-5e97', 'observations of different groups were folded together');
    }
  }
  return only;
}
