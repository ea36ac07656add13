import type { OffsetsByTopicPartition } from 'kafkajs';

import type { Assignment } from './assignment.ts';
import type { HeldPartition } from './held-partition.ts';
import { reasonOf } from './kafka-errors.ts';
import type { MembershipContext } from './membership-context.ts';

/**
 * kafkajs's commit from within a batch, which asks once, with the generation of now. The
 * consumer's `commitOffsets` asks again for seconds, under whatever generation there is by
 * then, for a partition that may be somebody else's.
 */
export type CommitOnce = (offsets: OffsetsByTopicPartition) => Promise<void>;

/** Our own position is stored with the records; the group's offset is for others to see, and for rewinds. */
const commitEveryMs = 1_000;

interface DuePartition {
  readonly held: HeldPartition;
  readonly position: bigint;
}

/**
 * Tells the group, once a second for all partitions together, what is durable. Nobody else
 * commits, so no commit ever moves an offset back.
 */
export class OffsetCommitter {
  readonly #context: MembershipContext;
  readonly #assignment: Assignment;
  #commitOnce: CommitOnce | undefined;
  #pass: Promise<void> | undefined;

  constructor(context: MembershipContext, assignment: Assignment) {
    this.#context = context;
    this.#assignment = assignment;
  }

  /** Any batch's will do; before the first batch there is nothing to commit. */
  commitBy(commitOnce: CommitOnce): void {
    this.#commitOnce ??= commitOnce;
  }

  /** Until the returned function is called. A commit that hangs then is nobody's to wait for. */
  start(): () => void {
    const timer = setInterval(() => void this.commit(), commitEveryMs);
    return () => {
      clearInterval(timer);
    };
  }

  /** Once more after a commit that is under way, which may have begun before the last batch ended. */
  async commitRest(): Promise<void> {
    await this.#pass;
    await this.commit();
  }

  /** Never rejects: what could not be told is told the next time. */
  async commit(): Promise<void> {
    this.#pass ??= this.#commit().finally(() => {
      this.#pass = undefined;
    });
    await this.#pass;
  }

  async #commit(): Promise<void> {
    // The positions first: whether the log is still the one that they are in is asked afterwards.
    const due = this.#due();
    try {
      await this.#assignment.makeSure();
      const commitOnce = this.#commitOnce;
      if (commitOnce !== undefined) await this.#send(commitOnce, await this.#tellPassed(due));
    } catch (error) {
      for (const partition of due) this.#tellLost(partition, error);
    }
  }

  #due(): DuePartition[] {
    return this.#assignment
      .all()
      .flatMap((held) => (held.uncommitted === undefined ? [] : [{ held, position: held.uncommitted }]));
  }

  /** The handler first: an offset that is ahead of what it knows is an alarm. */
  async #tellPassed(due: readonly DuePartition[]): Promise<DuePartition[]> {
    const { handler, options } = this.#context;
    const told: DuePartition[] = [];
    for (const partition of due) {
      const { held, position } = partition;
      if (held.hasPassed) {
        const passed = handler.positionPassed({ topic: options.topic, partition: held.partition }, position);
        if (!(await isTaken(passed))) continue;
      }
      told.push(partition);
    }
    return told;
  }

  async #send(commitOnce: CommitOnce, told: readonly DuePartition[]): Promise<void> {
    const sent = told.filter(({ held, position }) => isStillDue(held, position));
    if (sent.length === 0) return;
    const partitions = sent.map(({ held, position }) => ({
      partition: held.partition,
      offset: position.toString(),
    }));
    // A change of the group reaches kafkajs by its own heartbeat.
    await commitOnce({ topics: [{ topic: this.#context.options.topic, partitions }] });
    for (const { held, position } of sent) {
      held.committed = position;
      held.hasCommitted = true;
    }
  }

  /** Once for each position: while Kafka is away it is the same every second. */
  #tellLost({ held, position }: DuePartition, error: unknown): void {
    const { options } = this.#context;
    if (held.isLost || held.lostCommit === position) return;
    held.lostCommit = position;
    options.onEvent?.({
      type: 'commit-lost',
      topic: options.topic,
      partition: held.partition,
      offset: position,
      reason: reasonOf(error),
    });
  }
}

/** Lost, in doubt, or chosen anew meanwhile: the position may be one of another log. */
function isStillDue(held: HeldPartition, position: bigint): boolean {
  return held.uncommitted !== undefined && held.uncommitted >= position;
}

async function isTaken(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
