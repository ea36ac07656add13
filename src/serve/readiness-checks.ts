import { isAfterwordError } from '../errors.ts';
import { failureCode } from '../telemetry/failure.ts';
import { SingleFlight } from '../telemetry/single-flight.ts';
import {
  summarizeReadiness,
  type CheckOutcome,
  type CheckReport,
  type ReadinessCheck,
  type ReadinessReport,
} from './readiness.ts';

export interface ReadinessOptions {
  /** How long one check may take before it counts as not ready. */
  readonly checkTimeoutMs?: number;
}

/** Runs the registered checks side by side, each with its own deadline. */
export class Readiness {
  readonly #checks = new Map<string, SingleFlight<CheckOutcome>>();
  readonly #checkTimeoutMs: number;
  #isStopping = false;

  constructor({ checkTimeoutMs = 2_000 }: ReadinessOptions = {}) {
    this.#checkTimeoutMs = checkTimeoutMs;
  }

  /** Returns what takes the check out again. A second one of the same name replaces the first. */
  register(registered: ReadinessCheck): () => void {
    const { name } = registered;
    const flight = new SingleFlight((signal) => registered.check(signal));
    this.#checks.set(name, flight);
    return () => {
      if (this.#checks.get(name) === flight) this.#checks.delete(name);
    };
  }

  /** From now on not ready, so that no new work is sent here while the old is finished. */
  stop(): void {
    this.#isStopping = true;
  }

  async report(): Promise<ReadinessReport> {
    const reports = [...this.#checks].map(([name, flight]) => this.#look(name, flight));
    return summarizeReadiness(await Promise.all(reports), this.#isStopping);
  }

  async #look(name: string, flight: SingleFlight<CheckOutcome>): Promise<CheckReport> {
    try {
      const outcome = await flight.run(this.#checkTimeoutMs);
      return { name, ...(outcome ?? { ok: false, reason: `no answer within ${this.#checkTimeoutMs} ms` }) };
    } catch (error) {
      // The message of a foreign error is not shown: it can quote what it was given.
      const hint = isAfterwordError(error) ? error.hint : undefined;
      return { name, ok: false, reason: failureCode(error), ...(hint !== undefined && { hint }) };
    }
  }
}
