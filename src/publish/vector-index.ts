export const vectorKinds = ['summary', 'fact'] as const;
export type VectorKind = (typeof vectorKinds)[number];

/** What is indexed: one summary or one current fact, as a sentence. */
export interface VectorItem {
  /** Deterministic UUID: the same item is written over, never beside. */
  readonly itemId: string;
  readonly kind: VectorKind;
  readonly botId: string;
  readonly userId: string;
  /** The one channel it was learnt in; null: none, or several. */
  readonly channelId: string | null;
  /** Every type of channel it was learnt in, so that a reader can keep private ones apart. */
  readonly channelTypes: readonly string[];
  /** The summary's window, or the newest that told the fact; null: entered by hand. */
  readonly windowId: string | null;
  readonly text: string;
  /** Event time of what it tells, epoch milliseconds. */
  readonly occurredAtMs: number;
  /** Unit length. */
  readonly vector: readonly number[];
}

export interface VectorFilter {
  readonly kind?: VectorKind;
  readonly botId?: string;
  readonly userId?: string;
  /** Learnt in a channel of this type, whatever others it was learnt in too. */
  readonly channelType?: string;
  /** Event time, epoch milliseconds; both ends belong. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface VectorHit {
  readonly item: Omit<VectorItem, 'vector'>;
  /** Cosine similarity, -1 to 1; higher is nearer. */
  readonly score: number;
}

/**
 * Holds one vector per item and finds the nearest. Writes are idempotent by `itemId` (the
 * last of equal ids in one call counts) and durable when they resolve. Removing reaches
 * what other embedders left in the same store too: who was forgotten is forgotten
 * everywhere. Rejects with VECTOR_INDEX_UNAVAILABLE or, where the vectors lie in the
 * database, with its codes; the error never quotes a text.
 *
 * The embedder that made the vectors is the caller's; each has a space of its own, named
 * for it and its dimension, so that vectors of two embedders are never compared.
 */
export interface VectorIndex {
  /** Where and whose the vectors are, for people and to notice that it changed; never with a secret. */
  readonly label: string;
  upsert(items: readonly VectorItem[]): Promise<void>;
  remove(itemIds: readonly string[]): Promise<void>;
  /** Everything of a person (with one bot, or all). Returns how many were removed. */
  removeUser(userId: string, botId?: string): Promise<number>;
  /** The nearest, best first; equals by item id. */
  search(vector: readonly number[], filter: VectorFilter, limit: number): Promise<readonly VectorHit[]>;
  /** Proves that the index answers; for doctor and readiness. */
  check(): Promise<void>;
}
