import type { LiveMemory, MemoryTransaction, TouchedGroups } from '../../src/extract/extraction-store.ts';
import type { FoldedFact } from '../../src/model/memory.ts';
import type { FactObservation } from '../../src/model/observation.ts';
import type { ObservationRow } from './rows.ts';
import { appendEvents } from './simulated-keys.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { Transaction } from './transactions.ts';

export interface MemoryOwner {
  readonly keyId: string;
  readonly windowId: string | null;
}

/** One person's memory. The simulated stage finds facts only, and never enough for a checkpoint. */
export function memoryTransaction(
  database: SimulatedDatabase,
  transaction: Transaction,
  { keyId, windowId }: MemoryOwner,
): MemoryTransaction {
  const { lane } = transaction;
  const live = ({ facts }: TouchedGroups): LiveMemory => ({
    facts: database.observations
      .all(transaction)
      .filter((row) => row.keyId === keyId && !row.isSuperseded && facts.has(row.groupKey))
      .map((row) => row.observation as FactObservation),
    preferences: [],
  });
  const factsOf = (): { readonly keyId: string; readonly fact: FoldedFact }[] =>
    database.facts.all(transaction).filter((row) => row.keyId === keyId);
  return {
    touchedMemory: async (groups) => {
      await lane.call('touched memory');
      const folded = factsOf().map(({ fact }) => fact);
      return {
        checkpoints: { facts: [], preferences: [] },
        live: live(groups),
        folded: { facts: folded.filter((fact) => groups.facts.has(fact.groupKey)), preferences: [] },
      };
    },
    liveObservations: async (groups) => {
      await lane.call('live observations');
      return live(groups);
    },
    keepCheckpoints: () => Promise.reject(new Error('so few observations make no checkpoint')),
    writeMemory: async (before, after) => {
      await lane.call('write memory');
      const idOf = (factId: string): string => `${keyId} ${factId}`;
      for (const { factId } of before.facts)
        await database.facts.write(transaction, idOf(factId), () => null);
      for (const fact of after.facts) {
        await database.facts.write(transaction, idOf(fact.factId), () => ({ keyId, fact }));
      }
    },
    profileParts: async () => {
      await lane.call('profile parts');
      return { facts: factsOf().map(({ fact }) => fact), preferences: [], summaries: [], lifetimes: {} };
    },
    writeProfile: async (profile, text) => {
      await lane.call('write profile');
      const current = factsOf().filter(({ fact }) => fact.status === 'current');
      const factIds = current.map(({ fact }) => fact.factId).sort();
      await database.profiles.write(transaction, `${profile.bot_id}/${profile.user_id}`, () => ({
        text,
        factIds,
      }));
    },
    appendEvents: async (events) => {
      await lane.call('append events');
      const drafts = events.map((event) => ({ ...event, keyId, windowId }));
      await appendEvents(database, transaction, drafts);
    },
  };
}

export function groupsOf(rows: readonly ObservationRow[]): TouchedGroups {
  return { facts: new Set(rows.map(({ groupKey }) => groupKey)), preferences: new Set() };
}
