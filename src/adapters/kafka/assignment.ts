import type { StartPosition } from '../../consume/record-source.ts';
import { backOffMs } from './back-off.ts';
import { HeldPartition } from './held-partition.ts';
import { reasonOf } from './kafka-errors.ts';
import type { MembershipContext } from './membership-context.ts';
import { settlePosition } from './start-position.ts';
import { readCommitted, readOffsets } from './topic-admin.ts';

/** The partitions that the group gave this member, and where reading stands in each. */
export class Assignment {
  readonly #context: MembershipContext;
  readonly #held = new Map<number, HeldPartition>();
  #memberId: string | undefined;

  constructor(context: MembershipContext) {
    this.#context = context;
  }

  find(partition: number): HeldPartition | undefined {
    return this.#held.get(partition);
  }

  all(): HeldPartition[] {
    return [...this.#held.values()];
  }

  /** Runs inside kafkajs's join event: everything up to the pauses happens before its next fetch. */
  replace(memberId: string, assigned: readonly number[]): void {
    const before = this.#held.size;
    // With a new member id we were out of the group for a while: others may have read on.
    const lost = this.all().filter(
      (held) => memberId !== this.#memberId || !assigned.includes(held.partition),
    );
    this.#memberId = memberId;
    for (const held of lost) this.#lose(held);
    const kept = this.all();
    for (const held of kept) held.realign();
    if (kept.length > 0) this.#context.background(this.#confirm(kept));
    const gained = assigned.filter((partition) => !this.#held.has(partition)).map((p) => this.#gain(p));
    this.#context.options.onEvent?.({
      type: 'rejoined',
      gained: gained.length,
      kept: kept.length,
      lost: before - kept.length,
    });
    this.#tellHandler();
    if (gained.length > 0) this.#context.background(this.#choosePositions(gained));
  }

  loseAll(): void {
    for (const held of this.all()) this.#lose(held);
    this.#tellHandler();
  }

  /** The log did not continue at our position: kafkajs has gone to the log's start by itself. */
  chooseAgain(held: HeldPartition, found: bigint): void {
    const position = held.position ?? found;
    this.#tellJump(held, position, found);
    held.wasSetBack = found < position;
    held.setHold('choosing', true);
    this.#context.background(this.#choosePositions([held]));
  }

  /** What is stored is another's: a batch in hand, which does not know, ends first. */
  chooseFor(partition: number): void {
    const held = this.#held.get(partition);
    if (held !== undefined && !held.isChoosing) this.#uproot(held);
  }

