import type {
  BatchContext,
  BatchTransaction,
  Identities,
  LockedKey,
  MessageStore,
  NewMessage,
  PositionMove,
} from '../../src/consume/message-store.ts';
import { AfterwordError } from '../../src/errors.ts';
import type { TopicPartition } from '../../src/model/record.ts';
import type { Lane } from './lane.ts';
import { lockKey } from './simulated-keys.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import { applyChanges } from './simulated-changes.ts';
import { redactMessages } from './simulated-redaction.ts';
import { lastWindows, membersOf, surroundingsOf } from './simulated-window-reads.ts';
import { markChanged, writeWindows } from './simulated-window-writes.ts';
import type { Transaction } from './transactions.ts';

export const noStreamTimeMs = Number.MIN_SAFE_INTEGER;

/** The port of the batch transaction; each method does what its statement in SQL does, and no more. */
export function simulatedMessageStore(
  database: SimulatedDatabase,
  lane: Lane,
  onCommitting: (partition: number) => void,
): MessageStore {
  const stored = (partition: TopicPartition): bigint | null =>
    database.progress.find(String(partition.partition))?.nextOffset ?? null;
  return {
    lookUp: async (partition, identities) => {
      const before = await database.statement(lane, 'look up', () => ({
        nowMs: database.nowMs(),
        storedNextOffset: stored(partition),
      }));
      return database.statement(lane, 'look up what is known', () =>
        lookUp(database, lane, partition.partition, { ...before, identities }),
      );
    },
    transaction: (work) =>
      database.inTransaction(lane, (transaction) =>
        work(batchTransaction(database, transaction, onCommitting)),
      ),
    saveProgress: (partition, move) =>
      database.statement(lane, 'save progress', (transaction) => {
        onCommitting(partition.partition);
        return saveProgress(database, transaction, partition, move);
      }),
    storedPosition: (partition) => database.statement(lane, 'stored position', () => stored(partition)),
    storedPositions: (partitions) =>
      database.statement(lane, 'stored positions', () =>
        partitions.flatMap((partition) => {
          const nextOffset = stored(partition);
          return nextOffset === null ? [] : [{ ...partition, nextOffset }];
        }),
      ),
    recordGap: () => Promise.reject(new Error('the simulated log has no gaps')),
    resetPosition: ({ partition }, nextOffset) =>
      database.statement(lane, 'reset position', async (transaction) => {
        lane.note('position begun anew where none was committed');
        database.hasBegunAnew = true;
        await database.progress.write(transaction, String(partition), (row) => row && { ...row, nextOffset });
      }),
  };
}

function lookUp(
  database: SimulatedDatabase,
  lane: Lane,
  partition: number,
  { identities, ...before }: Pick<BatchContext, 'nowMs' | 'storedNextOffset'> & { identities: Identities },
): BatchContext {
  const known = { ...before, runs: [database.run], contentHashSecret: 'secret' };
  if (database.breach === 'knows no duplicates') {
    return { ...known, knownMessages: new Map(), knownOthers: new Set() };
  }
  const messages = identities.messages.flatMap((identity) => database.messages.find(identity) ?? []);
  if (messages.some((row) => row.partition !== partition)) lane.note('duplicate across partitions');
  const isKnown = (
    table: { find(identity: string): object | undefined },
    all: readonly string[],
  ): readonly string[] => all.filter((identity) => table.find(identity) !== undefined);
  return {
    ...known,
    knownMessages: new Map(messages.map(({ identity, contentHash }) => [identity, contentHash])),
    knownOthers: new Set([
      ...isKnown(database.changes, identities.changes),
      ...isKnown(database.ends, identities.sessionEnds),
      ...isKnown(database.deadLetters, identities.deadLetters),
    ]),
  };
}

