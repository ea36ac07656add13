import type { ErrorCode } from '../../errors.ts';

export interface BreakerOptions {
  /** Outages in a row, over all callers, that stop calls for everybody. */
  readonly outagesToStop: number;
  /** Until the first probe after an outage; doubles with each probe that fails. */
  readonly outageStopMs: number;
  readonly maxOutageStopMs: number;
  /** Between probes while the credentials are refused. */
  readonly credentialsStopMs: number;
  /** Between probes while the spend limit is reached. */
  readonly spendStopMs: number;
}

export const defaultBreakerOptions: BreakerOptions = {
  outagesToStop: 5,
  outageStopMs: 5_000,
  maxOutageStopMs: 120_000,
  credentialsStopMs: 60_000,
  spendStopMs: 600_000,
};

export type BreakerMode = 'flowing' | 'stopped' | 'probing';

/** Whether a call may begin: freely, as the one probe, or not before so many milliseconds. */
export type Admission =
  | { readonly admitted: true; readonly probe: boolean }
  | { readonly admitted: false; readonly because: ErrorCode; readonly retryAfterMs: number };

const outages: ReadonlySet<string> = new Set(['MODEL_OVERLOADED', 'MODEL_UNREACHABLE', 'MODEL_TIMEOUT']);
const refusals: ReadonlySet<string> = new Set(['MODEL_CREDENTIALS', 'MODEL_SPEND_LIMIT']);

/**
 * One for the provider, not one for each window.
 *
 *   flowing --(outagesToStop in a row, or credentials or spend refused)--> stopped
 *   stopped --(its time is over: the next caller)--> probing
 *   probing --(the probe is answered)--> flowing
 *   probing --(it fails)--> stopped, for longer;  (it is aborted)--> stopped, next caller may probe
 *
 * Calls that began before a stop tell nothing about now; only the probe ends a stop.
 */
export class ProviderBreaker {
  readonly #options: BreakerOptions;
  #mode: BreakerMode = 'flowing';
  #because: ErrorCode | null = null;
  #sinceMs: number | null = null;
  #untilMs = 0;
  #outagesInRow = 0;
  #stopsInRow = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  state(): {
    mode: BreakerMode;
    because: ErrorCode | null;
    sinceMs: number | null;
    nextProbeAtMs: number | null;
  } {
    const nextProbeAtMs = this.#mode === 'stopped' ? this.#untilMs : null;
    return { mode: this.#mode, because: this.#because, sinceMs: this.#sinceMs, nextProbeAtMs };
  }

  admit(nowMs: number): Admission {
    if (this.#mode === 'flowing' || this.#because === null) return { admitted: true, probe: false };
    const leftMs = this.#mode === 'probing' ? this.#options.outageStopMs : this.#untilMs - nowMs;
    if (leftMs > 0) return { admitted: false, because: this.#because, retryAfterMs: leftMs };
    this.#mode = 'probing';
    return { admitted: true, probe: true };
  }

  /** The provider answered: whatever it said, it is there and let us in. */
  answered(probe: boolean): void {
    if (this.#mode === 'flowing') this.#outagesInRow = 0;
    if (!probe) return;
    this.#mode = 'flowing';
    this.#because = null;
    this.#sinceMs = null;
    this.#outagesInRow = 0;
    this.#stopsInRow = 0;
  }

  /** `random` in [0, 1) spreads the probes of several processes. */
  failed(code: ErrorCode, probe: boolean, at: { nowMs: number; random: number }): void {
    if (this.#mode !== 'flowing' && !probe) return;
    if (outages.has(code)) this.#outagesInRow += 1;
    const stops = refusals.has(code) || this.#outagesInRow >= this.#options.outagesToStop;
    if (probe || stops) this.#stop(code, at);
  }

  /** Cancelled, or failed for reasons of our own. */
  toldNothing(probe: boolean, nowMs: number): void {
    if (!probe) return;
    this.#mode = 'stopped';
    this.#untilMs = nowMs;
  }

  #stop(code: ErrorCode, { nowMs, random }: { nowMs: number; random: number }): void {
    this.#mode = 'stopped';
    this.#because = code;
    this.#sinceMs ??= nowMs;
    this.#untilMs = nowMs + this.#stopMs(code) * (0.75 + random / 2);
    this.#stopsInRow += 1;
  }

  #stopMs(code: ErrorCode): number {
    if (code === 'MODEL_CREDENTIALS') return this.#options.credentialsStopMs;
    if (code === 'MODEL_SPEND_LIMIT') return this.#options.spendStopMs;
    return Math.min(this.#options.outageStopMs * 2 ** this.#stopsInRow, this.#options.maxOutageStopMs);
  }
}

/** What an error says about the provider as a whole. */
export function isProviderFailure(code: ErrorCode): boolean {
  return outages.has(code) || refusals.has(code);
}
