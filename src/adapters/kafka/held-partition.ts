/**
 * Why a partition is not fetched now. `choosing`: its position is being asked for.
 * `refused`: the handler refused a batch, and it backs off. `realigning`: the group
 * was shared out anew while a batch was in hand. `confirming`: it is being asked whether
 * this is still the log that was read. `caller`: paused through the port. `closing`: the
 * membership ends.
 */
export type Hold = 'choosing' | 'refused' | 'realigning' | 'confirming' | 'caller' | 'closing';

/** What a consumer does to the fetching of one partition. */
export interface FetchControl {
  seek(partition: number, position: bigint): void;
  pause(partition: number): void;
  resume(partition: number): void;
}

/**
 * One partition from the moment it is assigned until it is lost.
 *
 *   choosing --position--> reading --refused--> backing off --timer--> reading
 *   reading --the log does not continue at our position--> choosing
 *   any --revoked, evicted, crashed, stopped--> lost (never used again)
 */
export class HeldPartition {
  readonly partition: number;
  readonly #control: FetchControl;
  readonly #holds = new Set<Hold>(['choosing']);
  /** The next offset to read; everything before it is durable. Undefined while choosing for the first time. */
  position: bigint | undefined;
  /** Beyond what the handler stored: it knows nothing yet of where reading stands. */
  hasPassed = false;
  /** What the group knows, as far as we do. */
  committed: bigint | undefined;
  /** The position whose commit failed last. */
  lostCommit: bigint | undefined;
  /** The group has an offset of it, by us or by others: should it vanish, so did the log. */
  hasCommitted = false;
  /** The log, or the database, is another one since the batch in hand was fetched. */
  isUprooted = false;
  /** The log ended before our position: what the group has as its offset is nobody's word. */
  wasSetBack = false;
  isBusy = false;
  isLost = false;
  refusals = 0;

  constructor(partition: number, isPausedByCaller: boolean, control: FetchControl) {
    this.partition = partition;
    this.#control = control;
    if (isPausedByCaller) this.#holds.add('caller');
    this.applyHolds();
  }

  get isHeldBack(): boolean {
    return this.#holds.size > 0;
  }

  get isChoosing(): boolean {
    return this.#holds.has('choosing');
  }

  /** Whether an offset may be committed: it would hide that the log is another one. */
  get isInDoubt(): boolean {
    return this.isUprooted || this.#holds.has('choosing') || this.#holds.has('confirming');
  }

  /** What is durable or passed, and the group was not told. */
  get uncommitted(): bigint | undefined {
    const { position, committed } = this;
    if (position === undefined || committed === undefined || this.isLost || this.isInDoubt) return undefined;
    return position > committed ? position : undefined;
  }

  setHold(hold: Hold, isHeld: boolean): void {
    if (isHeld) this.#holds.add(hold);
    else this.#holds.delete(hold);
    this.applyHolds();
  }

  applyHolds(): void {
    if (this.isLost) return;
    if (this.isHeldBack) this.#control.pause(this.partition);
    else this.#control.resume(this.partition);
  }

  startAt(position: bigint, committed: bigint | undefined): void {
    this.position = position;
    this.hasPassed = false;
    // Where nothing was committed there is nothing to make up for either.
    this.committed = committed ?? position;
    this.hasCommitted = committed !== undefined;
    this.isUprooted = false;
    this.wasSetBack = false;
    this.#control.seek(this.partition, position);
    this.setHold('choosing', false);
  }

  /** A batch is durable. */
  storedTo(position: bigint): void {
    this.position = position;
    this.hasPassed = false;
  }

  /** Reading may pass records that no batch shows; it never goes back this way. */
  passTo(position: bigint): void {
    if (this.position === undefined || position <= this.position) return;
    this.position = position;
    this.hasPassed = true;
  }

  /**
   * A rebalance makes kafkajs forget its positions and read kept partitions again from
   * the committed offset; a seek inside its join event saves that. With a batch in
   * hand the seek waits for its end, or the batch would come twice.
   */
  realign(): void {
    this.applyHolds();
    if (this.position === undefined || this.isChoosing) return;
    if (this.isBusy) this.setHold('realigning', true);
    else this.#control.seek(this.partition, this.position);
  }

  /** After a batch: what a rebalance put off. */
  finishRealigning(): void {
    if (this.isLost || !this.#holds.has('realigning')) return;
    if (this.position !== undefined) this.#control.seek(this.partition, this.position);
    this.setHold('realigning', false);
  }
}