function batchTransaction(
  database: SimulatedDatabase,
  transaction: Transaction,
  onCommitting: (partition: number) => void,
): BatchTransaction {
  const { lane } = transaction;
  const statement = async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    await lane.call(what);
    return work();
  };
  return {
    lockKeys: (keys, partition) =>
      statement('lock keys', async () => {
        // In the one order that everybody uses.
        const locked = new Map<string, LockedKey>();
        for (const key of [...keys].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
          locked.set(nameOf(key), await lockKey(database, transaction, key, partition));
        }
        return keys.flatMap((key) => locked.get(nameOf(key)) ?? []);
      }),
    sessionKeys: (channels) =>
      statement('session keys', () =>
        Promise.all(
          channels.map(async (channel) => {
            const sessionKey = `${channel.keyId}#${channel.channelId ?? ''}`;
            await database.channelKeys.write(transaction, sessionKey, () => channel);
            return { sessionKey, ...channel };
          }),
        ),
      ),
    insertMessages: (messages, keyIds, partition) =>
      statement('insert messages', () =>
        insertMessages(database, transaction, { messages, keyIds, partition }),
      ),
    contentHashes: (identities) =>
      statement('content hashes', () => {
        const rows = identities.flatMap((identity) => database.messages.get(transaction, identity) ?? []);
        return new Map(rows.map((row) => [row.identity, row.contentHash]));
      }),
    applyChanges: (changes, keyIds, arrived) =>
      statement('apply changes', () => applyChanges(database, transaction, { changes, keyIds, arrived })),
    insertSessionEnds: (ends, keyIds) =>
      statement('insert session ends', async () => {
        const inserted = new Set<string>();
        for (const [index, { identity, channelId, endedAtMs }] of ends.entries()) {
          const keyId = keyIds[index] ?? '';
          await database.ends.write(transaction, identity, (known) => {
            if (known !== undefined) return undefined;
            inserted.add(identity);
            const isLate = ({ keyId: of, sentAtMs }: { keyId: string; sentAtMs: number }): boolean =>
              of === keyId && sentAtMs > endedAtMs;
            if (database.messages.all(transaction).some(isLate)) lane.note('end marker late');
            return { identity, keyId, channelId, endedAtMs };
          });
          await database.keys.write(
            transaction,
            keyId,
            (key) => key && { ...key, lastEndMs: Math.max(key.lastEndMs ?? endedAtMs, endedAtMs) },
          );
        }
        return inserted;
      }),
    lastWindows: (sessions) => statement('last windows', () => lastWindows(database, transaction, sessions)),
    surroundings: (spans) => statement('surroundings', () => surroundingsOf(database, transaction, spans)),
    members: (stretches) => statement('members', () => membersOf(database, transaction, stretches)),
    writeWindows: (writes, nowMs, graceMs) =>
      statement('write windows', () => writeWindows(database, transaction, writes, { nowMs, graceMs })),
    markChanged: (messages, graceMs) =>
      statement('mark changed', () => markChanged(database, transaction, messages, graceMs)),
    redact: (messages) => statement('redact', () => redactMessages(database, transaction, messages)),
    insertDeadLetters: (letters) =>
      statement('insert dead letters', async () => {
        for (const letter of letters) {
          if (letter.reason === 'conflicting-content') lane.note('other content under a stored id');
          await database.deadLetters.write(transaction, letter.identity, (known) =>
            known === undefined ? { ...letter, outboxId: database.nextId(), isSent: false } : undefined,
          );
        }
      }),
    countIgnored: ({ partition }, records) =>
      statement('count ignored', async () => {
        let counted = 0;
        await database.progress.write(transaction, String(partition), (row) => {
          const nextOffset = row?.nextOffset ?? 0n;
          counted = records.filter(({ offset }) => offset >= nextOffset).length;
          return row ?? { partition, nextOffset, streamTimeMs: noStreamTimeMs, caughtUpAtMs: noStreamTimeMs };
        });
        await database.ignored.write(transaction, String(partition), (row) => ({
          records: (row?.records ?? 0) + counted,
        }));
        return counted;
      }),
    saveProgress: (partition, move) =>
      statement('save progress', () => {
        onCommitting(partition.partition);
        return saveProgress(database, transaction, partition, move);
      }),
  };
}

interface MessageInsert {
  readonly messages: readonly NewMessage[];
  readonly keyIds: readonly string[];
  readonly partition: number;
}

async function insertMessages(
  database: SimulatedDatabase,
  transaction: Transaction,
  { messages, keyIds, partition }: MessageInsert,
): Promise<readonly NewMessage[]> {
  const arrived: NewMessage[] = [];
  for (const [index, message] of messages.entries()) {
    const { identity, channelId, channelType, messageId, role, content, contentHash, sentAtMs, clamped } =
      message;
    const row = {
      identity,
      channelId,
      channelType,
      messageId,
      role,
      content,
      contentHash,
      sentAtMs,
      clamped,
    };
    await database.messages.write(transaction, identity, (known) => {
      if (known !== undefined) transaction.lane.note('message stored by another process since the look-up');
      if (known !== undefined && database.breach !== 'knows no duplicates') return undefined;
      if (clamped) transaction.lane.note('clamped clock');
      arrived.push(message);
      return { ...row, keyId: keyIds[index] ?? '', deleted: false, partition };
    });
  }
  return arrived;
}

/** Only rises, and not from below what the reader knows to be stored. */
async function saveProgress(
  database: SimulatedDatabase,
  transaction: Transaction,
  { partition }: TopicPartition,
  { nextOffset, streamTimeMs, knownNextOffset }: PositionMove,
): Promise<void> {
  const timeMs = Number.isFinite(streamTimeMs) ? streamTimeMs : noStreamTimeMs;
  await database.progress.write(transaction, String(partition), (row) => {
    if ((row?.nextOffset ?? 0n) < knownNextOffset) {
      throw new AfterwordError('POSITION_SET_BACK', 'the stored position was set back', { retryable: true });
    }
    if (row === undefined)
      return { partition, nextOffset, streamTimeMs: timeMs, caughtUpAtMs: noStreamTimeMs };
    return {
      ...row,
      nextOffset: nextOffset > row.nextOffset ? nextOffset : row.nextOffset,
      streamTimeMs: Math.max(row.streamTimeMs, timeMs),
    };
  });
}

/** Sorts as the pair does: no id holds a NUL. */
function nameOf({ botId, userId }: { readonly botId: string; readonly userId: string }): string {
  return `${botId}\u0000${userId}`;
}
