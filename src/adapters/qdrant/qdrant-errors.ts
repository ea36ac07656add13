import { AfterwordError, ensureError, isAfterwordError, type AfterwordErrorOptions } from '../../errors.ts';

/** The HTTP status of what the client threw; undefined when there was no answer, or none of Qdrant's. */
export function statusOf(thrown: unknown): number | undefined {
  const isAnswer = thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number';
  return isAnswer ? (thrown.status as number) : undefined;
}

/** By the client's classes that carry no status. */
const messages: Readonly<Record<string, string>> = {
  QdrantClientTimeoutError: 'Qdrant did not answer in time',
  // The seconds that it carries are not used: of several digits the client keeps the first.
  QdrantClientResourceExhaustedError: 'Qdrant limits the rate of requests',
};

/** Status and class only: the body quotes what was sent, and the client's message quotes the body. */
export function translateQdrantError(thrown: unknown): AfterwordError {
  if (isAfterwordError(thrown)) return thrown;
  const error = ensureError(thrown);
  const status = statusOf(error);
  const cause = withoutText(error);
  if (status === undefined) {
    return unavailable(messages[error.name] ?? 'Qdrant cannot be reached', {
      cause,
      retryable: true,
      hint: 'check that Qdrant at QDRANT_URL is running and reachable',
    });
  }
  const details = { status };
  if (status === 401 || status === 403) {
    return unavailable('Qdrant refused the credentials', { cause, details, hint: 'check QDRANT_API_KEY' });
  }
  const retryable = status === 408 || status === 409 || status === 429 || status >= 500;
  return unavailable(`Qdrant answered HTTP ${status}`, { cause, details, retryable });
}

export function unavailable(message: string, options: AfterwordErrorOptions = {}): AfterwordError {
  return new AfterwordError('VECTOR_INDEX_UNAVAILABLE', message, options);
}

export async function translatingQdrant<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateQdrantError(error);
  }
}

/** Its class and where it came from. */
function withoutText(error: Error): Error {
  const bare = new Error(error.name);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  bare.stack = [error.name, ...frames].join('\n');
  return bare;
}
