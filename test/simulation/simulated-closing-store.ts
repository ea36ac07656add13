import type { ClosedBatch, ClosingStore, PartitionTime } from '../../src/consume/closing-store.ts';
import { windowEventFields } from '../../src/model/event-data.ts';
import type { TopicPartition } from '../../src/model/record.ts';
import type { ClosedWindowView } from '../../src/model/window-view.ts';
import type { Lane } from './lane.ts';
import type { WindowRow, WorkRow } from './rows.ts';
import { appendEvents, lockKeysById } from './simulated-keys.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import { holdLeases, isHeld, releaseLeases } from './simulated-leases.ts';
import { askedAgain, doubledGraceMs, isWaiting } from './simulated-work.ts';
import { insertSpan } from './simulated-window-writes.ts';
import type { Transaction } from './transactions.ts';

const caughtUpForMs = 5_000;

/**
 * The closer's port.
 *
 * @param isReadToItsEnd the truth about a partition, told by the log and not by the tables: nothing
 *   waits in it that came longer ago than "caught up" holds
 */
export function simulatedClosingStore(
  database: SimulatedDatabase,
  lane: Lane,
  isReadToItsEnd: (partition: number, withinMs: number) => boolean,
): ClosingStore {
  /** As the closer last asked for the times. */
  let lagging = new Set<number>();
  const nameOf = ({ topic, partition }: TopicPartition): string => `closer/${topic}/${partition}`;
  return {
    holdLeases: (partitions, owner, ttlMs) =>
      database.statement(lane, 'hold leases', async (transaction) => {
        const held = await holdLeases(database, transaction, { names: partitions.map(nameOf), owner, ttlMs });
        return partitions.filter((partition) => held.includes(nameOf(partition)));
      }),
    releaseLeases: (owner) =>
      database.statement(lane, 'release leases', (transaction) =>
        releaseLeases(database, transaction, owner),
      ),
    times: (partitions) =>
      database.statement(lane, 'times', () => {
        const times = partitions.flatMap((partition) => timeOf(database, partition));
        lagging = new Set(
          times.map(({ partition }) => partition).filter((one) => !isReadToItsEnd(one, caughtUpForMs)),
        );
        return { nowMs: database.nowMs(), partitions: times };
      }),
    runs: () => database.statement(lane, 'runs', () => [database.run]),
    holdUnreadLease: () => Promise.resolve(false),
    unread: () => Promise.resolve({ nowMs: database.nowMs(), partitions: [] }),
    overdue: (partitions, limit) =>
      database.statement(lane, 'overdue', () =>
        partitions.flatMap(({ partition, effectiveMs }) =>
          openWindows(database)
            .filter(
              (row) => row.dueReason === null && row.partition === partition && row.checkAtMs < effectiveMs,
            )
            .sort((a, b) => a.checkAtMs - b.checkAtMs)
            .slice(0, limit)
            .map((row) => ({ ...row, botId: database.keys.find(row.keyId)?.botId ?? '' })),
        ),
      ),
    nextLookAtMs: (partitions) =>
      database.statement(lane, 'next look', () => {
        const times = openWindows(database).filter(
          (row) => row.dueReason === null && partitions.includes(row.partition),
        );
        return times.length === 0 ? null : Math.min(...times.map((row) => row.checkAtMs));
      }),
    applyVerdicts: (verdicts) =>
      database.statement(lane, 'apply verdicts', (transaction) => {
        for (const verdict of verdicts) {
          const { windows } = database;
          const row = windows.find(verdict.windowId);
          if (row?.status !== 'open' || row.dueReason !== null || row.endedAtMs !== verdict.endedAtMs)
            continue;
          if (!transaction.isFree(windows.lockOf(row.windowId))) continue;
          const dueReason = verdict.kind === 'due' ? verdict.reason : null;
          if (dueReason === 'idle' && lagging.has(row.partition) && !database.clock.hasSteppedBack) {
            database.violated('a lagging consumer closed by the clock');
          }
          windows.put(transaction, row.windowId, { ...row, dueReason, checkAtMs: verdict.checkAtMs });
        }
      }),
    closeDue: (nowMs, limit, owner) => closeDue(database, lane, { nowMs, limit, owner }),
    markCaughtUp: (partitions) =>
      database.statement(lane, 'mark caught up', async (transaction) => {
        for (const { partition } of partitions) {
          await database.progress.write(
            transaction,
            String(partition),
            (row) => row && { ...row, caughtUpAtMs: database.nowMs() },
          );
        }
      }),
  };
}

