import { windowId } from '../model/identity.ts';
import type { CloseReason, LiveWindow } from '../model/session-window.ts';
import type { Ending } from '../sessions/cut.ts';
import {
  appendToLast,
  desiredWindows,
  diffWindows,
  type DesiredWindow,
  type Member,
  type WindowChanges,
} from '../sessions/reconcile.ts';
import { SettingsTimeline } from '../sessions/settings-timeline.ts';
import type {
  BatchTransaction,
  BotUser,
  LockedKey,
  NewMessage,
  NewSessionEnd,
  RunSettings,
  Surroundings,
  TimeSpan,
  WindowRow,
  WindowWrites,
} from './message-store.ts';

export interface WindowOutcome {
  readonly opened: number;
  readonly changed: number;
  readonly superseded: number;
}

/** A bot's last reply often arrives after its `session.end`: that long the window still waits. */
const endGraceMs = 2_000;

export interface Reconciliation {
  readonly transaction: BatchTransaction;
  readonly arrived: readonly NewMessage[];
  readonly ends: readonly NewSessionEnd[];
  readonly keyOf: (row: BotUser) => LockedKey;
  readonly runs: readonly RunSettings[];
  readonly partition: number;
  readonly nowMs: number;
  readonly graceMs: number;
}

/** What a batch brought for one session key. */
interface KeyArrivals {
  readonly key: LockedKey;
  readonly sessionKey: string;
  readonly channelId: string | null;
  readonly byChannel: boolean;
  readonly timeline: SettingsTimeline;
  /** Ascending by time. */
  readonly members: Member[];
  readonly endsMs: number[];
}

interface KeyChanges {
  readonly arrivals: KeyArrivals;
  readonly changes: WindowChanges;
}

/**
 * Brings the windows of a batch's keys in line with their messages, the new ones
 * included. Cost follows the stretch that the new messages touch, never the history:
 * messages that extend a key's last window are appended without reading it (the fast
 * path, in bulk); otherwise the stretch is read, cut again and compared.
 */
export async function reconcileWindows(work: Reconciliation): Promise<WindowOutcome> {
  const groups = await groupBySessionKey(work);
  if (groups.length === 0) return { opened: 0, changed: 0, superseded: 0 };
  const around = await work.transaction.surroundings(groups.map(spanOf));
  const done: KeyChanges[] = [];
  const slow: { arrivals: KeyArrivals; around: Surroundings }[] = [];
  groups.forEach((arrivals, index) => {
    const surroundings = around[index] ?? { before: undefined, touching: [], after: undefined };
    const changes = fastPath(arrivals, surroundings);
    if (changes === undefined) slow.push({ arrivals, around: surroundings });
    else done.push({ arrivals, changes });
  });
  if (slow.length > 0) done.push(...(await recutStretches(work.transaction, slow)));
  const writes = toWrites(work, done);
  await work.transaction.writeWindows(writes, work.nowMs, work.graceMs);
  return {
    opened: writes.inserted.length,
    changed: writes.updated.length,
    superseded: writes.superseded.length,
  };
}

// --- grouping ---------------------------------------------------------------

async function groupBySessionKey(work: Reconciliation): Promise<KeyArrivals[]> {
  const groups = new Map<string, KeyArrivals>();
  const timelines = new Map<string, SettingsTimeline>();
  const sessionKeyOf = await sessionKeyResolver(work);
  const groupOf = (row: NewMessage | NewSessionEnd, channelId: string | null): KeyArrivals => {
    const key = work.keyOf(row);
    const settings = requireRun(work.runs, key.runId);
    const byChannel = settings.sessionKey === 'bot,user,channel';
    const sessionKey = sessionKeyOf(key, byChannel ? channelId : null, byChannel);
    let group = groups.get(sessionKey);
    if (group === undefined) {
      const timeline = timelineOf(timelines, settings, key.botId);
      group = { key, sessionKey, channelId, byChannel, timeline, members: [], endsMs: [] };
      groups.set(sessionKey, group);
    }
    return group;
  };
  for (const message of work.arrived) groupOf(message, message.channelId).members.push(message);
  for (const end of work.ends) {
    for (const channelId of channelsEndedBy(work, end)) groupOf(end, channelId).endsMs.push(end.endedAtMs);
  }
  for (const group of groups.values()) {
    group.members.sort((a, b) => a.sentAtMs - b.sentAtMs);
    group.endsMs.sort((a, b) => a - b);
  }
  return [...groups.values()];
}

