import { APIConnectionError, APIConnectionTimeoutError, APIError } from '@anthropic-ai/sdk';
import type { OutputForm } from './output-form.ts';
import { AfterwordError, ensureError, isAfterwordError, type ErrorCode } from '../../errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint?: string;
}

/**
 * The class of a failed request. Nothing of the response's body is carried over, for
 * providers quote the request in it: status, the error's type and its request id are.
 */
export function translateError(thrown: unknown, output: OutputForm): AfterwordError {
  if (isAfterwordError(thrown)) return thrown;
  const error = ensureError(thrown);
  const response = asApiError(error);
  const { code, message, retryable, hint } =
    response === undefined ? unreachable : meaningOf(response, output);
  const retryAfterMs = response === undefined ? undefined : retryAfter(response);
  return new AfterwordError(code, message, {
    cause: withoutText(error),
    retryable,
    details: {
      ...(response === undefined ? {} : detailsOf(response)),
      ...(wasNeverSent(error) ? unsent : {}),
    },
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

// A body that broke off, or is not the API's, is no APIError: something stood between us and the provider.
function asApiError(error: Error): APIError | undefined {
  return error instanceof APIError ? (error as APIError) : undefined;
}

function meaningOf(error: APIError, output: OutputForm): Meaning {
  if (error instanceof APIConnectionTimeoutError) return timeout;
  if (error instanceof APIConnectionError) return unreachable;
  const meaning = meaningOfStatus(error.status, error);
  if (meaning !== requestInvalid || output !== 'schema') return meaning;
  return refusesOutputForm(error) ? noStructuredOutput : { ...meaning, hint: formHint };
}

/**
 * A server that says it does not know the field in which the form is asked for would refuse every
 * call. What is wrong with one schema in it is that stage's own trouble.
 */
function refusesOutputForm({ apiMessage }: APIError): boolean {
  return /^\W*output_config(?:\.format)?\W+(?:extra inputs|unknown|unrecogni[sz]ed|unexpected|unsupported|(?:is |are )?not (?:permitted|supported|allowed))/i.test(
    apiMessage ?? '',
  );
}

function meaningOfStatus(status: number | undefined, error: APIError): Meaning {
  if (status === undefined) return unreachable;
  if (isSpendLimit(status, error)) return spendLimit;
  if (status === 401 || status === 403) return credentials;
  // Not this window's fault: every call with this model would fail the same way.
  if (status === 404) return unknownModel;
  if (status === 408) return timeout;
  if (status === 429) return rateLimited;
  // 409 is a lock that another request holds.
  if (status === 409 || status >= 500) return overloaded;
  return requestInvalid;
}

/** Said in three ways: a status of its own, a code within the error, a sentence in a bad request. */
function isSpendLimit(status: number, error: APIError): boolean {
  if (status === 402 || error.type === 'billing_error') return true;
  if (/spend_limit|billing|credit_balance/.test(error.errorCode ?? '')) return true;
  return status === 400 && /usage limits|credit balance/i.test(error.apiMessage ?? '');
}

/** Milliseconds to wait, as seconds or a date in the header; undefined without a usable one. */
function retryAfter(error: APIError): number | undefined {
  const { headers } = error;
  const exactMs = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (exactMs >= 0) return exactMs;
  const header = headers?.get('retry-after') ?? '';
  if (/^\d+(?:\.\d+)?$/.test(header)) return Number(header) * 1_000;
  const untilMs = Date.parse(header) - Date.now();
  return Number.isFinite(untilMs) ? Math.max(0, untilMs) : undefined;
}

const unsent = { sent: false };
const noConnection: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** No connection came about, so nobody can have been asked: such a call costs nothing. */
function wasNeverSent(error: Error): boolean {
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 5; depth += 1) {
    if ('code' in cause && typeof cause.code === 'string' && noConnection.has(cause.code)) return true;
    cause = cause.cause;
  }
  return false;
}

function detailsOf(error: APIError): Record<string, string | number> {
  return {
    ...(typeof error.status === 'number' ? { status: error.status } : {}),
    // Identifiers only: a type or an id that looks like prose is somebody else's text.
    ...(isIdentifier(error.type) ? { type: error.type } : {}),
    ...(isIdentifier(error.requestID) ? { requestId: error.requestID } : {}),
  };
}

function isIdentifier(value: string | null | undefined): value is string {
  return typeof value === 'string' && /^\w{1,80}$/.test(value);
}

/** Its class and where it came from; the message can quote what was sent or received. */
function withoutText(error: Error): Error {
  const bare = new Error(error.name);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  bare.stack = [error.name, ...frames].join('\n');
  return bare;
}

const timeout: Meaning = {
  code: 'MODEL_TIMEOUT',
  message: 'the model did not answer in time',
  retryable: true,
};
const unreachable: Meaning = {
  code: 'MODEL_UNREACHABLE',
  message: 'the model provider could not be reached',
  retryable: true,
  hint: 'Check the network and ANTHROPIC_BASE_URL.',
};
const overloaded: Meaning = {
  code: 'MODEL_OVERLOADED',
  message: 'the model provider cannot serve the request now',
  retryable: true,
};
const rateLimited: Meaning = {
  code: 'MODEL_RATE_LIMITED',
  message: 'the model provider limits the rate of requests',
  retryable: true,
};
const spendLimit: Meaning = {
  code: 'MODEL_SPEND_LIMIT',
  message: "the account's spend limit is reached or its credit is used up",
  retryable: false,
  hint: 'Raise the limit or add credit in the Claude Console; windows wait and are not lost.',
};
const credentials: Meaning = {
  code: 'MODEL_CREDENTIALS',
  message: 'the model provider refused the credentials',
  retryable: false,
  hint: 'Check ANTHROPIC_API_KEY; windows wait and are not lost.',
};
const unknownModel: Meaning = {
  code: 'MODEL_CREDENTIALS',
  message: 'the provider knows no such model for this key',
  retryable: false,
  hint: 'Check AFTERWORD_MODEL and ANTHROPIC_BASE_URL.',
};
const noStructuredOutput: Meaning = {
  code: 'MODEL_CREDENTIALS',
  message: 'the server does not take structured output by JSON schema',
  retryable: false,
  hint: 'Set MODEL_OUTPUT=tool; windows wait and are not lost.',
};
const formHint = 'If the server lacks structured output by JSON schema, set MODEL_OUTPUT=tool.';
const requestInvalid: Meaning = {
  code: 'MODEL_REQUEST_INVALID',
  message: 'the model provider refused the request as invalid',
  retryable: false,
};

export const timeoutError = (cause: unknown): AfterwordError =>
  new AfterwordError(timeout.code, timeout.message, {
    cause: withoutText(ensureError(cause)),
    retryable: true,
  });
