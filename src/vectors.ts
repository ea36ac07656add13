import { createLexicalEmbedder } from './adapters/embeddings/lexical-embedder.ts';
import { createOpenAiEmbedder } from './adapters/embeddings/openai-embedder.ts';
import { createPostgresVectorIndex } from './adapters/postgres/vector-index.ts';
import type { Config } from './config/config.ts';
import type { Embedder } from './publish/embedder.ts';
import type { VectorIndex } from './publish/vector-index.ts';
import type { OpenDatabase } from './resources.ts';

/** Search's two parts, which belong together: an index holds the vectors of one embedder. */
export interface Vectors {
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  /** From which score on two summaries are near-duplicates: as configured, else the embedder's own. */
  readonly nearDuplicateScore: number;
}

const embeddingsTimeoutMs = 30_000;

/**
 * Chooses embedder and index by the configuration. An embeddings server is asked once for
 * its dimension.
 *
 * @throws AfterwordError EMBEDDINGS_UNAVAILABLE
 */
export async function openVectors(
  config: Config,
  { pool }: OpenDatabase,
  signal: AbortSignal,
): Promise<Vectors> {
  const embedder = await chooseEmbedder(config, signal);
  const { name: embedderName, dimension } = embedder;
  const nearDuplicateScore = config.memory.nearDuplicateScore ?? embedder.nearDuplicateScore;
  if (config.qdrant === null) {
    return { embedder, index: createPostgresVectorIndex(pool, embedderName, dimension), nearDuplicateScore };
  }
  // Loaded only where it is used: its client takes memory that the others need not spend.
  const { createQdrantVectorIndex } = await import('./adapters/qdrant/vector-index.ts');
  const { url, apiKey } = config.qdrant;
  return {
    embedder,
    index: createQdrantVectorIndex({ url, apiKey: apiKey?.reveal(), embedderName, dimension }),
    nearDuplicateScore,
  };
}

async function chooseEmbedder({ embeddings }: Config, signal: AbortSignal): Promise<Embedder> {
  if (embeddings === null) return createLexicalEmbedder();
  const { url, model, apiKey } = embeddings;
  return createOpenAiEmbedder(
    { url, model, apiKey: apiKey?.reveal(), timeoutMs: embeddingsTimeoutMs },
    signal,
  );
}
