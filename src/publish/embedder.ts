/**
 * Turns texts into vectors of one fixed dimension, unit length, one for each text
 * in order. Rejects with EMBEDDINGS_UNAVAILABLE (retryable unless the credentials
 * or the model are wrong). The error never quotes a text.
 */
export interface Embedder {
  /** Names model and dimension; vectors of different names must not be compared. */
  readonly name: string;
  readonly dimension: number;
  /** Cosine similarity from which two summaries say nearly the same, for vectors of this embedder. */
  readonly nearDuplicateScore: number;
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
}
