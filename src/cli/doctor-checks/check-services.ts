import { createOpenAiEmbedder } from '../../adapters/embeddings/openai-embedder.ts';
import type { Config } from '../../config/config.ts';
import { modelsInUse } from '../../config/settings-for-bot.ts';
import { looking, ok, type Finding } from './check.ts';

const timeoutMs = 15_000;

/** Claude's credentials and the form of its answers, by a real call of a few tokens to every model in use. */
export async function checkModel(config: Config): Promise<readonly Finding[]> {
  const { anthropic } = config;
  if (anthropic === null) return [ok('model', 'ANTHROPIC_API_KEY is unset: the offline analyser is used')];
  const findings = await Promise.all(
    modelsInUse(config).map(async (model) => named(model, await checkOneModel(config, anthropic, model))),
  );
  return findings.flat();
}

/** Of several it has to be told which. */
function named(model: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((found) =>
    found.state === 'ok' ? found : { ...found, says: `${model}: ${found.says}` },
  );
}

function checkOneModel(
  { extract: { output } }: Config,
  { apiKey, baseUrl }: NonNullable<Config['anthropic']>,
  model: string,
): Promise<readonly Finding[]> {
  const hint = 'check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and the name of the model';
  return looking('model', hint, async () => {
    const { createAnthropicModelClient } = await import('../../adapters/anthropic/model-client.ts');
    const client = createAnthropicModelClient({
      apiKey: apiKey.reveal(),
      baseURL: baseUrl ?? undefined,
      output,
      timeoutMs,
    });
    const answered = await client.verifyCredentials(model, AbortSignal.timeout(timeoutMs));
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
