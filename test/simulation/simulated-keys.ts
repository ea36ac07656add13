import type { BotUser, LockedKey } from '../../src/consume/message-store.ts';
import { eventId, eventSubject } from '../../src/publish/cloud-event.ts';
import type { ResultEventDraft } from '../../src/extract/extraction-store.ts';
import type { KeyRow } from './rows.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

/** Makes the row of a key where it is missing, and holds its lock until the transaction ends. */
export async function lockKey(
  database: SimulatedDatabase,
  transaction: Transaction,
  { botId, userId }: BotUser,
  partition: number,
): Promise<LockedKey> {
  const keyId = `${botId}/${userId}`;
  const { keys } = database;
  if (database.breach !== 'locks nothing') await transaction.lock(keys.lockOf(keyId));
  const known = keys.get(transaction, keyId);
  const row: KeyRow = known ?? {
    keyId,
    botId,
    userId,
    partition,
    runId: database.run.runId,
    lastEndMs: null,
    hasChanges: false,
    lastSequence: 0,
  };
  if (row !== known || row.partition !== partition) keys.put(transaction, keyId, { ...row, partition });
  const { runId, lastEndMs, hasChanges } = row;
  const channels = database.channelKeys.all(transaction).filter((channel) => channel.keyId === keyId);
  return {
    botId,
    userId,
    keyId,
    runId,
    lastEndMs,
    hasChanges,
    moved: known !== undefined && known.partition !== partition,
    channelIds: channels.map(({ channelId }) => channelId),
  };
}

/** Locks keys by id, in the one order. */
export async function lockKeysById(
  database: SimulatedDatabase,
  transaction: Transaction,
  keyIds: readonly string[],
): Promise<KeyRow[]> {
  const rows: KeyRow[] = [];
  for (const keyId of [...new Set(keyIds)].sort()) {
    if (database.breach !== 'locks nothing') await transaction.lock(database.keys.lockOf(keyId));
    const row = database.keys.get(transaction, keyId);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** An event of a key, before its sequence is given. */
export interface KeyEvent extends ResultEventDraft {
  readonly keyId: string;
  readonly windowId: string | null;
}

/** Appends events under the keys' locks, which is what makes sequences rise. */
export async function appendEvents(
  database: SimulatedDatabase,
  transaction: Transaction,
  drafts: readonly KeyEvent[],
): Promise<void> {
  for (const { keyId, windowId, type, data } of drafts) {
    const key = database.keys.get(transaction, keyId);
    if (key === undefined) throw new Error('an event of a key that is not there');
    const raised = Math.max(key.lastSequence + 1, database.nowMs() * 1_000);
    const sequence = database.breach === 'forgets to raise the sequence' ? database.nowMs() * 1_000 : raised;
    await database.keys.write(transaction, keyId, (row) => row && { ...row, lastSequence: sequence });
    const outboxId = database.nextId();
    database.events.put(transaction, outboxId, {
      outboxId,
      keyId,
      windowId,
      type,
      sequence,
      eventId: eventId(type, key, sequence),
      subject: eventSubject(key),
      createdAtMs: database.nowMs(),
      data: { sequence, bot_id: key.botId, user_id: key.userId, ...data },
      isSent: false,
    });
    if (database.breach === 'publishes before the commit') database.leakEvent(outboxId, transaction);
  }
}
