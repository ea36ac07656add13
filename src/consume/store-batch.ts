import { isAfterwordError } from '../errors.ts';
import type { DeadLetterReason } from '../model/decoded-record.ts';
import { deadLetterIdentity } from '../model/identity.ts';
import type { LogRecord, TopicPartition } from '../model/record.ts';
import type {
  BatchContext,
  BatchTransaction,
  ChangedMessage,
  LockedKey,
  MessageStore,
  NewDeadLetter,
  NewMessage,
  PositionMove,
} from './message-store.ts';
import {
  conflictLetter,
  identitiesOf,
  planBatch,
  type BatchPlan,
  type DecodedEntry,
  type Repeat,
} from './plan-batch.ts';
import { reconcileWindows, type WindowOutcome } from './reconcile-windows.ts';

export interface StoreOptions {
  /** Quiet wall-clock time after the last arrival before a window closes. */
  readonly graceMs: number;
  /** See `PositionMove`; 0: nothing is known. */
  readonly knownNextOffset?: bigint;
}

/** Where the records of a batch ended; the numbers add up to its size. */
export interface BatchOutcome {
  readonly messages: number;
  readonly duplicates: number;
  readonly changes: number;
  readonly sessionEnds: number;
  readonly ignored: number;
  readonly deadLetters: readonly DeadLetterReason[];
  readonly clamped: number;
  readonly windows: WindowOutcome;
  /** Keys that came from another partition than before: correct, but worth a warning. */
  readonly movedKeys: number;
}

const noWindows: WindowOutcome = { opened: 0, changed: 0, superseded: 0 };

/**
 * Makes a batch durable: every record ends in exactly one place, in one transaction
 * (DESIGN.md 2). A batch that is known entirely takes no locks and changes no row. A
 * batch whose data the database refuses is halved until the record is found; that one
 * becomes a dead letter and the others are stored.
 *
 * @returns one outcome for each part that was stored
 * @throws AfterwordError DATABASE_UNAVAILABLE (retryable), POSITION_SET_BACK; nothing of the failed
 * part is stored
 */
export async function storeBatch(
  store: MessageStore,
  partition: TopicPartition,
  entries: readonly DecodedEntry[],
  nextOffset: bigint,
  options: StoreOptions,
): Promise<readonly BatchOutcome[]> {
  try {
    return [await storeWhole(store, partition, entries, nextOffset, options)];
  } catch (error) {
    if (!isAfterwordError(error) || error.code !== 'DATABASE_REFUSED' || entries.length === 0) throw error;
    return storeHalves(store, partition, entries, nextOffset, options, error.details['sqlstate']);
  }
}

async function storeHalves(
  store: MessageStore,
  partition: TopicPartition,
  entries: readonly DecodedEntry[],
  nextOffset: bigint,
  options: StoreOptions,
  sqlstate: string | number | boolean | undefined,
): Promise<readonly BatchOutcome[]> {
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    if (only.decoded.kind === 'dead-letter') throw new Error('a dead letter itself was refused');
    const detail = `SQLSTATE ${String(sqlstate ?? 'unknown')}`;
    const refused = {
      ...only,
      decoded: { kind: 'dead-letter', reason: 'refused-by-database', detail } as const,
    };
    return [await storeWhole(store, partition, [refused], nextOffset, options)];
  }
  const middle = Math.ceil(entries.length / 2);
  const first = entries.slice(0, middle);
  const second = entries.slice(middle);
  // The first half moves the position only to its own last record, and not past one of which
  // the second half still has events.
  const last = first.at(-1)?.record.offset ?? nextOffset - 1n;
  const between = second[0]?.record.offset === last ? last : last + 1n;
  return [
    ...(await storeBatch(store, partition, first, between, options)),
    ...(await storeBatch(store, partition, second, nextOffset, options)),
  ];
}

