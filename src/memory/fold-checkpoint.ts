import type { Observation } from '../model/observation.ts';
import type { Group } from './group-observations.ts';

/**
 * Where the fold of a group stood after all its live observations up to an event time, so
 * that a further window need not read them again. It holds exactly as long as that set of
 * observations stays what it was: whoever adds one at or before `uptoMs`, or takes one
 * away, must drop it. It quotes them.
 */
export interface FoldCheckpoint {
  readonly group: Group;
  /** Event time, epoch milliseconds, inclusive. */
  readonly uptoMs: number;
  /** JSON that `fold-state` wrote; nobody else reads it. */
  readonly state: string;
}

/** So many of the newest observations stay after it: windows do not settle quite in the order of time. */
const leastTail = 32;
/** A longer tail than this moves the checkpoint on: once for many windows, since writing it costs. */
const longestTail = 96;

/**
 * Up to where a checkpoint of these observations should reach, between two event times;
 * null: as far as it does. A person's entry must lie before it, since entries decide over
 * what was said earlier.
 */
export function cutMs(observations: readonly Observation[]): number | null {
  if (observations.length <= longestTail) return null;
  const ordered = [...observations].sort((a, b) => a.occurredAtMs - b.occurredAtMs);
  const firstAfter = ordered.at(-leastTail)?.occurredAtMs ?? Number.NEGATIVE_INFINITY;
  const uptoMs = ordered.findLast(({ occurredAtMs }) => occurredAtMs < firstAfter)?.occurredAtMs;
  if (uptoMs === undefined) return null;
  const isDecided = ordered.every((one) => one.origin !== 'manual' || one.occurredAtMs <= uptoMs);
  return isDecided ? uptoMs : null;
}
