import type { PollingLoop } from '../polling-loop.ts';
import type { Outbox, OutboxDestination } from '../publish/outbox.ts';
import type { RecordSink } from '../publish/record-sink.ts';
import { relayOnce } from '../publish/relay.ts';
import { failureCode } from '../telemetry/failure.ts';
import type { Role } from './role.ts';
import { countdown, endsWithin } from './stop-in-turn.ts';
import { loopCheck, watchedLoop, type LoopContext } from './watched-loop.ts';

/** Rows of one kind that are kept for a time only. */
export interface OldRows {
  /** Removes a batch of those whose time is over; returns how many, fewer than `limit` when no more are left. */
  remove(limit: number): Promise<number>;
}

export interface PublishRoleOptions extends LoopContext {
  readonly outbox: Outbox;
  /**
   * A sink for each topic: one that is missing is asked for again for seconds, and sends of
   * one sink follow each other.
   */
  readonly sinks: Readonly<Record<OutboxDestination, RecordSink>>;
  readonly topics: Readonly<Record<OutboxDestination, string>>;
  readonly owner: string;
  readonly maxRecordBytes: number;
  readonly pause: (ms: number) => Promise<void>;
  /** One pass of the vector indexer; returns whether there may be more. */
  readonly indexVectors: (signal: AbortSignal) => Promise<boolean>;
  readonly oldRows: readonly OldRows[];
}

export interface PublishRole extends Role {
  /** The outbox has something new. */
  wake(): void;
}

const leaseMs = 10_000;
const batchSize = 500;
const pollMs = 250;
/** How long a sent row is kept, for people who look; and how often old ones are removed. */
const keepSentMs = 60_000;
const cleanEveryMs = 5_000;
/** Rows that are kept for days: how often the oldest are looked at, and how many go in one transaction. */
const retainEveryMs = 60_000;
const retainBatch = 2_000;
/** Between two batches of a backlog, so that whoever writes the same tables gets his turn. */
const retainPauseMs = 200;

/**
 * Loop 3: the relays to the topics, the way to the vector index, and the removal of what was
 * sent and of what is old. Both relays work under one lease; each fails, waits and tries again by itself.
 */
export function createPublishRole(options: PublishRoleOptions): PublishRole {
  const relays: readonly PollingLoop[] = [
    watchedLoop(options, 'relay', () => relayPass(options, 'results')),
    watchedLoop(options, 'dead-letter-relay', () => relayPass(options, 'dead-letter')),
  ];
  const cleaner = watchedLoop(options, 'outbox-cleaner', async () => {
    const removed = await options.outbox.removeSent(keepSentMs, 5_000);
    return { nextInMs: removed === 5_000 ? 0 : cleanEveryMs };
  });
  const indexer = watchedLoop(options, 'vector-index', async (signal) => ({
    nextInMs: (await options.indexVectors(signal)) ? 0 : pollMs,
  }));
  const retention = watchedLoop(options, 'retention', async () => {
    let isMore = false;
    for (const rows of options.oldRows) {
      if ((await rows.remove(retainBatch)) >= retainBatch) isMore = true;
    }
    return { nextInMs: isMore ? retainPauseMs : retainEveryMs };
  });
  const loops = [...relays, cleaner, retention, indexer];
  return {
    name: 'publish',
    // An index that is away delays search and nothing else.
    checks: relays.map(loopCheck),
    wake: () => {
      for (const relay of relays) relay.wake();
      indexer.wake();
    },
    start: () => {
      for (const loop of loops) loop.start();
      return Promise.resolve();
    },
    stop: async (deadlineMs) => {
      const left = countdown(deadlineMs, () => options.clock.nowMs());
      // A send that hangs keeps the lease no longer: who takes over repeats it at worst.
      await endsWithin(Promise.all(loops.map((loop) => loop.stop())), left(), options.pause);
      await options.outbox.releaseLease(options.owner).catch(() => undefined);
      await Promise.all(Object.values(options.sinks).map((sink) => sink.stop()));
    },
  };
}

async function relayPass(
  options: PublishRoleOptions,
  destination: OutboxDestination,
): Promise<{ nextInMs: number }> {
  const { outbox, sinks, topics, owner, maxRecordBytes, clock, logger, metrics } = options;
  const startedMs = clock.nowMs();
  const pass = await relayOnce(outbox, sinks[destination], {
    owner,
    leaseMs,
    destination,
    topic: topics[destination],
    batchSize,
    maxRecordBytes,
    onTruncated: ({ id, type }, bytes, limit) => {
      metrics.eventsTruncated.add(1, { type });
      logger.error('event.truncated', { eventId: id, type, size: bytes, limit });
    },
  }).catch((error: unknown) => {
    metrics.publishFailures.add(1, { code: failureCode(error) });
    throw error;
  });
  metrics.leasesHeld.set(pass.active ? 1 : 0, { lease: 'relay' });
  // Somebody else is the relay: look now and then whether it still lives.
  if (!pass.active) return { nextInMs: leaseMs / 4 };
  if (pass.sent.length === 0) return { nextInMs: pollMs };
  for (const type of pass.sent) metrics.eventsPublished.add(1, { type });
  const tookMs = clock.nowMs() - startedMs;
  metrics.publishSeconds.observe(tookMs / 1_000);
  logger.debug('outbox.published', { events: pass.sent.length, tookMs });
  return { nextInMs: pass.full ? 0 : pollMs };
}
