import type { Embedder } from '../../publish/embedder.ts';
import { malformedAnswer, RefusedRequest } from './openai-errors.ts';
import { requestEmbeddings, type EmbeddingsConnection } from './openai-request.ts';

/** What the smallest of the common servers takes by default. */
const textsPerRequest = 32;
/** Longer than any summary; every model that is in use sees at least the beginning of it. */
const maxTextChars = 8_000;
/** A text that is refused even when cut to this is not refused for its length. */
const minTextChars = 250;
/** Models differ: some put any two texts on one matter above 0.8, so the configuration can say another. */
const nearDuplicateScore = 0.92;

/**
 * An embedder behind an OpenAI-compatible service. Asks it once for its dimension, so the
 * promise rejects while the service is away. Retries are the caller's; only a request
 * that was refused for what it holds is made again in smaller parts, so that one text too
 * long for the model never blocks all others: it is embedded by its beginning.
 *
 * @throws AfterwordError EMBEDDINGS_UNAVAILABLE; never quotes a text
 */
export async function createOpenAiEmbedder(
  connection: EmbeddingsConnection,
  signal: AbortSignal = new AbortController().signal,
): Promise<Embedder> {
  const [probe] = await requestEmbeddings(connection, ['dimension'], signal);
  const dimension = probe?.length ?? 0;
  return {
    name: `${connection.model}@${dimension}`,
    dimension,
    nearDuplicateScore,
    embed: async (texts, embedSignal) => {
      const vectors: (readonly number[])[] = [];
      for (let start = 0; start < texts.length; start += textsPerRequest) {
        const part = texts.slice(start, start + textsPerRequest).map((text) => cutText(text, maxTextChars));
        vectors.push(...(await embedPart(connection, part, embedSignal)));
      }
      return vectors.map((vector) => toUnitLength(vector, dimension));
    },
  };
}

async function embedPart(
  connection: EmbeddingsConnection,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly number[])[]> {
  try {
    return await requestEmbeddings(connection, texts, signal);
  } catch (error) {
    const parts = error instanceof RefusedRequest ? smallerParts(texts) : [];
    if (parts.length === 0) throw error;
    const vectors: (readonly number[])[] = [];
    for (const part of parts) vectors.push(...(await embedPart(connection, part, signal)));
    return vectors;
  }
}

/** Halves of the list; of a single text its first half. None: it cannot be made smaller. */
function smallerParts(texts: readonly string[]): readonly (readonly string[])[] {
  const [text = ''] = texts;
  if (texts.length > 1) {
    const middle = Math.ceil(texts.length / 2);
    return [texts.slice(0, middle), texts.slice(middle)];
  }
  return text.length <= minTextChars ? [] : [[cutText(text, Math.ceil(text.length / 2))]];
}

/** Never in the middle of a character; an empty text, which services refuse, is a blank one. */
function cutText(text: string, maxChars: number): string {
  const cut = text.slice(0, maxChars).replace(/[\ud800-\udbff]$/, '');
  return cut.trim() === '' ? '.' : cut;
}

function toUnitLength(vector: readonly number[], dimension: number): readonly number[] {
  if (vector.length !== dimension) throw malformedAnswer('dimension');
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (length === 0 || !Number.isFinite(length)) throw malformedAnswer('length');
  return vector.map((value) => value / length);
}
