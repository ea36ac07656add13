import type pg from 'pg';
import type { ChangedMessage } from '../../consume/message-store.ts';
import { changedFactIds, refold, writeProfile } from '../../extract/refold.ts';
import { memoryRedactedEvents } from '../../extract/result-events.ts';
import type { RelationLifetimes } from '../../memory/relation-rules.ts';
import { factItemId, summaryItemId } from '../../publish/vector-items.ts';
import { lockKeysById, type LockedKeyRow } from './lock-keys.ts';
import { memoryTransaction } from './memory-transaction.ts';
import {
  deleteAnswers,
  deleteObservations,
  readResults,
  redactEvents,
  redactResults,
  stillRetracted,
  type DroppedRetraction,
  type ObservationRow,
  type ResultRow,
} from './redact-rows.ts';

/**
 * Takes the words of deleted messages out of everything that was made from them, of every
 * revision and run: kept answers, results, observations, events that still lie here, and
 * memory, profile and vectors, which are folded anew without them. All in the transaction
 * that deletes, whose keys are locked; so that nobody reads a word of it afterwards,
 * however long the model is away that makes the further revision.
 *
 * A message of which nothing was learnt costs two look-ups.
 */
export async function redactMessages(
  client: pg.PoolClient,
  messages: readonly ChangedMessage[],
  lifetimes: Partial<RelationLifetimes>,
): Promise<void> {
  await deleteAnswers(client, messages);
  const results = await readResults(client, messages);
  if (results.length === 0) return;
  await redactResults(client, results);
  const dropped = await redactEvents(client, results);
  const observations = await deleteObservations(client, results);
  const locked = await lockKeysById(client, [...new Set(results.map((row) => row.key_id))]);
  for (const key of locked) {
    await refoldKey(client, key, {
      results: results.filter((row) => row.key_id === key.keyId),
      observations: observations.filter((row) => row.key_id === key.keyId),
      dropped: dropped.filter(({ keyId }) => keyId === key.keyId),
      lifetimes,
    });
  }
}

interface Redacted {
  readonly results: readonly ResultRow[];
  readonly observations: readonly ObservationRow[];
  readonly dropped: readonly DroppedRetraction[];
  readonly lifetimes: Partial<RelationLifetimes>;
}

/** Memory of every run in which a live claim went; profile, events and vectors of the one that readers see. */
async function refoldKey(client: pg.PoolClient, key: LockedKeyRow, redacted: Redacted): Promise<void> {
  const observations = redacted.observations.filter(({ current }) => current);
  const isActive = ({ run_id }: { readonly run_id: number }): boolean => run_id === key.runId;
  const windowIds = [...new Set(redacted.results.filter(isActive).map((row) => row.window_id))];
  const runIds = new Set([...observations.map((row) => row.run_id), key.runId]);
  for (const runId of runIds) {
    const transaction = memoryTransaction(
      client,
      { ...key, runId, windowId: null },
      [key],
      redacted.lifetimes,
    );
    const ofRun = observations.filter((row) => row.run_id === runId);
    const changes = await refold(transaction, {
      facts: new Set(ofRun.filter(({ kind }) => kind === 'fact').map((row) => row.group_key)),
      preferences: new Set(ofRun.filter(({ kind }) => kind === 'preference').map((row) => row.group_key)),
    });
    // Of another run nothing is told.
    if (runId !== key.runId) continue;
    const retracted = redacted.dropped.flatMap((one) => (one.runId === String(runId) ? [one.retracted] : []));
    const gone = await stillRetracted(client, { keyId: key.keyId, runId }, retracted);
    if (changes.length + windowIds.length + gone.length === 0) continue;
    await transaction.appendEvents(memoryRedactedEvents(runId, changes, gone));
    await writeProfile(transaction, key);
    await refreshVectors(client, key, windowIds, changedFactIds(changes));
  }
}

/** Vectors that lie here go at once; the indexer, also of an index elsewhere, brings back what still holds. */
async function refreshVectors(
  client: pg.PoolClient,
  key: LockedKeyRow,
  windowIds: readonly string[],
  factIds: readonly string[],
): Promise<void> {
  await client.query('delete from afterword.vectors where item_id = any($1::uuid[])', [
    [
      ...windowIds.map((windowId) => summaryItemId(windowId)),
      ...factIds.map((factId) => factItemId(key.botId, key.userId, factId)),
    ],
  ]);
  for (const [index, windowId] of windowIds.entries()) {
    await memoryTransaction(client, { ...key, windowId }, [key]).appendEvents([], index === 0 ? factIds : []);
  }
}
