import type { Batch, EachBatchPayload } from 'kafkajs';

import type { Assignment } from './assignment.ts';
import { backOffMs } from './back-off.ts';
import type { HeldPartition } from './held-partition.ts';
import { isMembershipError, reasonOf } from './kafka-errors.ts';
import type { MembershipContext } from './membership-context.ts';
import { Pulse } from './pulse.ts';
import { toLogRecord } from './to-log-record.ts';

type CommitOnce = (offset: HeldPartition, position: bigint) => Promise<void>;

/**
 * Hands kafkajs's batches to the handler. What must hold:
 * 1. No batch of a partition before its position was chosen.
 * 2. One batch at a time for each partition, each beginning at `position`.
 * 3. An offset is resolved and committed only for what the handler took, while the
 *    partition is still ours and the log still the one that was read.
 */
export class BatchDelivery {
  readonly #context: MembershipContext;
  readonly #assignment: Assignment;
  #commitOnce: CommitOnce | undefined;

  constructor(context: MembershipContext, assignment: Assignment) {
    this.#context = context;
    this.#assignment = assignment;
  }

  /** Rejects only with what tells kafkajs to join again; returning without resolving means "later again". */
  async take(payload: EachBatchPayload): Promise<void> {
    this.#commitOnce ??= (held, position) => this.#commit(payload, held, position);
    const held = this.#assignment.find(payload.batch.partition);
    if (held?.position === undefined || held.isBusy || held.isHeldBack) return;
    if (this.#context.signal.aborted || payload.isStale()) return;
    const found = fetchedOffset(payload.batch);
    if (found !== undefined && found !== held.position) {
      this.#assignment.chooseAgain(held, found);
      return;
    }
    held.isBusy = true;
    try {
      await this.#deliver(payload, held);
    } finally {
      held.isBusy = false;
      held.finishRealigning();
      this.#assignment.finishUprooting(held);
    }
  }

  /** Only control records, aborted or compacted ones came: kafkajs calls no eachBatch for these. */
  pass(partition: number, lastOffset: string): void {
    const held = this.#assignment.find(partition);
    if (held?.isChoosing === false && !held.isBusy) held.advanceTo(BigInt(lastOffset) + 1n);
  }

  /**
   * Commits what reading has passed beyond the last batch (control records), and what
   * an earlier commit failed to tell, so that lag as others see it is the true lag.
   */
  async commitPassed(): Promise<void> {
    const { handler, options } = this.#context;
    const commitOnce = this.#commitOnce;
    if (commitOnce === undefined) return;
    for (const held of this.#assignment.all()) {
      const position = held.uncommitted;
      if (position === undefined) continue;
      const { partition } = held;
      // First there, as with a batch: an offset that is ahead of what the handler knows is an alarm.
      await handler.positionPassed({ topic: options.topic, partition }, position);
      // A batch may have come meanwhile, and its commit with it: ours would move it back.
      if (held.isLost || held.uncommitted !== position) continue;
      // A change of the group reaches kafkajs by its own heartbeat.
      await commitOnce(held, position).catch(() => undefined);
    }
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
      held.position = nextOffset;
      // With all that lies behind its last record: control records are part of a batch that shows none.
      payload.resolveOffset(batch.lastOffset());
      if (await this.#isSameLog(held, nextOffset)) await this.#commit(payload, held, nextOffset);
    }
    pulse.rethrow();
  }

  /** Without an answer the commit is left to the next batch or poll. */
  async #isSameLog(held: HeldPartition, position: bigint): Promise<boolean> {
    try {
      await this.#assignment.makeSure(held);
      return true;
    } catch (error) {
      this.#tellLostCommit(held, position, error);
      return false;
    }
  }

  #tellLostCommit({ partition }: HeldPartition, offset: bigint, error: unknown): void {
    const { topic, onEvent } = this.#context.options;
    onEvent?.({ type: 'commit-lost', topic, partition, offset, reason: reasonOf(error) });
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

  /**
   * The payload's own commit, which asks once with the generation of now. The
   * consumer's `commitOffsets` asks again for seconds, under whatever generation
   * there is by then, for a partition that may be somebody else's.
   */
  async #commit(payload: EachBatchPayload, held: HeldPartition, position: bigint): Promise<void> {
    // What is in doubt is made up for with the next commit, once it is known to be the same log.
    if (held.isLost || held.isInDoubt) return;
    const { topic } = this.#context.options;
    const { partition } = held;
    const offset = position.toString();
    try {
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
      held.committed = position;
      held.hasCommitted = true;
    } catch (error) {
      this.#tellLostCommit(held, position, error);
      // The records are durable and a repeat is harmless; only a change of the group concerns kafkajs.
      if (isMembershipError(error)) throw error;
    }
  }
}

/** Where the fetch began: kafkajs has it on every batch, though not in its types. */
function fetchedOffset(batch: Batch & { readonly fetchedOffset?: unknown }): bigint | undefined {
  const { fetchedOffset: offset } = batch;
  return typeof offset === 'string' ? BigInt(offset) : undefined;
}