/**
 * Where channels part sessions, an end without a channel ends every channel of the key: those
 * that were known when it was locked, and those that came in the same batch.
 */
function channelsEndedBy(work: Reconciliation, end: NewSessionEnd): readonly (string | null)[] {
  const key = work.keyOf(end);
  if (end.channelId !== null || requireRun(work.runs, key.runId).sessionKey === 'bot,user') {
    return [end.channelId];
  }
  const arrived = work.arrived.filter((message) => work.keyOf(message) === key);
  return [...new Set([...key.channelIds, ...arrived.map((message) => message.channelId)])];
}

type SessionKeyOf = (key: LockedKey, channelId: string | null, byChannel: boolean) => string;

async function sessionKeyResolver(work: Reconciliation): Promise<SessionKeyOf> {
  const wanted = new Map<string, { keyId: string; channelId: string | null }>();
  for (const row of [...work.arrived, ...work.ends]) {
    const key = work.keyOf(row);
    if (requireRun(work.runs, key.runId).sessionKey !== 'bot,user,channel') continue;
    const channels = 'endedAtMs' in row ? channelsEndedBy(work, row) : [row.channelId];
    for (const channelId of channels) {
      wanted.set(channelText(key.keyId, channelId), { keyId: key.keyId, channelId });
    }
  }
  const rows = wanted.size === 0 ? [] : await work.transaction.sessionKeys([...wanted.values()]);
  const sessionKeys = new Map(rows.map((row) => [channelText(row.keyId, row.channelId), row.sessionKey]));
  return (key, channelId, byChannel) =>
    byChannel ? (sessionKeys.get(channelText(key.keyId, channelId)) ?? missingSessionKey()) : key.keyId;
}

function missingSessionKey(): never {
  throw new Error('a channel of the batch has no session key');
}

function channelText(keyId: string, channelId: string | null): string {
  return `${keyId}\u0000${channelId ?? ''}`;
}

function requireRun(runs: readonly RunSettings[], runId: number): RunSettings {
  const run = runs.find((candidate) => candidate.runId === runId);
  if (run === undefined) throw new Error(`run ${runId} has no settings`);
  return run;
}

function timelineOf(
  known: Map<string, SettingsTimeline>,
  settings: RunSettings,
  botId: string,
): SettingsTimeline {
  const ofBot = Object.hasOwn(settings.datedByBot, botId) ? settings.datedByBot[botId] : undefined;
  const name = `${settings.runId}\u0000${ofBot === undefined ? '' : botId}`;
  const timeline = known.get(name) ?? new SettingsTimeline(ofBot ?? settings.dated);
  known.set(name, timeline);
  return timeline;
}

// --- cutting ----------------------------------------------------------------

function spanOf(group: KeyArrivals): TimeSpan {
  const times = [
    group.members[0]?.sentAtMs,
    group.members.at(-1)?.sentAtMs,
    group.endsMs[0],
    group.endsMs.at(-1),
  ];
  const known = times.filter((time) => time !== undefined);
  const gapMs = group.timeline.longestGapMs;
  return {
    sessionKey: group.sessionKey,
    runId: group.key.runId,
    fromMs: Math.min(...known) - gapMs,
    toMs: Math.max(...known) + gapMs,
  };
}

/** Undefined: the stretch has to be read. */
function fastPath(group: KeyArrivals, around: Surroundings): WindowChanges | undefined {
  const first = group.members[0];
  if (first === undefined || group.endsMs.length > 0) return undefined;
  const { lastEndMs } = group.key;
  if (lastEndMs !== null && lastEndMs >= spanOf(group).fromMs) return undefined;
  const [last, ...others] = around.touching;
  if (last === undefined) {
    const desired = desiredWindows(group.members, [], group.timeline);
    return withPrecedingEnded(diffWindows([], desired, around.after !== undefined), around);
  }
  if (others.length > 0 || around.after !== undefined || first.sentAtMs < last.endedAtMs) return undefined;
  return appendToLast(last, group.members, group.timeline);
}

