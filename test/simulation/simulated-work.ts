import type { WorkRow } from './rows.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

const hourMs = 3_600_000;

/** A grace, doubled by every revision of this work within the hour, an hour at most. */
export function doubledGraceMs(work: WorkRow | undefined, graceMs: number, nowMs: number): number {
  const isRecent = work !== undefined && work.hourStartedMs > nowMs - hourMs;
  return Math.min(hourMs, graceMs * 2 ** Math.min(20, isRecent ? work.revisionsInHour : 0));
}

export function isWaiting({ status }: WorkRow): boolean {
  return status === 'pending' || status === 'retrying' || status === 'deferred';
}

/** What a further revision makes of the work. */
export function askedAgain(transaction: Transaction, work: WorkRow): WorkRow {
  const isRunning = work.status === 'running';
  if (isRunning) transaction.lane.note('window changed while its model call was in flight');
  const waits = work.status === 'retrying' || work.status === 'deferred';
  return {
    ...work,
    changed: isRunning,
    status: isRunning || waits ? work.status : 'pending',
    attempts: isRunning ? work.attempts : 0,
    errorCode: waits ? work.errorCode : null,
  };
}

export async function markRevised(
  database: SimulatedDatabase,
  transaction: Transaction,
  windowIds: readonly string[],
  graceMs: number,
): Promise<void> {
  const nowMs = database.nowMs();
  for (const windowId of [...new Set(windowIds)].sort()) {
    await database.work.write(
      transaction,
      windowId,
      (work) =>
        work && {
          ...askedAgain(transaction, work),
          notBeforeMs: isWaiting(work) ? work.notBeforeMs : nowMs + doubledGraceMs(work, graceMs, nowMs),
        },
    );
  }
}

/** Whatever it waits for: what a superseded window contributed is to be taken back. */
export async function reviseAtOnce(
  database: SimulatedDatabase,
  transaction: Transaction,
  windowIds: readonly string[],
): Promise<void> {
  for (const windowId of [...windowIds].sort()) {
    await database.work.write(transaction, windowId, (work) => {
      if (work === undefined) return undefined;
      const isRunning = work.status === 'running';
      return {
        ...work,
        changed: isRunning,
        status: isRunning ? 'running' : 'pending',
        notBeforeMs: database.nowMs(),
        errorCode: null,
      };
    });
  }
}
