import type { Observation } from '../model/observation.ts';
import { rememberingCanonical } from './canonical-entity.ts';
import type { FoldCheckpoint } from './fold-checkpoint.ts';
import { foldGroup, foldOn, type GroupMemory, type MemoryKind } from './fold-group.ts';
import { byGroup, groupId } from './group-observations.ts';

/** What the folding of some groups came to. */
export interface TouchedFold<Folded> {
  readonly folded: readonly Folded[];
  /** To be kept in place of the present ones. */
  readonly checkpoints: readonly FoldCheckpoint[];
  /** Keys of the groups that are not in `folded`: all their observations are needed. */
  readonly unfinished: ReadonlySet<string>;
}

/**
 * Folds groups of one person: those with a checkpoint from there on, the others from the
 * beginning. `observations` are the live ones after each group's checkpoint.
 */
export function foldTouched<Source extends Observation, Words, Folded>(
  kind: MemoryKind<Source, Words, Folded>,
  observations: readonly Source[],
  checkpoints: readonly FoldCheckpoint[],
): TouchedFold<Folded> {
  const canonical = rememberingCanonical();
  const tails = byGroup(observations, (one) => kind.groupKey(one, canonical));
  const memories: GroupMemory<Folded>[] = [];
  const unfinished = new Set<string>();
  for (const checkpoint of checkpoints) {
    const id = groupId(checkpoint.group);
    const memory = foldOn(kind, checkpoint, tails.get(id) ?? []);
    tails.delete(id);
    if (memory === null) unfinished.add(checkpoint.group.groupKey);
    else memories.push(memory);
  }
  for (const all of tails.values()) memories.push(foldGroup(kind, all));
  return {
    folded: memories.flatMap(({ folded }) => folded),
    checkpoints: memories.flatMap(({ checkpoint }) => checkpoint ?? []),
    unfinished,
  };
}
