import type { LogRecord } from '../../../model/record.ts';
import { backOffMs } from '../../kafka/back-off.ts';
import type { LeasedPartition } from './leased-partition.ts';
import { commitOffset } from './leases.ts';
import { reasonOf } from './log-errors.ts';
import type { LogMembershipParts } from './log-membership.ts';
import { readRecords } from './read-records.ts';

/** Reads a leased partition batch by batch, until it is at its end or may not go on. */
export class PartitionReader {
  readonly #parts: LogMembershipParts;

  constructor(parts: LogMembershipParts) {
    this.#parts = parts;
  }

  /** Rejects when the database does not answer; a handler that refuses is backed off from instead. */
  async readOn(held: LeasedPartition): Promise<void> {
    while (mayGoOn(held)) {
      const records = await this.#readBatch(held);
      if (records.length === 0 || held.isStale(performance.now())) return;
      if (!(await this.#deliver(held, records))) return;
    }
  }

  #readBatch(held: LeasedPartition): Promise<LogRecord[]> {
    const { pool, topic, topicName, maxBatchRecords, maxBatchBytes } = this.#parts;
    return readRecords(pool, {
      topic: topicName,
      topicId: topic.topicId,
      partition: held.partition,
      from: held.position ?? 0n,
      maxRecords: maxBatchRecords,
      maxBytes: maxBatchBytes,
    });
  }

  /** False: this batch has to come again, or is somebody else's. */
  async #deliver(held: LeasedPartition, records: readonly LogRecord[]): Promise<boolean> {
    const { topicName: topic, handler } = this.#parts;
    const { partition } = held;
    const nextOffset = (records.at(-1)?.offset ?? -1n) + 1n;
    const isStale = (): boolean => held.isStale(performance.now());
    // The lease is renewed by the rounds, which go on meanwhile.
    const heartbeat = (): Promise<void> => Promise.resolve();
    try {
      await handler.handleBatch({ topic, partition, records, nextOffset, isStale, heartbeat });
    } catch (error) {
      if (!isStale()) this.#backOff(held, error);
      return false;
    }
    if (isStale()) return false;
    held.refusals = 0;
    if (!(await this.#commit(held, nextOffset))) return false;
    // After the commit: when the database went away before it, the batch comes again.
    held.position = nextOffset;
    return true;
  }

  async #commit(held: LeasedPartition, offset: bigint): Promise<boolean> {
    const { pool, member, topicName: topic, onEvent } = this.#parts;
    if (await commitOffset(pool, member, held, offset)) return true;
    held.isLost = true;
    onEvent({ type: 'commit-lost', topic, partition: held.partition, offset, reason: 'LEASE_LOST' });
    return false;
  }

  #backOff(held: LeasedPartition, error: unknown): void {
    held.refusals++;
    const retryInMs = backOffMs(held.refusals);
    held.retryAtMs = performance.now() + retryInMs;
    this.#parts.onEvent({
      type: 'batch-refused',
      topic: this.#parts.topicName,
      partition: held.partition,
      attempt: held.refusals,
      retryInMs,
      reason: reasonOf(error),
    });
  }
}

function mayGoOn(held: LeasedPartition): boolean {
  return !held.isPaused && !held.isLeaving && !held.isToChoose && !held.isStale(performance.now());
}
