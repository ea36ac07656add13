import { createOpenAiEmbedder } from '../../adapters/embeddings/openai-embedder.ts';
import type { Config } from '../../config/config.ts';
import { looking, ok, type Finding } from './check.ts';

const timeoutMs = 15_000;

/** Claude's credentials, by a real call of one token. */
export function checkModel({ anthropic, extract }: Config): Promise<readonly Finding[]> {
  if (anthropic === null) {
    return Promise.resolve([ok('model', 'ANTHROPIC_API_KEY is unset: the offline analyser is used')]);
  }
  return looking('model', 'check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and AFTERWORD_MODEL', async () => {
    const { createAnthropicModelClient } = await import('../../adapters/anthropic/model-client.ts');
    const client = createAnthropicModelClient({
      apiKey: anthropic.apiKey.reveal(),
      baseURL: anthropic.baseUrl ?? undefined,
      timeoutMs,
    });
    const answered = await client.verifyCredentials(extract.model, AbortSignal.timeout(timeoutMs));
    return [ok('model', `${answered} answers`)];
  });
}

/** Whether Qdrant takes our credentials; needs no embedder, and makes no collection. */
export function checkVectors({ qdrant }: Config): Promise<readonly Finding[]> {
  if (qdrant === null)
    return Promise.resolve([ok('vectors', 'QDRANT_URL is unset: they are kept in Postgres')]);
  return looking('vectors', 'check QDRANT_URL and QDRANT_API_KEY', async () => {
    const { createQdrantVectorIndex } = await import('../../adapters/qdrant/vector-index.ts');
    const index = createQdrantVectorIndex({
      url: qdrant.url,
      apiKey: qdrant.apiKey?.reveal(),
      embedderName: 'doctor',
      dimension: 1,
      timeoutMs,
    });
    await index.check();
    return [ok('vectors', `Qdrant at ${new URL(qdrant.url).host} answers`)];
  });
}

/** One word is embedded. */
export function checkEmbeddings({ embeddings }: Config): Promise<readonly Finding[]> {
  if (embeddings === null) {
    return Promise.resolve([ok('embeddings', 'EMBEDDINGS_URL is unset: lexical vectors are used')]);
  }
  const { url, model, apiKey } = embeddings;
  return looking('embeddings', 'check EMBEDDINGS_URL, EMBEDDINGS_MODEL and EMBEDDINGS_API_KEY', async () => {
    const connection = { url, model, apiKey: apiKey?.reveal(), timeoutMs };
    const { dimension } = await createOpenAiEmbedder(connection, AbortSignal.timeout(timeoutMs));
    return [ok('embeddings', `${model} at ${new URL(url).host} answers, ${dimension} dimensions`)];
  });
}
