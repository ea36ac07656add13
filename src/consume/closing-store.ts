import type { AfterwordError } from '../errors.ts';
import type { TopicPartition } from '../model/record.ts';
import type { CloseReason } from '../model/session-window.ts';
import type { ClosedWindowView } from '../model/window-view.ts';
import type { RunSettings } from './message-store.ts';
import type { UnreadPartition } from './unread-partition.ts';

/** An open window whose look-at time has come by event time; not necessarily over. */
export interface OpenWindow {
  readonly windowId: string;
  readonly keyId: string;
  readonly runId: number;
  readonly botId: string;
  readonly partition: number;
  readonly endedAtMs: number;
  readonly touchedAtMs: number;
}

/** How far a partition has come. */
export interface PartitionTime extends TopicPartition {
  readonly streamTimeMs: number;
  /** The polled end of the log was reached within the last 5 s: only then the clock closes windows. */
  readonly caughtUp: boolean;
}

/** The event time at which a partition stands, by its records or by the clock. */
export interface PartitionClock {
  readonly partition: number;
  readonly effectiveMs: number;
}

export type Verdict =
  | {
      readonly windowId: string;
      readonly endedAtMs: number;
      readonly kind: 'wait';
      readonly checkAtMs: number;
    }
  | {
      readonly windowId: string;
      readonly endedAtMs: number;
      readonly kind: 'due';
      readonly reason: CloseReason;
      readonly checkAtMs: number;
    };

/** A window whose closing the database refused: a fault of ours, which must hold up no other. */
export interface RefusedClosing {
  readonly windowId: string;
  /** It is tried again after so long. */
  readonly retryInMs: number;
  readonly error: AfterwordError;
}

export interface ClosedBatch {
  readonly windows: readonly ClosedWindowView[];
  readonly refused: readonly RefusedClosing[];
  /** Wall time, ms, of the next window that is only waiting for its grace; null: none waits. */
  readonly nextCheckAtMs: number | null;
}

/**
 * What the closer asks of the database. Every write locks the keys first, and
 * re-reads the windows under that lock: a message that arrived in between keeps its
 * window open.
 */
export interface ClosingStore {
  /**
   * Takes or renews the leases of these partitions; returns those held now, for half of `ttlMs`
   * at least. Expiry is judged by the database's clock.
   */
  holdLeases(
    partitions: readonly TopicPartition[],
    owner: string,
    ttlMs: number,
  ): Promise<readonly TopicPartition[]>;
  /** Gives them up at once, so that a successor need not wait for their expiry. */
  releaseLeases(owner: string): Promise<void>;
  /** The database's clock, and how far the partitions have come. */
  times(
    partitions: readonly TopicPartition[],
  ): Promise<{ nowMs: number; partitions: readonly PartitionTime[] }>;
  runs(): Promise<readonly RunSettings[]>;
  /**
   * Takes or renews the lease of whoever looks after partitions that nobody reads; false
   * while another process has it.
   */
  holdUnreadLease(owner: string, ttlMs: number): Promise<boolean>;
  /**
   * Partition numbers in which windows wait to be judged and of which no closer has held the
   * lease for `quietMs`, under any topic: a window does not know its topic. Also those whose
   * closer cannot judge, since no record of this topic was ever stored.
   */
  unread(
    topic: string,
    quietMs: number,
  ): Promise<{ readonly nowMs: number; readonly partitions: readonly UnreadPartition[] }>;
  /** Open windows that should be looked at, of each partition the earliest, at most so many of each. */
  overdue(partitions: readonly PartitionClock[], limit: number): Promise<readonly OpenWindow[]>;
  /** Event time at which the next of these partitions' windows may be over; null: none is open. */
  nextLookAtMs(partitions: readonly number[]): Promise<number | null>;
  /** Applies verdicts to windows whose end is still the one that was judged. */
  applyVerdicts(verdicts: readonly Verdict[]): Promise<void>;
  /**
   * Closes windows that are over and have been quiet for their grace: status, span,
   * extraction work and the `window.closed` event in one transaction, only while
   * `owner` holds a lease. What the database refuses is found, put off and named; the
   * others are closed.
   */
  closeDue(nowMs: number, limit: number, owner: string): Promise<ClosedBatch>;
  /** Notes that the polled end of the log was reached. */
  markCaughtUp(partitions: readonly TopicPartition[]): Promise<void>;
}
