import type { RecordHeader } from '../model/record.ts';
import type { ResultEvent } from '../model/result-event.ts';

/** A dead letter on its way to its topic: the original bytes and headers, and where they came from. */
export interface OutgoingDeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  readonly reason: string;
  readonly detail: string;
}

/** The topics that rows go to, each sent by itself: one that is missing holds back nobody else's. */
export type OutboxDestination = 'results' | 'dead-letter';

export type OutboxRow =
  | { readonly outboxId: string; readonly kind: 'result'; readonly event: ResultEvent }
  | { readonly outboxId: string; readonly kind: 'dead-letter'; readonly letter: OutgoingDeadLetter };

/**
 * Rows that wait to be sent, in the order of their transactions for each key. Claimed by
 * state (`sent_at is null`), never by "id greater than the last": ids are given before
 * commit, so a lower one may become visible later.
 */
export interface Outbox {
  /** Takes or renews the relay's lease; false while another process holds it. */
  holdLease(owner: string, ttlMs: number): Promise<boolean>;
  releaseLease(owner: string): Promise<void>;
  /**
   * Of one destination at most `limit` rows and about `maxBytes` of payload, never fewer
   * than one when any waits.
   */
  unsent(destination: OutboxDestination, limit: number, maxBytes: number): Promise<readonly OutboxRow[]>;
  /**
   * Marks rows as sent, only while `owner` holds the lease, checked in the same
   * transaction. False: somebody else is the relay now, and may send them again.
   */
  markSent(outboxIds: readonly string[], owner: string): Promise<boolean>;
  /** Removes rows that were sent longer ago than that, a batch at a time; returns how many. */
  removeSent(olderThanMs: number, limit: number): Promise<number>;
}
