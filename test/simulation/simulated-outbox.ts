import type { ResultEvent } from '../../src/model/result-event.ts';
import type { Outbox, OutboxRow } from '../../src/publish/outbox.ts';
import type { RecordSink } from '../../src/publish/record-sink.ts';
import type { Lane } from './lane.ts';
import type { DeadLetterRow, OutboxEventRow } from './rows.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import { holdLeases, isHeld, releaseLeases } from './simulated-leases.ts';

/** The relay's port. */
export function simulatedOutbox(database: SimulatedDatabase, lane: Lane): Outbox {
  const markSent = (outboxIds: readonly string[], owner: string): Promise<boolean> =>
    database.inTransaction(lane, async (transaction) => {
      await lane.call('mark sent');
      await transaction.lock(database.leases.lockOf('relay'));
      if (!isHeld(database, transaction, 'relay', owner)) {
        lane.note('relay without its lease');
        return false;
      }
      const sent = new Set(outboxIds);
      for (const { outboxId } of database.events.all(transaction)) {
        if (sent.has(outboxId))
          await database.events.write(transaction, outboxId, (row) => row && { ...row, isSent: true });
      }
      for (const { outboxId, identity } of database.deadLetters.all(transaction)) {
        if (!sent.has(outboxId)) continue;
        await database.deadLetters.write(transaction, identity, (row) => row && { ...row, isSent: true });
      }
      return true;
    });
  return {
    holdLease: (owner, ttlMs) =>
      database.statement(lane, 'hold the relay', async (transaction) => {
        const held = await holdLeases(database, transaction, { names: ['relay'], owner, ttlMs });
        return held.length === 1;
      }),
    releaseLease: (owner) =>
      database.statement(lane, 'release the relay', (transaction) =>
        releaseLeases(database, transaction, owner),
      ),
    unsent: async (destination, limit) => {
      const rows = await database.statement(lane, 'unsent', () => unsent(database, destination, limit));
      if (database.breach === 'marks as sent before sending' && rows.length > 0) {
        await markSent(
          rows.map(({ outboxId }) => outboxId),
          lane.name.replace(/ .*/, ''),
        );
      }
      return rows;
    },
    markSent,
    removeSent: () => Promise.resolve(0),
  };
}

function unsent(database: SimulatedDatabase, destination: string, limit: number): OutboxRow[] {
  const rows =
    destination === 'results'
      ? database.events
          .committed()
          .filter(({ isSent }) => !isSent)
          .map(toEvent)
      : database.deadLetters
          .committed()
          .filter(({ isSent }) => !isSent)
          .map(toLetter);
  return rows.sort((a, b) => (a.outboxId < b.outboxId ? -1 : 1)).slice(0, limit);
}

function toEvent({ outboxId, eventId, type, subject, createdAtMs, data }: OutboxEventRow): OutboxRow {
  const event = { id: eventId, type, source: '/afterword', subject, timeMs: createdAtMs, data };
  // Written by the product's own drafts, as the store's reader has it.
  return { outboxId, kind: 'result', event: event as ResultEvent };
}

function toLetter({ outboxId, record, reason, detail }: DeadLetterRow): OutboxRow {
  return { outboxId, kind: 'dead-letter', letter: { ...record, reason, detail } };
}

/** A record of the results topic as a reader meets it. */
export interface Told {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly sender: string;
}

/** The topics that are written, in the order of their records. */
export interface SimulatedTopics {
  readonly results: Told[];
  readonly deadLetters: Told[];
  /** Who sent each event last. */
  readonly senders: Map<string, string>;
}

/** A sending that fails may have written any part of its records, in their order. */
export function simulatedSink(lane: Lane, topics: SimulatedTopics): RecordSink {
  return {
    send: async (records) => {
      const told = records.map((record): Told & { readonly topic: string } => {
        const headers = new Map(record.headers.map(({ name, value }) => [name, value?.toString() ?? '']));
        return {
          id: headers.get('ce_id') ?? '',
          type: headers.get('ce_type') ?? 'dead-letter',
          key: record.key?.toString() ?? '',
          data: headers.has('ce_id') ? (JSON.parse(String(record.value)) as Told['data']) : {},
          sender: lane.name,
          topic: record.topic,
        };
      });
      const write = (some: typeof told): void => {
        for (const one of some) {
          const sender = topics.senders.get(one.id) ?? one.sender;
          if (one.topic === 'results' && sender !== one.sender)
            lane.note('event sent again by a second relay');
          topics.senders.set(one.id, one.sender);
          (one.topic === 'results' ? topics.results : topics.deadLetters).push(one);
        }
      };
      await lane.call('send', 'LOG_UNAVAILABLE').catch((error: unknown) => {
        if (!lane.isDead && told.length > 1) lane.note('part of a sending written');
        // Also a process that dies: what it had sent by then is sent.
        write(told.slice(0, Math.floor(told.length / 2)));
        throw error;
      });
      write(told);
    },
    stop: () => Promise.resolve(),
  };
}
