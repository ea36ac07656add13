import { AfterwordError, ensureError, type AfterwordErrorOptions } from '../../errors.ts';

/** A texts' fault, or ours: smaller requests may be taken where this one was not. */
export class RefusedRequest extends AfterwordError {
  constructor(status: number) {
    super('EMBEDDINGS_UNAVAILABLE', `the embeddings service refused the request (HTTP ${status})`, {
      details: { status },
      hint: 'check EMBEDDINGS_URL and EMBEDDINGS_MODEL',
    });
  }
}

/** Of an answer that is no success. Its body is not read: services quote the input in it. */
export function statusError(status: number, headers: Headers): AfterwordError {
  if (status === 400 || status === 413 || status === 422) return new RefusedRequest(status);
  const details = { status };
  if (status === 401 || status === 403) {
    return unavailable('the embeddings service refused the credentials', {
      details,
      hint: 'check EMBEDDINGS_API_KEY',
    });
  }
  if (status === 404 || status === 405) {
    return unavailable('the embeddings service knows no such address or model', {
      details,
      hint: 'check EMBEDDINGS_URL and EMBEDDINGS_MODEL',
    });
  }
  const retryAfterMs = readRetryAfter(headers.get('retry-after'));
  return unavailable(`the embeddings service answered HTTP ${status}`, {
    details,
    retryable: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

export function malformedAnswer(reason: string): AfterwordError {
  return unavailable('the embeddings service answered something else than embeddings', {
    details: { reason },
    retryable: true,
    hint: 'check that EMBEDDINGS_URL speaks the OpenAI embeddings API',
  });
}

export function timedOut(timeoutMs: number): AfterwordError {
  return unavailable('the embeddings service did not answer in time', {
    details: { timeoutMs },
    retryable: true,
  });
}

/** What fetch threw, with the system's code where there is one: the message can name hosts and quote headers. */
export function unreachable(thrown: unknown): AfterwordError {
  const cause: unknown = ensureError(thrown).cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return unavailable('the embeddings service cannot be reached', {
    details: { code: /^[A-Z_0-9]{1,40}$/.test(code) ? code : 'unknown' },
    retryable: true,
    hint: 'check EMBEDDINGS_URL and the network',
  });
}

function unavailable(message: string, options: AfterwordErrorOptions): AfterwordError {
  return new AfterwordError('EMBEDDINGS_UNAVAILABLE', message, options);
}

/** Seconds, or a date; undefined without a usable one. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1_000;
  const untilMs = Date.parse(header) - Date.now();
  return Number.isFinite(untilMs) ? Math.max(0, untilMs) : undefined;
}
