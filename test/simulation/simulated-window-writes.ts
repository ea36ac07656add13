import type {
  ChangedMessage,
  WindowRow as NewWindowRow,
  WindowWrites,
} from '../../src/consume/message-store.ts';
import { AfterwordError } from '../../src/errors.ts';
import type { CloseReason } from '../../src/model/session-window.ts';
import type { WindowRow } from './rows.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import { markRevised, reviseAtOnce } from './simulated-work.ts';
import type { Transaction } from './transactions.ts';

interface Moment {
  readonly nowMs: number;
  readonly graceMs: number;
}

/** All window writes of a batch, in the order of the statements. */
export async function writeWindows(
  database: SimulatedDatabase,
  transaction: Transaction,
  writes: WindowWrites,
  { nowMs, graceMs }: Moment,
): Promise<void> {
  noteRareStates(database, transaction, writes);
  if (database.breach !== 'closes without the spans of before') {
    for (const windowId of writes.wereClosed) await database.spans.write(transaction, windowId, () => null);
  }
  for (const { windowId, by } of writes.superseded) {
    await database.windows.write(
      transaction,
      windowId,
      (row) => row && { ...row, status: 'superseded', supersededBy: by, dueReason: null },
    );
  }
  await reviseAtOnce(
    database,
    transaction,
    writes.superseded.map(({ windowId }) => windowId),
  );
  for (const window of writes.updated) {
    await database.windows.write(transaction, window.windowId, (row) => row && updated(row, window, nowMs));
  }
  for (const window of writes.inserted) {
    await database.windows.write(transaction, window.windowId, (row) => inserted(row, window, nowMs));
  }
  const stayClosed = writes.updated.filter(({ status }) => status === 'closed');
  for (const window of stayClosed) await insertSpan(database, transaction, window);
  await markRevised(
    database,
    transaction,
    stayClosed.map(({ windowId }) => windowId),
    graceMs,
  );
  for (const { windowId, reason } of writes.ended) {
    await database.windows.write(transaction, windowId, (row) => {
      if (row?.status !== 'open' || row.dueReason !== null) return undefined;
      const checkAtMs = reason === 'end' ? nowMs + Math.min(2_000, graceMs) : row.touchedAtMs + graceMs;
      return { ...row, dueReason: reason, checkAtMs };
    });
  }
}

/** An open window that merely grew is not looked at later than it was to be. */
function updated(row: WindowRow, window: NewWindowRow, nowMs: number): WindowRow {
  const merelyGrew = row.status === 'open' && row.dueReason === null && window.dueReason === null;
  const checkAtMs = merelyGrew ? Math.min(row.checkAtMs, window.checkAtMs) : window.checkAtMs;
  return { ...row, ...window, checkAtMs, touchedAtMs: nowMs };
}

/** A superseded window whose start is a start again comes back to life. */
function inserted(row: WindowRow | undefined, window: NewWindowRow, nowMs: number): WindowRow | undefined {
  if (row !== undefined && row.status !== 'superseded') return undefined;
  const kept = { revision: row?.revision ?? 0, closeReason: row?.closeReason ?? null };
  return { ...window, ...kept, touchedAtMs: nowMs, supersededBy: null };
}

/** What the exclusion constraint says: closed windows of a session key never overlap. */
export async function insertSpan(
  database: SimulatedDatabase,
  transaction: Transaction,
  { windowId, sessionKey, startedAtMs, endedAtMs }: Pick<WindowRow, SpanField>,
): Promise<void> {
  const overlaps = database.spans
    .all(transaction)
    .some(
      (span) =>
        span.sessionKey === sessionKey && span.startedAtMs <= endedAtMs && span.endedAtMs >= startedAtMs,
    );
  if (overlaps) {
    database.violated('the spans of two closed windows overlap');
    throw new AfterwordError('DATABASE_REFUSED', 'an overlap');
  }
  await database.spans.write(transaction, windowId, () => ({ windowId, sessionKey, startedAtMs, endedAtMs }));
}
type SpanField = 'windowId' | 'sessionKey' | 'startedAtMs' | 'endedAtMs';

/** The closed window that holds each of these messages gets a further revision. */
export async function markChanged(
  database: SimulatedDatabase,
  transaction: Transaction,
  messages: readonly ChangedMessage[],
  graceMs: number,
): Promise<void> {
  const windowIds = messages.flatMap(({ keyId, sentAtMs, channelId }) => {
    const holding = database.windows
      .all(transaction)
      .filter((row) => row.keyId === keyId && row.status !== 'superseded' && row.startedAtMs <= sentAtMs)
      .filter((row) => row.sessionKey === row.keyId || row.channelId === channelId)
      .sort((a, b) => a.startedAtMs - b.startedAtMs)
      .at(-1);
    return holding?.status === 'closed' && holding.endedAtMs >= sentAtMs ? [holding.windowId] : [];
  });
  await markRevised(database, transaction, windowIds, graceMs);
}

const bySilences: ReadonlySet<CloseReason> = new Set<CloseReason>(['gap', 'stream-time', 'idle']);

function noteRareStates(database: SimulatedDatabase, { lane }: Transaction, writes: WindowWrites): void {
  const before = (windowId: string): WindowRow | undefined => database.windows.find(windowId);
  for (const window of writes.updated) {
    const old = before(window.windowId);
    if (old?.status === 'closed' && window.status === 'open') lane.note('closed window opened again');
    const reason = old?.dueReason ?? old?.closeReason;
    const wasCut = reason === 'full' || reason === 'aged';
    if (wasCut && old?.endedAtMs !== window.endedAtMs) lane.note('late message moved the cut of a cap');
  }
  if (writes.inserted.some((window) => before(window.windowId)?.status === 'superseded')) {
    lane.note('superseded window back to life');
  }
  for (const { windowId, by } of writes.superseded) {
    const gone = before(windowId);
    const heir = writes.updated.find((window) => by.length === 1 && window.windowId === by[0]);
    // Parted by silence, not by a cap or a marker: the later one had begun after a gap.
    const parted = heir === undefined ? undefined : before(heir.windowId);
    const bySilence = bySilences.has(parted?.dueReason ?? parted?.closeReason ?? 'end');
    if (gone !== undefined && heir !== undefined && bySilence && heir.endedAtMs >= gone.endedAtMs) {
      lane.note('late message merged two windows');
    }
  }
}
