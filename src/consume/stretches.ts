import {
  desiredWindows,
  diffWindows,
  withPrecedingEnded,
  type WindowChanges,
} from '../sessions/reconcile.ts';
import type { BatchTransaction, Surroundings, TimeSpan } from './message-store.ts';
import type { KeyArrivals } from './session-groups.ts';

/** A part of a key's arrivals whose surroundings are read and cut again by themselves. */
export interface ArrivalPart {
  readonly arrivals: KeyArrivals;
  readonly fromMs: number;
  readonly toMs: number;
}

/** More rounds of reading would cost more than reading what lies between. */
const maxParts = 4;

/**
 * Parts arrivals at their widest silences: where an old and a new message of a person come in
 * one batch, the years between need not be read. Parts are reconciled one after the other,
 * oldest first, each against what the one before has written.
 */
export function partArrivals(arrivals: KeyArrivals): ArrivalPart[] {
  const { members, endsMs, timeline } = arrivals;
  const times = [...members.map((member) => member.sentAtMs), ...endsMs].sort((a, b) => a - b);
  const silences = times
    .slice(1)
    .map((time, index) => ({ before: times[index] ?? time, after: time }))
    // Nearer than that, both sides would read the same windows.
    .filter(({ before, after }) => after - before > 2 * timeline.longestGapMs)
    .sort((a, b) => b.after - b.before - (a.after - a.before))
    .slice(0, maxParts - 1)
    .sort((a, b) => a.after - b.after);
  const starts = [times[0], ...silences.map(({ after }) => after)].filter((time) => time !== undefined);
  const stops = [...silences.map(({ before }) => before), times.at(-1) ?? 0];
  return starts.map((fromMs, index) => ({ arrivals, fromMs, toMs: stops[index] ?? fromMs }));
}

export interface StretchChanges {
  readonly arrivals: KeyArrivals;
  readonly changes: WindowChanges;
}

/** Reads the stretches that parts of different keys touch, cuts them again, and compares. */
export async function recutStretches(
  transaction: BatchTransaction,
  parts: readonly ArrivalPart[],
): Promise<StretchChanges[]> {
  const stretches = await expandStretches(transaction, parts);
  const read = await transaction.members(
    stretches.map((stretch) => ({
      ...stretch.span,
      keyId: stretch.arrivals.key.keyId,
      channelId: stretch.arrivals.channelId,
      byChannel: stretch.arrivals.byChannel,
      endsUntilMs: justBefore(stretch.around.after?.startedAtMs, followedAtMs(stretch)),
    })),
  );
  return stretches.flatMap((stretch, index) => {
    const { members, endsMs } = read[index] ?? { members: [], endsMs: [] };
    if (members.length === 0) return [];
    const { arrivals, around } = stretch;
    const desired = desiredWindows(members, endsMs, arrivals.timeline);
    const isFollowed = around.after !== undefined || followedAtMs(stretch) !== undefined;
    const changes = diffWindows(around.touching, desired, isFollowed);
    return [{ arrivals, changes: withPrecedingEnded(changes, around.before) }];
  });
}

/** When a later part of the same key goes on; its windows are not written yet. */
function followedAtMs({ arrivals, span }: Stretch): number | undefined {
  return arrivals.members.find((member) => member.sentAtMs > span.toMs)?.sentAtMs;
}

/** An end marker beyond the next message ends that one's window, not ours. */
function justBefore(...times: readonly (number | undefined)[]): number | null {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? null : Math.min(...known) - 1;
}

interface Stretch {
  readonly arrivals: KeyArrivals;
  readonly span: TimeSpan;
  readonly around: Surroundings;
}

/**
 * Widens each part's span until no live window outside lies within a gap of it. Windows that a
 * cap parted are neighbours within the gap: a late message in one may move the cut that
 * began it, so the whole stretch is cut again.
 */
async function expandStretches(
  transaction: BatchTransaction,
  parts: readonly ArrivalPart[],
): Promise<Stretch[]> {
  const finished: Stretch[] = [];
  let pending = parts.map((part) => ({ arrivals: part.arrivals, span: spanOf(part) }));
  while (pending.length > 0) {
    const around = await transaction.surroundings(pending.map(({ span }) => span));
    const next: typeof pending = [];
    pending.forEach(({ arrivals, span }, index) => {
      const surroundings = around[index] ?? { before: undefined, touching: [], after: undefined };
      const wider = widen(span, surroundings, arrivals.timeline.longestGapMs);
      if (wider.fromMs < span.fromMs || wider.toMs > span.toMs) next.push({ arrivals, span: wider });
      else finished.push({ arrivals, span, around: surroundings });
    });
    pending = next;
  }
  return finished;
}

function spanOf({ arrivals, fromMs, toMs }: ArrivalPart): TimeSpan {
  const gapMs = arrivals.timeline.longestGapMs;
  const { sessionKey, key } = arrivals;
  return { sessionKey, runId: key.runId, fromMs: fromMs - gapMs, toMs: toMs + gapMs };
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