/** The window before a new one beyond the gap is over, if nobody has noted it yet. */
function withPrecedingEnded(changes: WindowChanges, { before }: Surroundings): WindowChanges {
  if (before?.status !== 'open' || before.dueReason !== null) return changes;
  return { ...changes, ended: [...changes.ended, { window: before, reason: 'gap' }] };
}

async function recutStretches(
  transaction: BatchTransaction,
  slow: readonly { arrivals: KeyArrivals; around: Surroundings }[],
): Promise<KeyChanges[]> {
  const whole = await expandStretches(transaction, slow);
  const read = await transaction.members(
    whole.map(({ arrivals, span, around }) => ({
      ...span,
      keyId: arrivals.key.keyId,
      channelId: arrivals.channelId,
      byChannel: arrivals.byChannel,
      endsUntilMs: around.after === undefined ? null : around.after.startedAtMs - 1,
    })),
  );
  return whole.flatMap(({ arrivals, around }, index) => {
    const { members, endsMs } = read[index] ?? { members: [], endsMs: [] };
    if (members.length === 0) return [];
    const desired = desiredWindows(members, endsMs, arrivals.timeline);
    const changes = diffWindows(around.touching, desired, around.after !== undefined);
    return [{ arrivals, changes: withPrecedingEnded(changes, around) }];
  });
}

interface Stretch {
  readonly arrivals: KeyArrivals;
  readonly span: TimeSpan;
  readonly around: Surroundings;
}

/**
 * Widens each span until no live window outside lies within a gap of it. Windows that a
 * cap parted are neighbours within the gap: a late message in one may move the cut that
 * began it, so the whole stretch is cut again.
 */
async function expandStretches(
  transaction: BatchTransaction,
  slow: readonly { arrivals: KeyArrivals; around: Surroundings }[],
): Promise<Stretch[]> {
  const finished: Stretch[] = [];
  let pending = slow.map((entry) => ({ ...entry, span: spanOf(entry.arrivals) }));
  while (pending.length > 0) {
    const next: Stretch[] = [];
    for (const entry of pending) {
      const wider = widen(entry.span, entry.around, entry.arrivals.timeline.longestGapMs);
      if (wider.fromMs === entry.span.fromMs && wider.toMs === entry.span.toMs) finished.push(entry);
      else next.push({ ...entry, span: wider });
    }
    const around = next.length === 0 ? [] : await transaction.surroundings(next.map((entry) => entry.span));
    pending = next.map((entry, index) => ({ ...entry, around: around[index] ?? entry.around }));
  }
  return finished;
}

function widen(span: TimeSpan, { touching }: Surroundings, gapMs: number): TimeSpan {
  const first = touching[0];
  const last = touching.at(-1);
  return {
    ...span,
    fromMs: first === undefined ? span.fromMs : Math.min(span.fromMs, first.startedAtMs - gapMs),
    toMs: last === undefined ? span.toMs : Math.max(span.toMs, last.endedAtMs + gapMs),
  };
}

// --- writing ----------------------------------------------------------------

function toWrites(work: Reconciliation, all: readonly KeyChanges[]): WindowWrites {
  return {
    superseded: all.flatMap(({ arrivals, changes }) =>
      changes.superseded.map(({ window, by }) => ({
        windowId: window.windowId,
        by: by.map((startedAtMs) => idOf(arrivals, startedAtMs)),
      })),
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
  if (ending === undefined) return endedAtMs + timeline.at(endedAtMs).gapMs;
  return work.nowMs + graceOf(ending, work.graceMs);
}

export function graceOf(reason: CloseReason, graceMs: number): number {
  return reason === 'end' ? Math.min(endGraceMs, graceMs) : graceMs;
}
