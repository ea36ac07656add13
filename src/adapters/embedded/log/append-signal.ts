import type pg from 'pg';

/**
 * Tells the readers of this process that something was appended, so that they need
 * not wait for their next poll. Between processes they poll: LISTEN does not work
 * behind a pooler.
 */
export class AppendSignal {
  #appends = 0;
  readonly #waiting = new Set<() => void>();

  /** Counts appends; pass it to `wait`, so that one in between is not slept through. */
  get count(): number {
    return this.#appends;
  }

  announce(): void {
    this.#appends++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves after an append later than `seen`, after `maxMs`, or when the signal is aborted. */
  wait(seen: number, maxMs: number, signal: AbortSignal): Promise<void> {
    if (this.#appends !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, maxMs);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

const signals = new WeakMap<pg.Pool, AppendSignal>();

/** One for all adapters on the same pool. */
export function appendSignalOf(pool: pg.Pool): AppendSignal {
  const known = signals.get(pool);
  if (known !== undefined) return known;
  const signal = new AppendSignal();
  signals.set(pool, signal);
  return signal;
}
