import { describe, expect, it } from 'vitest';
import { AfterwordError, errorCodes, type ErrorCode } from '../../src/errors.ts';
import { decideRetry, type RetryPolicy } from '../../src/extract/retry-policy.ts';

const policy: RetryPolicy = { baseDelayMs: 1_000, maxDelayMs: 8_000, deadlineMs: 60_000, maxAttempts: 6 };
const failed = (code: ErrorCode, retryAfterMs?: number) =>
  new AfterwordError(code, 'failed', retryAfterMs === undefined ? {} : { retryAfterMs });
const at = (failures: number, random = 0.5, elapsedMs = 0) => ({ failures, random, elapsedMs });

describe('decideRetry', () => {
  it('waits anywhere between nothing and a bound that doubles up to a ceiling', () => {
    const bounds = [1, 2, 3, 4, 5].map((failures) =>
      decideRetry(failed('MODEL_OVERLOADED'), at(failures, 0.999_999), policy),
    );
    expect(bounds.map((decision) => decision.retry && Math.ceil(decision.delayMs / 1_000))).toEqual([
      1, 2, 4, 8, 8,
    ]);
    expect(decideRetry(failed('MODEL_OVERLOADED'), at(4, 0), policy)).toEqual({ retry: true, delayMs: 0 });
  });

  it('never comes back before the provider asked, nor with everybody else', () => {
    const delays = [0, 0.9].map((random) =>
      decideRetry(failed('MODEL_RATE_LIMITED', 20_000), at(1, random), policy),
    );
    expect(delays).toEqual([
      { retry: true, delayMs: 20_000 },
      { retry: true, delayMs: 20_900 },
    ]);
  });

  it('gives up where the wait would pass the deadline', () => {
    expect(decideRetry(failed('MODEL_RATE_LIMITED', 61_000), at(1), policy)).toEqual({
      retry: false,
      because: 'deadline',
    });
    expect(decideRetry(failed('MODEL_OVERLOADED'), at(1, 0.5, 59_800), policy)).toEqual({
      retry: false,
      because: 'deadline',
    });
  });

  it('asks once more after a timeout, and a bounded number of times after anything else', () => {
    expect(decideRetry(failed('MODEL_TIMEOUT'), at(1), policy).retry).toBe(true);
    expect(decideRetry(failed('MODEL_TIMEOUT'), at(2), policy)).toEqual({
      retry: false,
      because: 'too-many-attempts',
    });
    expect(decideRetry(failed('MODEL_UNREACHABLE'), at(6), policy)).toEqual({
      retry: false,
      because: 'too-many-attempts',
    });
  });

  it('retries the passing failures of a provider and nothing else', () => {
    const retried = errorCodes.filter((code) => decideRetry(failed(code), at(1), policy).retry);
    expect(retried).toEqual(['MODEL_RATE_LIMITED', 'MODEL_OVERLOADED', 'MODEL_TIMEOUT', 'MODEL_UNREACHABLE']);
    expect(decideRetry(new Error('a bug'), at(1), policy)).toEqual({
      retry: false,
      because: 'not-retryable',
    });
  });
});