  /** What the group has no offset of any more, though it had one: its log is gone, too. */
  #noteCommitted(asked: readonly HeldPartition[], committed: ReadonlyMap<number, bigint>): void {
    for (const held of asked) {
      if (!held.isLost && !held.isChoosing && !committed.has(held.partition)) this.#uproot(held);
    }
  }

  #uproot(held: HeldPartition): void {
    if (held.isBusy) held.isUprooted = true;
    else this.#chooseInNewLog(held);
  }

  /**
   * Asked between a batch and its commit. A topic that is deleted, made anew and filled beyond
   * our position between two polls shows in nothing else: its records come from where the old
   * log stood, and the commit would hide that those before were never read.
   *
   * @throws when Kafka does not answer; nothing may be committed then
   */
  async makeSure(): Promise<void> {
    const asked = this.all().filter((held) => held.hasCommitted);
    this.#noteCommitted(asked, await this.#readCommitted());
  }

  /** Nothing more is fetched; batches in hand end by themselves. */
  holdAll(): void {
    for (const held of this.all()) held.setHold('closing', true);
  }

  /** After the batch that was in hand when the log was found to be another one. */
  finishUprooting(held: HeldPartition): void {
    if (held.isUprooted && !held.isLost) this.#chooseInNewLog(held);
  }

  #chooseInNewLog(held: HeldPartition): void {
    held.hasCommitted = false;
    held.setHold('choosing', true);
    this.#context.background(this.#choosePositions([held]));
  }

  /**
   * After a rebalance. A topic that was deleted and made anew under us shows as one and as
   * nothing else: offsets begin at 0 again, and kept partitions would be read on from where
   * the old log stood. Kafka deletes the group's offsets with the topic, so they are asked
   * for before anything is read or committed.
   */
  async #confirm(kept: readonly HeldPartition[]): Promise<void> {
    const { options, signal } = this.#context;
    const doubtful = kept.filter((held) => held.hasCommitted && !held.isChoosing);
    for (const held of doubtful) held.setHold('confirming', true);
    for (let attempt = 1; doubtful.length > 0 && !signal.aborted; attempt++) {
      try {
        this.#noteCommitted(doubtful, await this.#readCommitted());
        for (const held of doubtful) held.setHold('confirming', false);
        return;
      } catch (error) {
        const retryInMs = backOffMs(attempt);
        options.onEvent?.({ type: 'position-unknown', retryInMs, reason: reasonOf(error) });
        await this.#context.sleep(retryInMs);
      }
    }
  }

  #readCommitted(): Promise<ReadonlyMap<number, bigint>> {
    const { topic, groupId } = this.#context.options;
    return this.#context.admins.use('reading offsets', (admin) => readCommitted(admin, topic, groupId));
  }

  #gain(partition: number): HeldPartition {
    const { pausedByCaller, control } = this.#context;
    const held = new HeldPartition(partition, pausedByCaller.has(partition), control);
    this.#held.set(partition, held);
    return held;
  }

  #lose(held: HeldPartition): void {
    held.isLost = true;
    this.#held.delete(held.partition);
  }

  #tellHandler(): void {
    const { options, handler } = this.#context;
    const partitions = [...this.#held.keys()].sort((a, b) => a - b);
    handler.assignmentChanged(partitions.map((partition) => ({ topic: options.topic, partition })));
  }

  async #choosePositions(gained: readonly HeldPartition[]): Promise<void> {
    const { options, signal } = this.#context;
    for (let attempt = 1; ; attempt++) {
      const waiting = gained.filter((held) => !held.isLost && held.isChoosing);
      if (waiting.length === 0 || signal.aborted) return;
      try {
        const starts = await this.#readStarts();
        await Promise.all(waiting.map((held) => this.#choosePosition(held, starts.get(held.partition))));
      } catch (error) {
        const retryInMs = backOffMs(attempt);
        options.onEvent?.({ type: 'position-unknown', retryInMs, reason: reasonOf(error) });
        await this.#context.sleep(retryInMs);
      }
    }
  }

  async #readStarts(): Promise<Map<number, StartPosition>> {
    const { topic, groupId } = this.#context.options;
    const offsets = await this.#context.admins.use('reading offsets', (admin) =>
      readOffsets(admin, topic, groupId),
    );
    return new Map(
      offsets.map(({ partition, start, end, committed }) => [
        partition,
        { topic, partition, committed, logStart: start, logEnd: end },
      ]),
    );
  }

  async #choosePosition(held: HeldPartition, start: StartPosition | undefined): Promise<void> {
    if (start === undefined) throw new Error('the partition has no offsets yet');
    // Where the log ended before our position kafkajs has committed its start by itself, which
    // would pass for a rewind that somebody asked for.
    const told = held.wasSetBack ? { ...start, committed: undefined } : start;
    const answer = await this.#context.handler.choosePosition(told);
    if (held.isLost) return;
    const position = settlePosition(told, answer);
    const wanted = answer ?? told.committed ?? position;
    if (wanted !== position) this.#tellJump(held, wanted, position);
    held.startAt(position, told.committed);
  }

  #tellJump({ partition }: HeldPartition, from: bigint, to: bigint): void {
    const { onEvent, topic } = this.#context.options;
    onEvent?.({ type: 'offset-jump', topic, partition, from, to });
  }
}
