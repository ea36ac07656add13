/** What is indexed: one summary or one current fact, as a sentence. */
export interface VectorItem {
  /** Deterministic UUID: the same item is written over, never beside. */
  readonly itemId: string;
  readonly kind: 'summary' | 'fact';
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
  readonly windowId: string;
  readonly text: string;
  /** Event time of what it tells, epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly vector: readonly number[];
}

export interface VectorFilter {
  readonly kind?: 'summary' | 'fact';
  readonly botId?: string;
  readonly userId?: string;
  readonly channelType?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface VectorHit {
  readonly item: Omit<VectorItem, 'vector'>;
  /** Cosine similarity, -1 to 1; higher is nearer. */
  readonly score: number;
}

/**
 * Holds one vector per item and finds the nearest. Writes are idempotent by
 * `itemId` and durable when they resolve. Rejects with VECTOR_INDEX_UNAVAILABLE.
 * The embedder that made the vectors is the caller's; `name` of the collection
 * carries the dimension, so that two embedders never share one.
 */
export interface VectorIndex {
  readonly label: string;
  upsert(items: readonly VectorItem[]): Promise<void>;
  remove(itemIds: readonly string[]): Promise<void>;
  /** Everything of a person (with one bot, or all). Returns how many were removed. */
  removeUser(userId: string, botId?: string): Promise<number>;
  search(vector: readonly number[], filter: VectorFilter, limit: number): Promise<readonly VectorHit[]>;
  /** Proves that the index answers; for doctor and readiness. */
  check(): Promise<void>;
}