async function storeWhole(
  store: MessageStore,
  partition: TopicPartition,
  entries: readonly DecodedEntry[],
  nextOffset: bigint,
  options: StoreOptions,
): Promise<BatchOutcome> {
  const context = await store.lookUp(partition, identitiesOf(entries));
  const plan = await planAnew(store, partition, entries, context);
  if (isKnownEntirely(plan)) {
    if (context.storedNextOffset === null || context.storedNextOffset < nextOffset) {
      await store.saveProgress(partition, moveOf(nextOffset, plan, options));
    }
    return knownOutcome(plan);
  }
  return store.transaction((transaction) =>
    writePlan({
      transaction,
      partition,
      nextOffset,
      context,
      plan,
      records: recordsByOffset(entries),
      options,
    }),
  );
}

/** Plans, and leaves out what ended as a dead letter before though it decodes: seldom, so looked up apart. */
async function planAnew(
  store: MessageStore,
  partition: TopicPartition,
  entries: readonly DecodedEntry[],
  context: BatchContext,
): Promise<BatchPlan> {
  const plan = planBatch(entries, context);
  if (plan.doubtful.length === 0) return plan;
  const deadLetters = plan.doubtful.map(deadLetterIdentity);
  const { knownOthers } = await store.lookUp(partition, { ...identitiesOf([]), deadLetters });
  if (knownOthers.size === 0) return plan;
  const doubtful = new Set(plan.doubtful);
  const remaining = entries.filter(
    ({ record }) => !doubtful.has(record) || !knownOthers.has(deadLetterIdentity(record)),
  );
  const anew = planBatch(remaining, context);
  return { ...anew, duplicates: anew.duplicates + entries.length - remaining.length };
}

function moveOf(
  nextOffset: bigint,
  { streamTimeMs }: BatchPlan,
  { knownNextOffset = 0n }: StoreOptions,
): PositionMove {
  return { nextOffset, streamTimeMs, knownNextOffset };
}

function isKnownEntirely(plan: BatchPlan): boolean {
  return (
    plan.messages.length === 0 &&
    plan.changes.length === 0 &&
    plan.sessionEnds.length === 0 &&
    plan.deadLetters.length === 0 &&
    plan.ignored.length === 0
  );
}

function knownOutcome(plan: BatchPlan): BatchOutcome {
  return {
    messages: 0,
    duplicates: plan.duplicates,
    changes: 0,
    sessionEnds: 0,
    ignored: 0,
    deadLetters: [],
    clamped: 0,
    windows: noWindows,
    movedKeys: 0,
  };
}

function recordsByOffset(entries: readonly DecodedEntry[]): ReadonlyMap<bigint, LogRecord> {
  return new Map(entries.map(({ record }) => [record.offset, record]));
}

interface PlanWrite {
  readonly transaction: BatchTransaction;
  readonly partition: TopicPartition;
  readonly nextOffset: bigint;
  readonly context: BatchContext;
  readonly plan: BatchPlan;
  readonly records: ReadonlyMap<bigint, LogRecord>;
  readonly options: StoreOptions;
}

/** The batch transaction, in the order that makes it safe; see `BatchTransaction`. */
async function writePlan(write: PlanWrite): Promise<BatchOutcome> {
  const { transaction, partition, context, plan, options } = write;
  // 1. Lock, before anything is inserted.
  const keys = await transaction.lockKeys(plan.keys, partition.partition);
  const keyIdsOf = (rows: readonly { readonly keyIndex: number }[]): string[] =>
    rows.map((row) => keyOf(keys, row).keyId);
  // 2. Insert. What another process stored meanwhile is a duplicate, or a conflict.
  const arrived = await transaction.insertMessages(
    plan.messages,
    keyIdsOf(plan.messages),
    partition.partition,
  );
  const settled = await settleUncertain(write, arrived);
  const ends = await transaction.insertSessionEnds(plan.sessionEnds, keyIdsOf(plan.sessionEnds));
  const changed = await applyChanges(write, keys, arrived);
  // 3. Reconcile the windows of the keys with what is new.
  const windows = await reconcileWindows({
    transaction,
    arrived,
    ends: plan.sessionEnds.filter((end) => ends.has(end.identity)),
    keyOf: (row) => keyOf(keys, row),
    runs: context.runs,
    partition: partition.partition,
    nowMs: context.nowMs,
    graceMs: options.graceMs,
  });
  if (changed.length > 0) await transaction.markChanged(changed, options.graceMs);
  const gone = withoutArrived(changed, arrived);
  if (gone.length > 0) await transaction.redact(gone);
  const deadLetters = [...plan.deadLetters, ...settled.conflicts];
  if (deadLetters.length > 0) await transaction.insertDeadLetters(deadLetters);
  const ignored = plan.ignored.length === 0 ? 0 : await transaction.countIgnored(partition, plan.ignored);
  // 4. The position moves with the rows, in the same commit.
  await transaction.saveProgress(partition, moveOf(write.nextOffset, plan, options));
  return {
    messages: arrived.length,
    duplicates: plan.duplicates + settled.duplicates + plan.ignored.length - ignored,
    changes: plan.changes.length,
    sessionEnds: plan.sessionEnds.length,
    ignored,
    deadLetters: deadLetters.map((letter) => letter.reason),
    clamped: arrived.filter((message) => message.clamped).length,
    windows,
    movedKeys: keys.filter((key) => key.moved).length,
  };
}

