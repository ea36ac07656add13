import { ensureError } from './errors.ts';

/** What a pass tells the loop: when the next one is worth making. */
export interface PassResult {
  /** Milliseconds until the next pass; 0: at once, there may be more. */
  readonly nextInMs: number;
}

export interface PollingLoopOptions {
  readonly name: string;
  pass(signal: AbortSignal): Promise<PassResult>;
  /** Told once of each failed pass; the loop goes on after `retryInMs`. */
  onFailure(error: Error, retryInMs: number): void;
  onPass?(): void;
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
}

/**
 * Makes passes one after the other: at once when woken or when a pass says there is
 * more, else after the time the pass names. Within a process loops wake each other;
 * between processes they poll. A failed pass is tried again with growing waits.
 */
export class PollingLoop {
  readonly name: string;
  readonly #options: PollingLoopOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #woken = false;
  #failures = 0;
  #lastError: Error | undefined;
  #passes = 0;

  constructor(options: PollingLoopOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** The failure of the newest pass; undefined when it went well or none was made yet. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  get passes(): number {
    return this.#passes;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Begins the next pass now, or right after the one under way. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Lets the pass under way end, then stops. Idempotent. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error(`the loop ${this.name} is stopping`));
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      this.#woken = false;
      await this.#sleep(await this.#pass());
    }
  }

  async #pass(): Promise<number> {
    try {
      const { nextInMs } = await this.#options.pass(this.#abort.signal);
      this.#failures = 0;
      this.#lastError = undefined;
      return nextInMs;
    } catch (error) {
      if (this.#abort.signal.aborted) return 0;
      this.#lastError = ensureError(error);
      const { firstRetryMs = 250, maxRetryMs = 10_000 } = this.#options;
      const retryInMs = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures);
      this.#failures += 1;
      this.#options.onFailure(this.#lastError, retryInMs);
      return retryInMs;
    } finally {
      this.#passes += 1;
      this.#options.onPass?.();
    }
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#abort.signal.aborted || this.#woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      this.#wake = done;
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });
    this.#wake = undefined;
  }
}
