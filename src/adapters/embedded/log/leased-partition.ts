import type { Lease } from './leases.ts';

/** One partition from its claim until it is lost or given back. */
export class LeasedPartition {
  readonly partition: number;
  readonly epoch: bigint;
  readonly committed: bigint | undefined;
  /** The next offset to read; everything before it is durable. Undefined until it was chosen. */
  position: bigint | undefined;
  /** By our own monotonic clock, counted from before the claim was sent: never later than the database's. */
  validUntilMs: number;
  /** The position is another's: chosen again once no batch is in hand. */
  isToChoose = false;
  isLost = false;
  isBusy = false;
  /** The caller paused it. */
  isPaused = false;
  /** Somebody else is due to have it: no further batch. */
  isLeaving = false;
  refusals = 0;
  /** Backs off until then, by the monotonic clock. */
  retryAtMs = 0;

  constructor({ partition, epoch, committed }: Lease, validUntilMs: number) {
    this.partition = partition;
    this.epoch = epoch;
    this.committed = committed;
    this.validUntilMs = validUntilMs;
  }

  isStale(nowMs: number): boolean {
    return this.isLost || nowMs >= this.validUntilMs;
  }

  mayRead(nowMs: number): boolean {
    const isHeldBack = this.isPaused || this.isLeaving || this.isToChoose || nowMs < this.retryAtMs;
    return !this.isBusy && !isHeldBack && !this.isStale(nowMs) && this.position !== undefined;
  }
}
