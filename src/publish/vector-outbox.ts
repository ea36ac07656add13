import type { FoldedFact } from '../model/memory.ts';
import type { SummaryLink } from './near-duplicates.ts';

/** What a settlement (or a person's command) left for the indexer. */
export type VectorRow =
  | {
      readonly outboxId: string;
      readonly kind: 'refresh';
      readonly keyId: string;
      readonly botId: string;
      readonly userId: string;
      /** Its summary is to be brought in line; null: facts only. */
      readonly windowId: string | null;
      readonly factIds: readonly string[];
    }
  | {
      readonly outboxId: string;
      readonly kind: 'erase';
      readonly userId: string;
      /** Null: with every bot. */
      readonly botId: string | null;
    };

export type RefreshRow = Extract<VectorRow, { kind: 'refresh' }>;

export interface CurrentSummary {
  readonly windowId: string;
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
  readonly endedAtMs: number;
  readonly summaryText: string;
  readonly keyTopics: readonly string[];
}

export interface CurrentMemory {
  readonly summaries: readonly CurrentSummary[];
  readonly facts: readonly FoldedFact[];
}

/**
 * The rows that wait for the vector index. A row names what may have changed, never what
 * it became: the indexer reads the present state, so that rows may come twice, late or in
 * any order. Rejects with DATABASE_UNAVAILABLE (retryable).
 */
export interface VectorOutbox {
  /** Takes the indexer's lease for a pass; false while another process holds it. */
  holdLease(owner: string, ttlMs: number): Promise<boolean>;
  /**
   * Prolongs the lease, only if nobody else has had it meanwhile: what he wrote would be
   * newer than what this pass has read.
   */
  renewLease(owner: string, ttlMs: number): Promise<boolean>;
  releaseLease(owner: string): Promise<void>;
  /** Whether everything known has been enqueued for this place, or this owner has had his turn at it. */
  isAdopted(destination: string, owner: string): Promise<boolean>;
  /**
   * Enqueues everything that is known for a place where vectors did not go before, in one
   * transaction, only while `owner` holds the lease; once for each owner, so owners are
   * named anew by every process. Returns how many rows that took.
   */
  adopt(destination: string, owner: string): Promise<number>;
  /** The oldest rows, in the order of their transactions for each key. */
  unsent(limit: number): Promise<readonly VectorRow[]>;
  /**
   * The present state of what the rows name: what is missing in the answer is gone,
   * superseded, or of a run that readers do not see. No snapshot: what changes meanwhile
   * leaves a row of its own.
   */
  current(rows: readonly RefreshRow[]): Promise<CurrentMemory>;
  /**
   * Puts links in the place of all that name one of these windows, only while `owner` holds the
   * lease, checked in the same transaction. A link between windows that readers no longer see is
   * left out.
   */
  relink(
    windowIds: readonly string[],
    links: readonly SummaryLink[],
    embedderName: string,
    owner: string,
  ): Promise<void>;
  /**
   * Marks rows as sent, only while `owner` holds the lease, checked in the same
   * transaction. False: somebody else is the indexer now.
   */
  markSent(rows: readonly VectorRow[], owner: string): Promise<boolean>;
  /**
   * Opens rows again, sent or not, for whoever is the indexer now: what was written may
   * have been older than what he wrote meanwhile, so he has to write the present state again.
   */
  reopen(rows: readonly VectorRow[]): Promise<void>;
  /** How many rows wait, counted up to `limit`. */
  backlog(limit: number): Promise<number>;
}
