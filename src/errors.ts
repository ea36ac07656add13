/**
 * Every error that Afterword throws on purpose. Expected outcomes are values;
 * an error is for what the caller did not expect. Messages hold ids, counts and
 * codes only, never a conversation's text (promise P10).
 */
export const errorCodes = [
  'CONFIG_INVALID',
  'INVARIANT_BROKEN',
  'SCHEMA_TOO_NEW',
  'SCHEMA_NOT_MIGRATED',
  'DATABASE_UNAVAILABLE',
  'DATABASE_REFUSED',
  'POSITION_SET_BACK',
  'LOG_UNAVAILABLE',
  'LOG_STOPPED',
  'TOPIC_MISSING',
  'TOPIC_FORBIDDEN',
  'RECORD_TOO_LARGE',
  'MODEL_RATE_LIMITED',
  'MODEL_OVERLOADED',
  'MODEL_TIMEOUT',
  'MODEL_UNREACHABLE',
  'MODEL_CREDENTIALS',
  'MODEL_SPEND_LIMIT',
  'MODEL_BUDGET_SPENT',
  'MODEL_REFUSED',
  'MODEL_CUT_OFF',
  'MODEL_OUTPUT_INVALID',
  'MODEL_REQUEST_INVALID',
  'STAGE_FAILED',
  'VECTOR_INDEX_UNAVAILABLE',
  'EMBEDDINGS_UNAVAILABLE',
  'EMBEDDED_POSTGRES',
  'LEASE_LOST',
  'INPUT_INVALID',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface AfterwordErrorOptions extends ErrorOptions {
  /** Whether the same attempt may succeed later. */
  readonly retryable?: boolean;
  /** What a person can do about it, in one sentence. */
  readonly hint?: string;
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Ids, counts and codes that explain it; never text of a conversation. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export class AfterwordError extends Error {
  override readonly name: string = 'AfterwordError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: AfterwordErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.hint = options.hint;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** A bug of ours. The id is fixed, so that a pasted message greps to one line. */
export class InvariantError extends AfterwordError {
  override readonly name = 'InvariantError';

  constructor(id: string, message: string) {
    super('INVARIANT_BROKEN', `${message} (${id})`);
  }
}

export function isAfterwordError(error: unknown): error is AfterwordError {
  return error instanceof AfterwordError;
}

/** Total: whatever was thrown becomes an Error, with its stack where it had one. */
export function ensureError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a value of type ${typeof thrown} was thrown`);
}
