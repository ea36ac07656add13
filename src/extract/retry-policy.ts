import { isAfterwordError, type ErrorCode } from '../errors.ts';

export interface RetryPolicy {
  /** Upper bound of the first wait; doubles with each failure. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** All attempts and waits of one call together. */
  readonly deadlineMs: number;
  readonly maxAttempts: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  baseDelayMs: 1_000,
  maxDelayMs: 30_000,
  deadlineMs: 120_000,
  maxAttempts: 5,
};

/** What has happened so far, as numbers: nothing here reads a clock or rolls dice. */
export interface FailedAttempts {
  /** Failures so far, this one included. */
  readonly failures: number;
  readonly elapsedMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number }
  | { readonly retry: false; readonly because: 'not-retryable' | 'too-many-attempts' | 'deadline' };

/** Failures that another attempt may mend; the others would fail again, or are answers. */
const attemptsByCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  MODEL_RATE_LIMITED: Number.POSITIVE_INFINITY,
  MODEL_OVERLOADED: Number.POSITIVE_INFINITY,
  MODEL_UNREACHABLE: Number.POSITIVE_INFINITY,
  // Each costs a whole timeout, and perhaps the tokens of an answer nobody saw.
  MODEL_TIMEOUT: 2,
};

/**
 * Whether to ask again and after how long. Full jitter, so that workers that failed
 * together do not come back together; what the provider asked for is the floor.
 */
export function decideRetry(error: unknown, attempts: FailedAttempts, policy: RetryPolicy): RetryDecision {
  const allowed = isAfterwordError(error) ? attemptsByCode[error.code] : undefined;
  if (allowed === undefined) return { retry: false, because: 'not-retryable' };
  if (attempts.failures >= Math.min(allowed, policy.maxAttempts)) {
    return { retry: false, because: 'too-many-attempts' };
  }
  const delayMs = delayOf(isAfterwordError(error) ? error.retryAfterMs : undefined, attempts, policy);
  if (attempts.elapsedMs + delayMs > policy.deadlineMs) return { retry: false, because: 'deadline' };
  return { retry: true, delayMs };
}

function delayOf(retryAfterMs: number | undefined, attempts: FailedAttempts, policy: RetryPolicy): number {
  const doubled = policy.baseDelayMs * 2 ** (attempts.failures - 1);
  const jitterMs = Math.floor(attempts.random * Math.min(doubled, policy.maxDelayMs));
  // Asked to wait: not a moment earlier, and not all in the same moment.
  if (retryAfterMs !== undefined) return retryAfterMs + Math.min(jitterMs, policy.baseDelayMs);
  return jitterMs;
}
