import type { ChangedMessage } from '../../src/consume/message-store.ts';
import { changedFactIds, refold, writeProfile } from '../../src/extract/refold.ts';
import { memoryRedactedEvents } from '../../src/extract/result-events.ts';
import {
  changesWithout,
  resultWithout,
  retractedIds,
  type RetractedId,
  type ToldChange,
} from '../../src/model/redaction.ts';
import type { ObservationRow, ResultRow } from './rows.ts';
import { lockKeysById } from './simulated-keys.ts';
import { groupsOf, memoryTransaction } from './simulated-memory.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

/** The words of deleted messages go out of all that was made from them, as `redact-messages` does it. */
export async function redactMessages(
  database: SimulatedDatabase,
  transaction: Transaction,
  messages: readonly ChangedMessage[],
): Promise<void> {
  await deleteAnswers(database, transaction, messages);
  const results = database.results
    .all(transaction)
    .filter((row) => messages.some((message) => holds(database, transaction, row, message)));
  if (results.length === 0) return;
  transaction.lane.note('delete after extraction');
  await redactResults(database, transaction, results, messages);
  const deletedOf = new Map(results.map((row) => [row.windowId, messages]));
  const dropped = await redactEvents(database, transaction, deletedOf);
  for (const key of await lockKeysById(
    database,
    transaction,
    results.map((row) => row.keyId),
  )) {
    const gone = database.observations
      .all(transaction)
      .filter((row) => row.keyId === key.keyId && deletedOf.has(row.windowId) && cites(row, messages));
    for (const row of gone)
      await database.observations.write(transaction, row.observation.observationId, () => null);
    const memory = memoryTransaction(database, transaction, { keyId: key.keyId, windowId: null });
    const changes = await refold(memory, groupsOf(gone.filter((row) => !row.isSuperseded)));
    const untold = dropped
      .filter((one) => one.keyId === key.keyId && !isHeld(database, transaction, one.retracted.id))
      .map(({ retracted }) => retracted);
    await memory.appendEvents(memoryRedactedEvents(key.runId, changes, untold), changedFactIds(changes));
    await writeProfile(memory, key);
  }
}

function holds(
  database: SimulatedDatabase,
  transaction: Transaction,
  row: ResultRow,
  message: ChangedMessage,
): boolean {
  if (row.keyId !== message.keyId || row.toMs < message.sentAtMs || row.fromMs > message.sentAtMs)
    return false;
  const window = database.windows.get(transaction, row.windowId);
  if (window === undefined) return false;
  return window.sessionKey === window.keyId || window.channelId === message.channelId;
}

async function deleteAnswers(
  database: SimulatedDatabase,
  transaction: Transaction,
  messages: readonly ChangedMessage[],
): Promise<void> {
  for (const [id, row] of database.answers.entries(transaction)) {
    const window = database.windows.get(transaction, row.windowId);
    const isOf = ({ keyId, sentAtMs, channelId }: ChangedMessage): boolean =>
      row.keyId === keyId &&
      row.toMs >= sentAtMs &&
      row.fromMs <= sentAtMs &&
      (window === undefined || window.sessionKey === window.keyId || window.channelId === channelId);
    if (messages.some(isOf)) await database.answers.write(transaction, id, () => null);
  }
}

async function redactResults(
  database: SimulatedDatabase,
  transaction: Transaction,
  results: readonly ResultRow[],
  messages: readonly ChangedMessage[],
): Promise<void> {
  for (const { windowId, revision, outcome, result } of results) {
    if (result === null) continue;
    const left = resultWithout(outcome.stage, result, messages);
    await database.results.write(
      transaction,
      `${windowId} ${revision} ${outcome.stage}`,
      (row) => row && { ...row, result: left, isSuperseded: row.isSuperseded || left === null },
    );
  }
}

async function redactEvents(
  database: SimulatedDatabase,
  transaction: Transaction,
  deletedOf: ReadonlyMap<string, readonly ChangedMessage[]>,
): Promise<readonly DroppedRetraction[]> {
  const dropped: DroppedRetraction[] = [];
  for (const event of database.events.all(transaction)) {
    const { outboxId, type, windowId, data } = event;
    const tells = type === 'afterword.stage.completed.v1' || type === 'afterword.window.enriched.v1';
    if (tells && windowId !== null && deletedOf.has(windowId)) {
      await database.events.write(transaction, outboxId, () => null);
    }
    if (type !== 'afterword.memory.changed.v1') continue;
    const told = data['changes'] as readonly ToldChange[];
    const changes = changesWithout(told, deletedOf);
    if (changes.length === told.length) continue;
    const gone = retractedIds(told.filter((change) => !changes.includes(change)));
    dropped.push(...gone.map((retracted) => ({ keyId: event.keyId, retracted })));
    await database.events.write(transaction, outboxId, (row) =>
      changes.length === 0 ? null : row && { ...row, data: { ...row.data, changes } },
    );
  }
  return dropped;
}

interface DroppedRetraction {
  readonly keyId: string;
  readonly retracted: RetractedId;
}

function isHeld(database: SimulatedDatabase, transaction: Transaction, factId: string): boolean {
  return database.facts.all(transaction).some(({ fact }) => fact.factId === factId);
}

function cites({ observation }: ObservationRow, messages: readonly ChangedMessage[]): boolean {
  const { evidence } = 'fact' in observation ? observation.fact : observation.preference;
  return evidence.some(({ message_id: id }) => messages.some(({ messageId }) => messageId === id));
}
