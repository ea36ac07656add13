import type { LiveWindow } from '../model/session-window.ts';
import { appendToLast, desiredWindows, type WindowChanges } from '../sessions/reconcile.ts';
import type { BatchTransaction, LockedKey, NewMessage, NewSessionEnd, RunSettings } from './message-store.ts';
import { groupBySessionKey, type KeyArrivals } from './session-groups.ts';
import { partArrivals, recutStretches, type ArrivalPart, type StretchChanges } from './stretches.ts';
import { toWindowWrites } from './window-writes.ts';

export interface WindowOutcome {
  readonly opened: number;
  readonly changed: number;
  readonly superseded: number;
}

export interface Reconciliation {
  readonly transaction: BatchTransaction;
  readonly arrived: readonly NewMessage[];
  readonly ends: readonly NewSessionEnd[];
  readonly keyOf: (row: { readonly keyIndex: number }) => LockedKey;
  readonly runs: readonly RunSettings[];
  readonly partition: number;
  readonly nowMs: number;
  readonly graceMs: number;
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
  const last = await work.transaction.lastWindows(
    groups.map(({ sessionKey, key }) => ({ sessionKey, runId: key.runId })),
  );
  const appended: StretchChanges[] = [];
  const slow: ArrivalPart[][] = [];
  groups.forEach((arrivals, index) => {
    const changes = append(arrivals, last[index]);
    if (changes === undefined) slow.push(partArrivals(arrivals));
    else appended.push({ arrivals, changes });
  });
  const outcomes = [await write(work, appended)];
  const rounds = Math.max(0, ...slow.map((parts) => parts.length));
  for (let round = 0; round < rounds; round += 1) {
    const parts = slow.flatMap((ofKey) => ofKey[round] ?? []);
    outcomes.push(await write(work, await recutStretches(work.transaction, parts)));
  }
  return outcomes.reduce((sum, outcome) => ({
    opened: sum.opened + outcome.opened,
    changed: sum.changed + outcome.changed,
    superseded: sum.superseded + outcome.superseded,
  }));
}

/** Undefined: the last window alone cannot tell, the stretch has to be read. */
function append(arrivals: KeyArrivals, last: LiveWindow | undefined): WindowChanges | undefined {
  const { members, endsMs, timeline, key } = arrivals;
  const first = members[0];
  if (first === undefined || endsMs.length > 0) return undefined;
  const reachesBackTo = last?.endedAtMs ?? first.sentAtMs;
  // Markers before the last window's end, or before everything, part nothing that is new.
  if (key.lastEndMs !== null && key.lastEndMs >= reachesBackTo) return undefined;
  if (last === undefined) {
    return { opened: desiredWindows(members, [], timeline), changed: [], ended: [], superseded: [] };
  }
  return first.sentAtMs < last.endedAtMs ? undefined : appendToLast(last, members, timeline);
}

async function write(work: Reconciliation, all: readonly StretchChanges[]): Promise<WindowOutcome> {
  const writes = toWindowWrites(work, all);
  await work.transaction.writeWindows(writes, work.nowMs, work.graceMs);
  return {
    opened: writes.inserted.length,
    changed: writes.updated.length,
    superseded: writes.superseded.length,
  };
}
