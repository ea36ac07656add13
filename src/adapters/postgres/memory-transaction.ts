import type pg from 'pg';
import type { MemoryTransaction } from '../../extract/extraction-store.ts';
import type { RelationLifetimes } from '../../memory/relation-rules.ts';
import type { ProfileDocument } from '../../model/profile.ts';
import { readProfileParts, writeMemory } from './memory-rows.ts';
import type { LockedKeyRow } from './lock-keys.ts';
import { appendEvents, type VectorDraft } from './outbox-rows.ts';
import { prepared } from './prepared.ts';
import { readLiveObservations, readTouched, writeCheckpoints, type TouchedOwner } from './touched-rows.ts';

/** Whose memory, and the window whose doing it is; null: no window's. */
export interface MemoryTransactionOwner extends TouchedOwner {
  readonly windowId: string | null;
}

/** `locked` holds the key's row once it is locked by this transaction; until then nothing may be written. */
export function memoryTransaction(
  client: pg.PoolClient,
  owner: MemoryTransactionOwner,
  locked: readonly LockedKeyRow[],
  lifetimes: Partial<RelationLifetimes> = {},
): MemoryTransaction {
  const vectorsOf = (factIds: readonly string[]): VectorDraft => ({
    keyId: owner.keyId,
    windowId: owner.windowId,
    runId: owner.runId,
    factIds,
  });
  return {
    touchedMemory: (groups) => readTouched(client, owner, groups),
    liveObservations: (groups) => readLiveObservations(client, owner, groups),
    keepCheckpoints: (checkpoints) => writeCheckpoints(client, owner, checkpoints),
    writeMemory: (before, after) => writeMemory(client, owner, before, after),
    profileParts: async () => ({ ...(await readProfileParts(client, owner, 'bare')), lifetimes }),
    writeProfile: (profile, text) => writeProfile(client, owner, profile, text, locked[0]?.lastSequence ?? 0),
    appendEvents: (events, factIds) =>
      appendEvents(
        client,
        locked,
        events.map((event) => ({ ...event, keyId: owner.keyId, windowId: owner.windowId })),
        factIds === undefined ? [] : [vectorsOf(factIds)],
      ),
  };
}

async function writeProfile(
  client: pg.ClientBase,
  owner: MemoryTransactionOwner,
  profile: ProfileDocument,
  text: string,
  sequence: number,
): Promise<void> {
  await client.query(
    prepared(
      `insert into afterword.profiles (bot_id, user_id, key_id, run_id, facts, preferences, summaries, prompt_text,
       sequence)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (bot_id, user_id) do update
     set run_id = excluded.run_id, facts = excluded.facts, preferences = excluded.preferences,
         summaries = excluded.summaries, prompt_text = excluded.prompt_text, sequence = excluded.sequence, updated_at = clock_timestamp()`,
      [
        owner.botId,
        owner.userId,
        owner.keyId,
        owner.runId,
        JSON.stringify(profile.facts),
        JSON.stringify(profile.preferences),
        JSON.stringify(profile.summaries),
        text,
        sequence,
      ],
    ),
  );
}
