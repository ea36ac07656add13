import type { BoundarySettings, SettingsTimeline } from './settings-timeline.ts';

/** Why the end of a window is certain; undefined: a later message may still belong to it. */
export type Ending = 'gap' | 'end' | 'full' | 'aged' | undefined;

/** A window as a range of the sorted event times that were cut: [from, to). */
export interface CutWindow {
  readonly from: number;
  readonly to: number;
  readonly ending: Ending;
}

/**
 * Cuts a key's messages into windows (DESIGN.md 3.2). A pure function of the set:
 *
 * 1. A silence longer than the gap at the later message is a boundary.
 * 2. An end marker at time t is a boundary between the last message at or before t
 *    and the first one after it.
 * 3. Between those boundaries, counting from the start: when a message would exceed
 *    a cap, the messages before it are the allowed part, and the cut falls at the
 *    longest silence in its second half (the latest of equals; the silence before the
 *    message that exceeds counts too). Counting restarts at the cut.
 * 4. Equal timestamps are never parted: when the second half offers no cut, the
 *    window grows to the next distinct timestamp.
 *
 * A cut depends only on messages up to the first that exceeds, so appending never
 * moves an earlier cut; a late message may move later ones.
 *
 * @param times event times in milliseconds, ascending
 * @param ends times of end markers, ascending
 */
export function cut(
  times: readonly number[],
  ends: readonly number[],
  settings: Pick<SettingsTimeline, 'at'>,
): CutWindow[] {
  const windows: CutWindow[] = [];
  let from = 0;
  let nextEnd = 0;
  for (let index = 1; index < times.length; index += 1) {
    const before = timeAt(times, index - 1);
    const time = timeAt(times, index);
    while (nextEnd < ends.length && timeAt(ends, nextEnd) < before) nextEnd += 1;
    const ending = boundaryBetween(before, time, ends[nextEnd], settings.at(time).gapMs);
    if (ending !== undefined) {
      windows.push({ from, to: index, ending });
      from = index;
      continue;
    }
    for (;;) {
      const capped = capCut(times, from, index, settings.at(timeAt(times, from)));
      if (capped === undefined) break;
      windows.push({ from, to: capped.to, ending: capped.ending });
      from = capped.to;
    }
  }
  if (times.length > 0) windows.push({ from, to: times.length, ending: lastEnding(times, ends) });
  return windows;
}

function boundaryBetween(before: number, time: number, end: number | undefined, gapMs: number): Ending {
  if (time - before > gapMs) return 'gap';
  return end !== undefined && end >= before && end < time ? 'end' : undefined;
}

/** The last window is over only when an end marker stands at or after its last message. */
function lastEnding(times: readonly number[], ends: readonly number[]): Ending {
  const lastTime = times.at(-1);
  const lastEnd = ends.at(-1);
  return lastTime !== undefined && lastEnd !== undefined && lastEnd >= lastTime ? 'end' : undefined;
}

/** Where the window [from, …index] must be cut because `index` exceeds a cap, if it must and can. */
function capCut(
  times: readonly number[],
  from: number,
  index: number,
  caps: BoundarySettings,
): { to: number; ending: 'full' | 'aged' } | undefined {
  const full = index - from + 1 > caps.maxMessages;
  const aged = timeAt(times, index) - timeAt(times, from) > caps.maxDurationMs;
  if (!full && !aged) return undefined;
  const exceeding = firstExceeding(times, from, index, caps);
  const to = longestSilence(times, exceeding, from) ?? firstDistinct(times, exceeding, index);
  return to === undefined ? undefined : { to, ending: full ? 'full' : 'aged' };
}

/** The first message beyond a cap: earlier than `index` when equal timestamps let the window grow. */
function firstExceeding(
  times: readonly number[],
  from: number,
  index: number,
  caps: BoundarySettings,
): number {
  let first = Math.min(index, from + caps.maxMessages);
  const latest = timeAt(times, from) + caps.maxDurationMs;
  while (first > from + 1 && timeAt(times, first - 1) > latest) first -= 1;
  return first;
}

/** Index after the longest silence in the second half of [from, exceeding); the latest of equals. */
function longestSilence(times: readonly number[], exceeding: number, from: number): number | undefined {
  const secondHalf = from + Math.max(1, Math.ceil((exceeding - from) / 2));
  let longestMs = 0;
  let at: number | undefined;
  for (let index = secondHalf; index <= exceeding; index += 1) {
    const silenceMs = timeAt(times, index) - timeAt(times, index - 1);
    if (silenceMs > 0 && silenceMs >= longestMs) {
      longestMs = silenceMs;
      at = index;
    }
  }
  return at;
}

/** Where a window that had to grow may end: at the first message from `exceeding` that differs in time. */
function firstDistinct(times: readonly number[], exceeding: number, index: number): number | undefined {
  for (let at = exceeding; at <= index; at += 1) {
    if (timeAt(times, at) > timeAt(times, at - 1)) return at;
  }
  return undefined;
}

function timeAt(times: readonly number[], index: number): number {
  const time = times[index];
  if (time === undefined) throw new RangeError('index outside of the times being cut');
  return time;
}