function timeOf(database: SimulatedDatabase, { topic, partition }: TopicPartition): PartitionTime[] {
  const row = database.progress.find(String(partition));
  if (row === undefined) return [];
  const caughtUp =
    database.breach === 'closes by the clock while lagging' ||
    row.caughtUpAtMs > database.nowMs() - caughtUpForMs;
  return [{ topic, partition, streamTimeMs: row.streamTimeMs, caughtUp }];
}

function openWindows(database: SimulatedDatabase): WindowRow[] {
  return database.windows.committed().filter(({ status }) => status === 'open');
}

async function closeDue(
  database: SimulatedDatabase,
  lane: Lane,
  { nowMs, limit, owner }: { readonly nowMs: number; readonly limit: number; readonly owner: string },
): Promise<ClosedBatch> {
  const isDue = (row: WindowRow): boolean => row.dueReason !== null && row.checkAtMs <= nowMs;
  const due = await database.statement(lane, 'due windows', () =>
    openWindows(database)
      .filter(isDue)
      .sort((a, b) => a.checkAtMs - b.checkAtMs || a.startedAtMs - b.startedAtMs)
      .slice(0, limit),
  );
  const windows =
    due.length === 0
      ? []
      : await database.inTransaction(lane, async (transaction) => {
          await lane.call('lock keys to close');
          await lockKeysById(
            database,
            transaction,
            due.map(({ keyId }) => keyId),
          );
          await lane.call('close');
          if (!isHeld(database, transaction, 'closer/', owner)) {
            lane.note('closer without its lease');
            return [];
          }
          return closeThese(
            database,
            transaction,
            due.map(({ windowId }) => windowId),
            isDue,
          );
        });
  return database.statement(lane, 'next check', () => {
    const waiting = openWindows(database).filter((row) => row.dueReason !== null);
    const nextCheckAtMs = waiting.length === 0 ? null : Math.min(...waiting.map((row) => row.checkAtMs));
    return { windows, refused: [], nextCheckAtMs };
  });
}

/** Under the keys' locks: a window that a message has just extended is not due any more. */
async function closeThese(
  database: SimulatedDatabase,
  transaction: Transaction,
  windowIds: readonly string[],
  isDue: (row: WindowRow) => boolean,
): Promise<ClosedWindowView[]> {
  const rows = windowIds
    .flatMap((windowId) => database.windows.get(transaction, windowId) ?? [])
    .filter((row) => row.status === 'open' && isDue(row))
    .sort((a, b) => a.startedAtMs - b.startedAtMs);
  const views: ClosedWindowView[] = [];
  for (const [place, row] of rows.entries()) {
    const closeReason = row.dueReason ?? 'gap';
    await database.windows.write(transaction, row.windowId, () => ({
      ...row,
      status: 'closed',
      closeReason,
      dueReason: null,
    }));
    await insertSpan(database, transaction, row);
    await enqueueExtraction(database, transaction, row, place);
    const key = database.keys.get(transaction, row.keyId);
    const { botId = '', userId = '' } = key ?? {};
    views.push({ ...row, botId, userId, closeReason, revision: row.revision + 1 });
  }
  await appendEvents(
    database,
    transaction,
    views.map((view) => ({
      keyId: view.keyId,
      windowId: view.windowId,
      type: 'afterword.window.closed.v1',
      data: windowEventFields(view),
    })),
  );
  return views;
}

/** One row of work a window; one that was closed before waits for its doubled grace. */
async function enqueueExtraction(
  database: SimulatedDatabase,
  transaction: Transaction,
  { windowId, keyId, touchedAtMs, checkAtMs }: WindowRow,
  place: number,
): Promise<void> {
  const nowMs = database.nowMs();
  await database.work.write(transaction, windowId, (work) => {
    if (work === undefined) return newWork(windowId, keyId, nowMs + place / 1_000);
    const graceMs = Math.max(0, checkAtMs - touchedAtMs);
    const dueMs = isWaiting(work)
      ? Math.max(work.notBeforeMs, nowMs)
      : Math.max(nowMs, touchedAtMs + doubledGraceMs(work, graceMs, nowMs));
    return { ...askedAgain(transaction, work), notBeforeMs: dueMs + place / 1_000 };
  });
}

function newWork(windowId: string, keyId: string, notBeforeMs: number): WorkRow {
  return {
    windowId,
    keyId,
    notBeforeMs,
    status: 'pending',
    attempts: 0,
    timeouts: 0,
    changed: false,
    errorCode: null,
    leaseOwner: null,
    leaseEpoch: 0,
    leaseExpiresMs: 0,
    revision: 0,
    hourStartedMs: Number.NEGATIVE_INFINITY,
    revisionsInHour: 0,
  };
}
