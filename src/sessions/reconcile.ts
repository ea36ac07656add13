import type { CloseReason, LiveWindow, WindowChannel } from '../model/session-window.ts';
import { cut, type Ending } from './cut.ts';
import type { SettingsTimeline } from './settings-timeline.ts';

/** A member as far as boundaries and the window's channel need it. */
export interface Member extends WindowChannel {
  readonly sentAtMs: number;
}

/** A window as it should be, whatever stood there before. */
export interface DesiredWindow extends WindowChannel {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly ending: Ending;
}

/** How the windows of a stretch have to change; nothing for a window that is right already. */
export interface WindowChanges {
  readonly opened: readonly DesiredWindow[];
  readonly changed: readonly { readonly before: LiveWindow; readonly after: DesiredWindow }[];
  /** Unchanged members, but now over for sure: a later window of the key exists. */
  readonly ended: readonly { readonly window: LiveWindow; readonly reason: CloseReason }[];
  readonly superseded: readonly { readonly window: LiveWindow; readonly by: readonly number[] }[];
}

/** Cuts the members of a stretch again. `members` ascend by time and are never empty. */
export function desiredWindows(
  members: readonly Member[],
  ends: readonly number[],
  settings: Pick<SettingsTimeline, 'at'>,
): DesiredWindow[] {
  const times = members.map((member) => member.sentAtMs);
  return cut(times, ends, settings).map((range) =>
    describeRange(members.slice(range.from, range.to), range.ending),
  );
}

function describeRange(members: readonly Member[], ending: Ending): DesiredWindow {
  const first = members[0];
  const last = members.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a window has at least one member');
  const { channelId, channelType } = sharedChannel(first, members);
  return {
    channelId,
    channelType,
    startedAtMs: first.sentAtMs,
    endedAtMs: last.sentAtMs,
    messageCount: members.length,
    ending,
  };
}

/** Of all together. Mostly they are alike, and nothing is made: this runs for every window of a batch. */
function sharedChannel(first: WindowChannel, others: readonly WindowChannel[]): WindowChannel {
  let shared = first;
  for (const other of others) {
    if (other.channelId === shared.channelId && other.channelType === shared.channelType) continue;
    shared = commonChannel(shared, other);
  }
  return shared;
}

/**
 * Null as soon as two members differ, so that the order of arrival cannot matter. A channel
 * whose type was told in two ways is still one channel: where channels part sessions, the
 * members of a window are found by it.
 */
export function commonChannel(a: WindowChannel, b: WindowChannel): WindowChannel {
  if (a.channelId !== b.channelId) return { channelId: null, channelType: null };
  return { channelId: a.channelId, channelType: a.channelType === b.channelType ? a.channelType : null };
}

/**
 * Grows the last window of a key by messages at or after its end, without reading its
 * members. Undefined when that cannot tell the answer (a cap is reached): then the
 * stretch has to be read and cut.
 *
 * @param arrivals ascending, none before the window's end
 */
export function appendToLast(
  last: LiveWindow,
  arrivals: readonly Member[],
  settings: Pick<SettingsTimeline, 'at'>,
): WindowChanges | undefined {
  const caps = settings.at(last.startedAtMs);
  let end = last.endedAtMs;
  let grownBy = 0;
  for (const { sentAtMs } of arrivals) {
    if (sentAtMs - end > settings.at(sentAtMs).gapMs) break;
    if (last.messageCount + grownBy + 1 > caps.maxMessages) return undefined;
    if (sentAtMs - last.startedAtMs > caps.maxDurationMs) return undefined;
    grownBy += 1;
    end = sentAtMs;
  }
  const isWhole = grownBy === arrivals.length;
  const opened = isWhole ? [] : desiredWindows(arrivals.slice(grownBy), [], settings);
  const ending: Ending = isWhole ? undefined : 'gap';
  if (grownBy === 0) {
    return { opened, changed: [], ended: ending === undefined ? [] : endedBy(last, ending), superseded: [] };
  }
  const belonging = isWhole ? arrivals : arrivals.slice(0, grownBy);
  const { channelId, channelType } = sharedChannel(last, belonging);
  const after: DesiredWindow = {
    channelId,
    channelType,
    startedAtMs: last.startedAtMs,
    endedAtMs: end,
    messageCount: last.messageCount + grownBy,
    ending,
  };
  return { opened, changed: [{ before: last, after }], ended: [], superseded: [] };
}

/**
 * What has to change so that the live windows of a stretch become the desired ones.
 * Windows are matched by start: same start → the same window, missing → superseded by
 * those that took its range over, new → opened.
 *
 * @param followed whether a later live window of the key lies beyond the stretch
 */
export function diffWindows(
  live: readonly LiveWindow[],
  desired: readonly DesiredWindow[],
  followed: boolean,
): WindowChanges {
  const settled = desired.map((window, index) =>
    followed && index === desired.length - 1 && window.ending === undefined
      ? { ...window, ending: 'gap' as const }
      : window,
  );
  const liveByStart = new Map(live.map((window) => [window.startedAtMs, window]));
  const desiredStarts = new Set(settled.map((window) => window.startedAtMs));
  const pairs = settled.flatMap((after) => {
    const before = liveByStart.get(after.startedAtMs);
    return before === undefined ? [] : [{ before, after }];
  });
  return {
    opened: settled.filter((window) => !liveByStart.has(window.startedAtMs)),
    changed: pairs.filter(({ before, after }) => membersDiffer(before, after)),
    ended: pairs
      .filter(({ before, after }) => !membersDiffer(before, after) && after.ending !== undefined)
      .flatMap(({ before, after }) => (after.ending === undefined ? [] : endedBy(before, after.ending))),
    superseded: live
      .filter((window) => !desiredStarts.has(window.startedAtMs))
      .map((window) => ({ window, by: startsCovering(window, settled) })),
  };
}

/** The window before a new one beyond the gap is over, if nobody has noted it yet. */
export function withPrecedingEnded(changes: WindowChanges, before: LiveWindow | undefined): WindowChanges {
  if (before === undefined) return changes;
  return { ...changes, ended: [...changes.ended, ...endedBy(before, 'gap')] };
}

/** Same start and end and count is the same set: windows part a key's messages without overlap. */
function membersDiffer(before: LiveWindow, after: DesiredWindow): boolean {
  return before.endedAtMs !== after.endedAtMs || before.messageCount !== after.messageCount;
}

function endedBy(window: LiveWindow, reason: CloseReason): { window: LiveWindow; reason: CloseReason }[] {
  const known = window.status === 'closed' || window.dueReason !== null;
  return known ? [] : [{ window, reason }];
}

function startsCovering(window: LiveWindow, desired: readonly DesiredWindow[]): number[] {
  return desired
    .filter((other) => other.startedAtMs <= window.endedAtMs && other.endedAtMs >= window.startedAtMs)
    .map((other) => other.startedAtMs);
}
