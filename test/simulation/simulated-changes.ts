import type { ChangedMessage, NewChange } from '../../src/consume/message-store.ts';
import type { ChangeRow, MessageRow } from './rows.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

interface Changes {
  readonly changes: readonly NewChange[];
  readonly keyIds: readonly string[];
  readonly arrived: readonly string[];
}

/** Stores edits and deletes and brings every message concerned to its newest text. */
export async function applyChanges(
  database: SimulatedDatabase,
  transaction: Transaction,
  { changes, keyIds, arrived }: Changes,
): Promise<ChangedMessage[]> {
  const stored = new Set(database.changes.committed().map(({ target }) => target));
  for (const [index, { identity, target, changedAtMs, claimedAtMs, content }] of changes.entries()) {
    await database.changes.write(transaction, identity, (known) =>
      known === undefined ? { identity, target, changedAtMs, claimedAtMs, content } : undefined,
    );
    await database.keys.write(transaction, keyIds[index] ?? '', (key) => key && { ...key, hasChanges: true });
  }
  const changed: ChangedMessage[] = [];
  for (const target of new Set([...changes.map((change) => change.target), ...arrived])) {
    const final = finalChange(database.changes.all(transaction).filter((row) => row.target === target));
    if (final === undefined) continue;
    await database.messages.write(transaction, target, (message) => {
      if (message === undefined || message.deleted || message.content === final.content) return undefined;
      const after = { ...message, content: final.content ?? '', deleted: final.content === null };
      if (arrived.includes(target) && stored.has(target)) {
        transaction.lane.note(after.deleted ? 'delete before its message' : 'edit before its message');
      }
      changed.push(toChanged(after));
      return after;
    });
  }
  return changed;
}

/** A delete is final; else the newest edit, of those drawn back to one moment by what they claim, ties by identity. */
function finalChange(changes: readonly ChangeRow[]): ChangeRow | undefined {
  return changes
    .toSorted(
      (a, b) =>
        Number(a.content === null) - Number(b.content === null) ||
        a.changedAtMs - b.changedAtMs ||
        a.claimedAtMs - b.claimedAtMs ||
        (a.identity < b.identity ? -1 : 1),
    )
    .at(-1);
}

function toChanged({ keyId, identity, messageId, sentAtMs, channelId, deleted }: MessageRow): ChangedMessage {
  return { keyId, identity, messageId, sentAtMs, channelId, deleted };
}
