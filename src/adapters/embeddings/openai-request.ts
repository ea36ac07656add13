import { z } from 'zod';
import { isAfterwordError } from '../../errors.ts';
import { malformedAnswer, statusError, timedOut, unreachable } from './openai-errors.ts';

export interface EmbeddingsConnection {
  /** `https://host`, `https://host/v1` or the whole address of the embeddings. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
  /** From sending a request to the last byte of its answer. */
  readonly timeoutMs: number;
}

/** One request; the vectors in the order of the texts, as the service made them. */
export async function requestEmbeddings(
  connection: EmbeddingsConnection,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly number[])[]> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(connection.timeoutMs);
  const either = new AbortController();
  const abort = (): void => {
    either.abort();
  };
  // Not AbortSignal.any: under a signal that lives as long as the process each call would
  // leave something behind.
  signal.addEventListener('abort', abort, { once: true });
  late.addEventListener('abort', abort, { once: true });
  try {
    return readAnswer(await post(connection, texts, either.signal), texts.length);
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw timedOut(connection.timeoutMs);
    throw isAfterwordError(error) ? error : unreachable(error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function post(
  { url, model, apiKey }: EmbeddingsConnection,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(embeddingsAddress(url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify({ model, input: texts, encoding_format: 'float' }),
    // What is said of people goes where the configuration says, and nowhere else.
    redirect: 'error',
    signal,
  });
  if (response.ok) return response.text();
  await response.body?.cancel();
  throw statusError(response.status, response.headers);
}

export function embeddingsAddress(given: string): string {
  const url = new URL(given);
  const path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith('/embeddings')) return url.href;
  url.pathname = path === '' ? '/v1/embeddings' : `${path}/embeddings`;
  return url.href;
}

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().min(0), embedding: z.array(z.number()).min(1) })),
});

function readAnswer(body: string, count: number): readonly (readonly number[])[] {
  const parsed = answerSchema.safeParse(parseJson(body));
  if (!parsed.success) throw malformedAnswer('shape');
  const byIndex = new Map(parsed.data.data.map(({ index, embedding }) => [index, embedding]));
  if (byIndex.size !== count || parsed.data.data.length !== count) throw malformedAnswer('count');
  return Array.from({ length: count }, (_, index) => {
    const embedding = byIndex.get(index);
    if (embedding === undefined) throw malformedAnswer('index');
    return embedding;
  });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The parser's message quotes the body.
    return undefined;
  }
}
