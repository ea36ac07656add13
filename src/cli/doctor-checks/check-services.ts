import { createAnthropicModelClient } from '../../adapters/anthropic/model-client.ts';
import type { Config } from '../../config/config.ts';
import type { OpenDatabase } from '../../resources.ts';
import { openVectors } from '../../vectors.ts';
import { looking, ok, type Finding } from './check.ts';

const timeoutMs = 15_000;

/** Claude's credentials, by a real call of one token. */
export function checkModel({ anthropic, extract }: Config): Promise<readonly Finding[]> {
  if (anthropic === null) {
    return Promise.resolve([ok('model', 'no ANTHROPIC_API_KEY: the offline analyser is used')]);
  }
  return looking('model', 'check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and AFTERWORD_MODEL', async () => {
    const client = createAnthropicModelClient({
      apiKey: anthropic.apiKey.reveal(),
      baseURL: anthropic.baseUrl ?? undefined,
      timeoutMs,
    });
    const answered = await client.verifyCredentials(extract.model, AbortSignal.timeout(timeoutMs));
    return [ok('model', `${answered} answers`)];
  });
}

/** The embeddings service and the vector index, where search lives. */
export function checkVectors(config: Config, database: OpenDatabase): Promise<readonly Finding[]> {
  return looking('vectors', 'check QDRANT_URL, QDRANT_API_KEY and EMBEDDINGS_URL', async () => {
    const { index, embedder } = await openVectors(config, database, AbortSignal.timeout(timeoutMs));
    await index.check();
    return [ok('vectors', `${index.label} (${embedder.dimension} dimensions)`)];
  });
}
