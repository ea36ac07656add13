import type pg from 'pg';
import type { MemoryTransaction } from '../../extract/extraction-store.ts';
import type { RelationLifetimes } from '../../memory/relation-rules.ts';
import type { ProfileDocument } from '../../model/profile.ts';
import {
  readLiveObservations,
  readMemory,
  readProfileParts,
  writeMemory,
  type MemoryOwner,
} from './memory-rows.ts';
import { appendEvents, type LockedKeyRow } from './outbox-rows.ts';
import { prepared } from './prepared.ts';

/** Whose memory, and the window whose doing it is; null: no window's. */
export interface MemoryTransactionOwner extends MemoryOwner {
  readonly botId: string;
  readonly userId: string;
  readonly windowId: string | null;
}

/** `locked` holds the key's row once it is locked by this transaction; until then nothing may be written. */
export function memoryTransaction(
  client: pg.PoolClient,
  owner: MemoryTransactionOwner,
  locked: readonly LockedKeyRow[],
  lifetimes: Partial<RelationLifetimes> = {},
): MemoryTransaction {
  return {
    liveObservations: (groups) => readLiveObservations(client, owner, groups),
    memory: (groups) => readMemory(client, owner, groups),
    writeMemory: (groups, memory) => writeMemory(client, owner, groups, memory),
    profileParts: async () => ({ ...(await readProfileParts(client, owner)), lifetimes }),
    writeProfile: (profile, text) => writeProfile(client, owner, profile, text, locked[0]?.lastSequence ?? 0),
    appendEvents: async (events) => {
      const drafts = events.map((event) => ({ ...event, keyId: owner.keyId, windowId: owner.windowId }));
      const sequences = await appendEvents(client, locked, drafts);
      const sequence = sequences.get(owner.keyId);
      if (sequence === undefined) return;
      await client.query(
        prepared('update afterword.profiles set sequence = $2 where key_id = $1', [owner.keyId, sequence]),
      );
    },
    enqueueVectors: (factIds) => enqueueVectors(client, owner, factIds),
  };
}

async function enqueueVectors(
  client: pg.ClientBase,
  owner: MemoryTransactionOwner,
  factIds: readonly string[],
): Promise<void> {
  await client.query(
    prepared(
      `insert into afterword.outbox (destination, key_id, window_id, event) values ('vectors', $1, $2, $3)`,
      [owner.keyId, owner.windowId, JSON.stringify({ runId: owner.runId, factIds })],
    ),
  );
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
         summaries = excluded.summaries, prompt_text = excluded.prompt_text, updated_at = clock_timestamp()`,
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