/**
 * What only the inserted rows can tell: messages that lost the race to another transaction,
 * and records that name a message of this batch again. Of all that name one identity the
 * first to become a row stays; the same content is its duplicate, other content a conflict.
 */
async function settleUncertain(
  { transaction, plan, records }: PlanWrite,
  arrived: readonly NewMessage[],
): Promise<{ duplicates: number; conflicts: NewDeadLetter[] }> {
  const raced = arrived.length === plan.messages.length ? [] : withoutRows(plan.messages, arrived);
  const uncertain: Repeat[] = [...raced.map((message) => repeatOf(message, records)), ...plan.repeats];
  if (uncertain.length === 0) return { duplicates: 0, conflicts: [] };
  const racedIdentities = raced.map((message) => message.identity);
  const stored =
    raced.length === 0 ? new Map<string, string>() : await transaction.contentHashes(racedIdentities);
  const ours = new Map(plan.messages.map((message) => [message.identity, message.contentHash]));
  const conflicts = new Map<string, NewDeadLetter>();
  for (const { identity, contentHash, record } of uncertain) {
    if ((stored.get(identity) ?? ours.get(identity)) === contentHash) continue;
    const letter = conflictLetter(record);
    conflicts.set(letter.identity, letter);
  }
  return { duplicates: uncertain.length - conflicts.size, conflicts: [...conflicts.values()] };
}

function withoutRows(messages: readonly NewMessage[], arrived: readonly NewMessage[]): NewMessage[] {
  const rows = new Set(arrived);
  return messages.filter((message) => !rows.has(message));
}

function repeatOf({ identity, contentHash, offset }: NewMessage, records: PlanWrite['records']): Repeat {
  const record = records.get(offset);
  if (record === undefined) throw new Error('a message of the batch has no record');
  return { identity, contentHash, record };
}

/** Only messages of keys that ever had an edit or delete can have one waiting. */
async function applyChanges(
  { transaction, plan }: PlanWrite,
  keys: readonly LockedKey[],
  arrived: readonly NewMessage[],
): Promise<readonly ChangedMessage[]> {
  const concerned = arrived.filter((message) => keyOf(keys, message).hasChanges);
  if (plan.changes.length === 0 && concerned.length === 0) return [];
  return transaction.applyChanges(
    plan.changes,
    plan.changes.map((change) => keyOf(keys, change).keyId),
    concerned.map((message) => message.identity),
  );
}

/** Deleted messages that something may have been learnt of: not those that came after their delete. */
function withoutArrived(
  changed: readonly ChangedMessage[],
  arrived: readonly NewMessage[],
): readonly ChangedMessage[] {
  const deleted = changed.filter((message) => message.deleted);
  if (deleted.length === 0) return deleted;
  const justArrived = new Set(arrived.map((message) => message.identity));
  return deleted.filter((message) => !justArrived.has(message.identity));
}

function keyOf(keys: readonly LockedKey[], { keyIndex }: { readonly keyIndex: number }): LockedKey {
  const key = keys[keyIndex];
  if (key === undefined) throw new Error('a key of the batch was not locked');
  return key;
}
