import type {
  BatchTransaction,
  StretchMembers,
  Surroundings,
  TimeSpan,
} from '../../src/consume/message-store.ts';
import type { LiveWindow } from '../../src/model/session-window.ts';
import type { WindowRow } from './rows.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

/** Windows of a session key that are not superseded, ascending. */
function liveWindows(
  database: SimulatedDatabase,
  transaction: Transaction,
  { sessionKey, runId }: Pick<TimeSpan, 'sessionKey' | 'runId'>,
): LiveWindow[] {
  return database.windows
    .all(transaction)
    .filter((row) => row.sessionKey === sessionKey && row.runId === runId && row.status !== 'superseded')
    .sort((a, b) => a.startedAtMs - b.startedAtMs)
    .map(toLive);
}

function toLive(row: WindowRow): LiveWindow {
  const { windowId, startedAtMs, endedAtMs, messageCount, dueReason, channelId, channelType } = row;
  const status = row.status === 'open' ? 'open' : 'closed';
  return { windowId, startedAtMs, endedAtMs, messageCount, status, dueReason, channelId, channelType };
}

export function lastWindows(
  database: SimulatedDatabase,
  transaction: Transaction,
  sessions: readonly Pick<TimeSpan, 'sessionKey' | 'runId'>[],
): (LiveWindow | undefined)[] {
  return sessions.map((session) => liveWindows(database, transaction, session).at(-1));
}

export function surroundingsOf(
  database: SimulatedDatabase,
  transaction: Transaction,
  spans: readonly TimeSpan[],
): Surroundings[] {
  return spans.map((span) => {
    const live = liveWindows(database, transaction, span);
    const before = live.findLast((window) => window.startedAtMs < span.fromMs);
    return {
      before: before === undefined || before.endedAtMs >= span.fromMs ? undefined : before,
      touching: live.filter((window) => window.endedAtMs >= span.fromMs && window.startedAtMs <= span.toMs),
      after: live.find((window) => window.startedAtMs > span.toMs),
    };
  });
}

export function membersOf(
  database: SimulatedDatabase,
  transaction: Transaction,
  stretches: Parameters<BatchTransaction['members']>[0],
): StretchMembers[] {
  return stretches.map(({ keyId, fromMs, toMs, byChannel, channelId, endsUntilMs }) => ({
    members: database.messages
      .all(transaction)
      .filter((row) => row.keyId === keyId && row.sentAtMs >= fromMs && row.sentAtMs <= toMs)
      .filter((row) => !byChannel || row.channelId === channelId)
      .sort((a, b) => a.sentAtMs - b.sentAtMs),
    endsMs: database.ends
      .all(transaction)
      .filter((row) => row.keyId === keyId && row.endedAtMs >= fromMs)
      .filter((row) => endsUntilMs === null || row.endedAtMs <= endsUntilMs)
      .filter((row) => !byChannel || row.channelId === null || row.channelId === channelId)
      .map((row) => row.endedAtMs)
      .sort((a, b) => a - b),
  }));
}
