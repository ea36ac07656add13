import { windowId } from '../model/identity.ts';
import type { CloseReason, LiveWindow } from '../model/session-window.ts';
import type { Ending } from '../sessions/cut.ts';
import type { DesiredWindow } from '../sessions/reconcile.ts';
import type { SettingsTimeline } from '../sessions/settings-timeline.ts';
import type { WindowRow, WindowWrites } from './message-store.ts';
import type { Reconciliation } from './reconcile-windows.ts';
import type { KeyArrivals } from './session-groups.ts';
import type { StretchChanges } from './stretches.ts';

/** A bot's last reply often arrives after its `session.end`: that long the window still waits. */
const endGraceMs = 2_000;

/** What the database has to do so that its windows become the desired ones. */
export function toWindowWrites(work: Reconciliation, all: readonly StretchChanges[]): WindowWrites {
  return {
    superseded: all.flatMap(({ arrivals, changes }) =>
      changes.superseded.map(({ window, by }) => ({
        windowId: window.windowId,
        by: by.map((startedAtMs) => idOf(arrivals, startedAtMs)),
      })),
    ),
    wereClosed: all.flatMap(({ changes }) =>
      [...changes.superseded.map(({ window }) => window), ...changes.changed.map(({ before }) => before)]
        .filter((window) => window.status === 'closed')
        .map((window) => window.windowId),
    ),
    updated: all.flatMap(({ arrivals, changes }) =>
      changes.changed.map(({ before, after }) => toRow(work, arrivals, after, before)),
    ),
    inserted: all.flatMap(({ arrivals, changes }) =>
      changes.opened.map((window) => toRow(work, arrivals, window, undefined)),
    ),
    ended: all.flatMap(({ changes }) =>
      changes.ended.map(({ window, reason }) => ({ windowId: window.windowId, reason })),
    ),
  };
}

function idOf({ key, byChannel, channelId }: KeyArrivals, startedAtMs: number): string {
  const sessionKey = {
    botId: key.botId,
    userId: key.userId,
    channelId: byChannel ? (channelId ?? '') : null,
  };
  return windowId(key.runId, sessionKey, startedAtMs);
}

function toRow(
  work: Reconciliation,
  arrivals: KeyArrivals,
  window: DesiredWindow,
  before: LiveWindow | undefined,
): WindowRow {
  const dueReason: CloseReason | null = window.ending ?? null;
  // A closed window that may still grow is open again: it closes by the ordinary rules, and
  // its next revision is made once, not for every message that still comes.
  const staysClosed = before?.status === 'closed' && dueReason !== null;
  return {
    windowId: before?.windowId ?? idOf(arrivals, window.startedAtMs),
    runId: arrivals.key.runId,
    keyId: arrivals.key.keyId,
    sessionKey: arrivals.sessionKey,
    channelId: window.channelId,
    channelType: window.channelType,
    startedAtMs: window.startedAtMs,
    endedAtMs: window.endedAtMs,
    messageCount: window.messageCount,
    status: staysClosed ? 'closed' : 'open',
    dueReason: staysClosed ? null : dueReason,
    checkAtMs: checkAtMs(work, arrivals.timeline, window.endedAtMs, window.ending),
    partition: work.partition,
  };
}

/** Wall time when only the grace is missing, event time when the end is not yet certain. */
function checkAtMs(
  work: Reconciliation,
  timeline: SettingsTimeline,
  endedAtMs: number,
  ending: Ending,
): number {
  if (ending === undefined) return timeline.joinableUntilMs(endedAtMs);
  return work.nowMs + graceOf(ending, work.graceMs);
}

export function graceOf(reason: CloseReason, graceMs: number): number {
  return reason === 'end' ? Math.min(endGraceMs, graceMs) : graceMs;
}
