import type { ErrorCode } from '../errors.ts';
import type { SettleFinish } from './extraction-store.ts';
import type { StageOutcome } from './stage.ts';

/** Failures of the model that pass by themselves, or once a person has mended something. */
const retriedCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'MODEL_RATE_LIMITED',
  'MODEL_OVERLOADED',
  'MODEL_TIMEOUT',
  'MODEL_UNREACHABLE',
]);
const deferredCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'MODEL_CREDENTIALS',
  'MODEL_SPEND_LIMIT',
  'MODEL_BUDGET_SPENT',
]);

const firstRetryMs = 5_000;
const maxRetryMs = 5 * 60_000;

/** So often a window may time out on its own; each costs a whole call. */
const maxTimeouts = 3;

/** What else decides when a window is tried again. */
interface RetryCircumstances {
  readonly attempts: number;
  /** Earlier tries of this revision that timed out while others were answered. */
  readonly timeouts: number;
  /** Calls were answered while this window was asked about: the provider is there. */
  readonly othersAnswered: boolean;
  /** In [0, 1). */
  readonly random: number;
  /** The provider is not called before so long; undefined: it is. */
  readonly stoppedForMs: number | undefined;
}

/**
 * What becomes of the window's work: a stage that may succeed later keeps it waiting
 * (for ever: nothing is given up as "found nothing"), a stage that will not makes it
 * failed, with its siblings' results stored. A call that times out while others are
 * answered is the window's own doing, and after some of them will not succeed either.
 */
export function decideFinish(
  outcomes: readonly StageOutcome[],
  circumstances: RetryCircumstances,
): SettleFinish {
  const codes = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.errorCode] : []));
  const timedOut = isOwnTimeout(codes, circumstances);
  const givenUp = timedOut && circumstances.timeouts + 1 >= maxTimeouts ? 'MODEL_TIMEOUT' : undefined;
  const retried = codes.find(
    (code) => code !== givenUp && (retriedCodes.has(code) || deferredCodes.has(code)),
  );
  if (retried !== undefined) {
    const budgetMs = retried === 'MODEL_BUDGET_SPENT' ? budgetRetryMs(outcomes) : undefined;
    const delayMs =
      budgetMs === undefined ? retryDelayMs(circumstances) : budgetDelayMs(budgetMs, circumstances.random);
    const status = deferredCodes.has(retried) ? 'deferred' : 'retrying';
    // Without a result there is nothing to keep, and the revision is still to be made.
    const stored = outcomes.some((outcome) => outcome.status === 'done');
    return { status, errorCode: retried, delayMs, stored, ...(timedOut ? { timedOut } : {}) };
  }
  if (codes[0] !== undefined) return { ...terminal('failed'), errorCode: codes[0] };
  const skipped = outcomes.length > 0 && outcomes.every((outcome) => outcome.status === 'skipped');
  return terminal(skipped ? 'skipped' : 'done');
}

function isOwnTimeout(
  codes: readonly string[],
  { othersAnswered, stoppedForMs }: RetryCircumstances,
): boolean {
  return codes.includes('MODEL_TIMEOUT') && othersAnswered && stoppedForMs === undefined;
}

/**
 * A window that a stopped gate refused is due when the next call may begin, however often
 * it was refused: its own tries say nothing about the provider, and once that is back
 * nobody should wait for the minutes of a long outage's back-off.
 */
function retryDelayMs({ attempts, random, stoppedForMs }: RetryCircumstances): number {
  if (stoppedForMs !== undefined) return Math.round(stoppedForMs + 500 + random * 1_000);
  const longestMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(20, attempts - 1));
  // Half fixed, half by chance, so that workers do not come back together.
  return Math.round(longestMs / 2 + (random * longestMs) / 2);
}

function budgetRetryMs(outcomes: readonly StageOutcome[]): number | undefined {
  const waits = outcomes.flatMap((outcome) =>
    outcome.status === 'failed' && outcome.retryInMs !== undefined ? [outcome.retryInMs] : [],
  );
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/**
 * The budgets of a new day are not asked for by everybody in its first second; calls that are
 * under way end within seconds.
 */
function budgetDelayMs(retryInMs: number, random: number): number {
  const spreadMs = retryInMs === 0 ? 10_000 : 10 * 60_000;
  return Math.round(retryInMs + 1_000 + random * spreadMs);
}

export function terminal(status: 'done' | 'skipped' | 'failed'): SettleFinish {
  return { status, errorCode: null, delayMs: 0, stored: true };
}
