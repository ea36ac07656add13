import type { Batch, EachBatchPayload } from 'kafkajs';

import type { Assignment } from './assignment.ts';
import { backOffMs } from './back-off.ts';
import type { HeldPartition } from './held-partition.ts';
import { reasonOf } from './kafka-errors.ts';
import type { MembershipContext } from './membership-context.ts';
import type { OffsetCommitter } from './offset-committer.ts';
import { Pulse } from './pulse.ts';
import { toLogRecord } from './to-log-record.ts';

/**
 * Hands kafkajs's batches to the handler. What must hold:
 * 1. No batch of a partition before its position was chosen.
 * 2. One batch at a time for each partition, each beginning at `position`.
 * 3. An offset is resolved, and left to the committer, only for what the handler took while
 *    the partition was still ours.
 */
export class BatchDelivery {
  readonly #context: MembershipContext;
  readonly #assignment: Assignment;
  readonly #committer: OffsetCommitter;
  readonly #inHand = new Set<Promise<void>>();

  constructor(context: MembershipContext, assignment: Assignment, committer: OffsetCommitter) {
    this.#context = context;
    this.#assignment = assignment;
    this.#committer = committer;
  }

  /** Resolves when no batch is in hand any more. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#inHand);
  }

  /** Rejects only with what tells kafkajs to join again; returning without resolving means "later again". */
  async take(payload: EachBatchPayload): Promise<void> {
    this.#committer.commitBy((topics) => payload.commitOffsetsIfNecessary(topics));
    const held = this.#assignment.find(payload.batch.partition);
    if (held?.position === undefined || held.isBusy || held.isHeldBack) return;
    if (this.#context.signal.aborted || payload.isStale()) return;
    const found = fetchedOffset(payload.batch);
    if (found !== undefined && found !== held.position) {
      this.#assignment.chooseAgain(held, found);
      return;
    }
    held.isBusy = true;
    const work = this.#deliver(payload, held);
    this.#inHand.add(work);
    try {
      await work;
    } finally {
      this.#inHand.delete(work);
      held.isBusy = false;
      held.finishRealigning();
      this.#assignment.finishUprooting(held);
    }
  }

  /** Only control records, aborted or compacted ones came: kafkajs calls no eachBatch for these. */
  pass(partition: number, lastOffset: string): void {
    const held = this.#assignment.find(partition);
    if (held?.isChoosing === false && !held.isBusy) held.passTo(BigInt(lastOffset) + 1n);
  }

  async #deliver(payload: EachBatchPayload, held: HeldPartition): Promise<void> {
    const { batch } = payload;
    const nextOffset = BigInt(batch.lastOffset()) + 1n;
    const pulse = new Pulse(payload);
    const isStale = (): boolean => held.isLost || pulse.wasEvicted || payload.isStale();
    try {
      await this.#context.handler.handleBatch({
        topic: batch.topic,
        partition: batch.partition,
        records: batch.messages.map((message) => toLogRecord(batch, message)),
        nextOffset,
        isStale,
        heartbeat: () => pulse.beat(),
      });
    } catch (error) {
      if (!isStale()) this.#backOff(held, error);
      pulse.rethrow();
      return;
    }
    if (!isStale()) {
      held.refusals = 0;
      held.storedTo(nextOffset);
      // With all that lies behind its last record: control records are part of a batch that shows none.
      payload.resolveOffset(batch.lastOffset());
      // From its first offset on the group shows when this log is replaced by another one.
      if (!held.hasCommitted) void this.#committer.commit();
    }
    pulse.rethrow();
  }

  /** Not by rejecting: kafkajs would try five times and then crash, again and again. */
  #backOff(held: HeldPartition, error: unknown): void {
    held.refusals++;
    const retryInMs = backOffMs(held.refusals);
    this.#context.options.onEvent?.({
      type: 'batch-refused',
      topic: this.#context.options.topic,
      partition: held.partition,
      attempt: held.refusals,
      retryInMs,
      reason: reasonOf(error),
    });
    held.setHold('refused', true);
    this.#context.background(
      this.#context.sleep(retryInMs).then(() => {
        held.setHold('refused', false);
      }),
    );
  }
}

/** Where the fetch began: kafkajs has it on every batch, though not in its types. */
function fetchedOffset(batch: Batch & { readonly fetchedOffset?: unknown }): bigint | undefined {
  const { fetchedOffset: offset } = batch;
  return typeof offset === 'string' ? BigInt(offset) : undefined;
}
