import { AfterwordError, isAfterwordError, type ErrorCode } from '../../errors.ts';
import type { Timing } from '../timing.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import {
  defaultBreakerOptions,
  isProviderFailure,
  ProviderBreaker,
  type BreakerMode,
  type BreakerOptions,
} from './provider-breaker.ts';
import { Slots } from './slots.ts';

export interface ModelGateOptions {
  readonly maxConcurrency: number;
  readonly timing: Timing;
  readonly breaker?: Partial<BreakerOptions>;
  /** A provider's "retry after" up to this is waited out here; a longer one is the caller's to defer. */
  readonly maxPauseMs?: number;
}

/** For readiness and metrics. Times are epoch milliseconds. */
export interface ModelGateState {
  readonly mode: BreakerMode;
  /** Why calls are stopped. */
  readonly because: ErrorCode | null;
  readonly stoppedSinceMs: number | null;
  readonly nextProbeAtMs: number | null;
  /** No call begins before that, because the provider asked for it. */
  readonly pausedUntilMs: number | null;
  /** Calls that were answered in full since this process began. */
  readonly answered: number;
  readonly concurrency: number;
  readonly maxConcurrency: number;
  readonly inFlight: number;
  readonly waiting: number;
}

interface Pass {
  readonly probe: boolean;
  readonly round: number;
}

/**
 * The one way to the provider for everybody in this process. Bounds how many calls
 * are under way, slows down when told to, and stops for everybody when the provider
 * is away or refuses us, until a probe (the next real call, alone) succeeds.
 *
 * While stopped, `run` rejects at once with the code that stopped it and
 * `retryAfterMs`; nothing is lost by that, for a window that was not asked about
 * stays due.
 */
export class ModelGate {
  readonly #timing: Timing;
  readonly #limit: ConcurrencyLimit;
  readonly #slots: Slots;
  readonly #breaker: ProviderBreaker;
  readonly #maxPauseMs: number;
  #pausedUntilMs = 0;
  #answered = 0;

  constructor(options: ModelGateOptions) {
    this.#timing = options.timing;
    this.#limit = new ConcurrencyLimit(options.maxConcurrency);
    this.#slots = new Slots(() => this.#limit.current);
    this.#breaker = new ProviderBreaker({ ...defaultBreakerOptions, ...options.breaker });
    this.#maxPauseMs = options.maxPauseMs ?? 30_000;
  }

  state(): ModelGateState {
    const { mode, because, sinceMs, nextProbeAtMs } = this.#breaker.state();
    return {
      mode,
      because,
      stoppedSinceMs: sinceMs,
      nextProbeAtMs,
      pausedUntilMs: this.#pausedUntilMs > this.#timing.nowMs() ? this.#pausedUntilMs : null,
      answered: this.#answered,
      concurrency: this.#limit.current,
      maxConcurrency: this.#limit.max,
      inFlight: this.#slots.inUse,
      waiting: this.#slots.waiting,
    };
  }

  /** Runs one request when its turn comes; rejects with the call's own error, the stop's, or the abort's reason. */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#refuseWhileStopped();
    await this.#slots.take(signal);
    try {
      await this.#waitOutPause(signal);
      return await this.#callWith(this.#admit(), call, signal);
    } finally {
      this.#slots.giveBack();
    }
  }

  async #callWith<T>(pass: Pass, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      const value = await call();
      this.#answered += 1;
      this.#limit.succeeded();
      this.#breaker.answered(pass.probe);
      return value;
    } catch (error) {
      this.#learn(pass, signal.aborted ? undefined : error);
      throw error;
    }
  }

  #learn(pass: Pass, error: unknown): void {
    const nowMs = this.#timing.nowMs();
    // A budget refuses before anybody is asked.
    if (!isAfterwordError(error) || !error.code.startsWith('MODEL_') || error.code === 'MODEL_BUDGET_SPENT') {
      this.#breaker.toldNothing(pass.probe, nowMs);
      return;
    }
    if (error.code === 'MODEL_RATE_LIMITED') {
      this.#limit.refused(pass.round);
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + (error.retryAfterMs ?? 0));
    }
    if (!isProviderFailure(error.code)) {
      this.#breaker.answered(pass.probe);
      return;
    }
    this.#breaker.failed(error.code, pass.probe, { nowMs, random: this.#timing.random() });
    if (this.#breaker.state().mode === 'stopped') this.#slots.refuseWaiting(() => this.#stopError(nowMs));
  }

  async #waitOutPause(signal: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = this.#pausedUntilMs - this.#timing.nowMs();
      if (leftMs <= 0) return;
      if (leftMs > this.#maxPauseMs) throw rateLimited(leftMs);
      await this.#timing.sleep(leftMs, signal);
    }
  }

  #admit(): Pass {
    const admission = this.#breaker.admit(this.#timing.nowMs());
    if (!admission.admitted) throw stopped(admission.because, admission.retryAfterMs);
    return { probe: admission.probe, round: this.#limit.round };
  }

  #refuseWhileStopped(): void {
    const nowMs = this.#timing.nowMs();
    const { mode, nextProbeAtMs } = this.#breaker.state();
    if (mode === 'probing' || (nextProbeAtMs !== null && nextProbeAtMs > nowMs)) throw this.#stopError(nowMs);
  }

  #stopError(nowMs: number): AfterwordError {
    const { because, nextProbeAtMs } = this.#breaker.state();
    return stopped(because ?? 'MODEL_OVERLOADED', Math.max(1_000, (nextProbeAtMs ?? nowMs) - nowMs));
  }
}

function stopped(because: ErrorCode, retryAfterMs: number): AfterwordError {
  return new AfterwordError(because, 'model calls are stopped until a probe succeeds', {
    retryable: true,
    retryAfterMs,
    details: { stopped: true },
  });
}

function rateLimited(retryAfterMs: number): AfterwordError {
  return new AfterwordError('MODEL_RATE_LIMITED', 'the model provider asked to wait', {
    retryable: true,
    retryAfterMs,
  });
}
