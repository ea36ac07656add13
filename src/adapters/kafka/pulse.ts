import type { EachBatchPayload } from 'kafkajs';

import { ensureError } from '../../errors.ts';
import { isEviction } from './kafka-errors.ts';

/**
 * Heartbeats during a batch. What the group answers reaches kafkajs after the batch,
 * never the handler: while others only ask to join, our commit still counts.
 */
export class Pulse {
  readonly #payload: EachBatchPayload;
  #error: Error | undefined;
  /** Somebody else may hold the partition already. */
  wasEvicted = false;

  constructor(payload: EachBatchPayload) {
    this.#payload = payload;
  }

  async beat(): Promise<void> {
    try {
      await this.#payload.heartbeat();
    } catch (error) {
      this.#error = ensureError(error);
      if (isEviction(error)) this.wasEvicted = true;
    }
  }

  /** Lets kafkajs join again. */
  rethrow(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
