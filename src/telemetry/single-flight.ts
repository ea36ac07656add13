/**
 * Runs a task that may hang, for callers who cannot wait for ever. While a run is
 * under way no other is started: callers would pile up behind it.
 */
export class SingleFlight<Result> {
  readonly #task: (signal: AbortSignal) => Promise<Result>;
  #running: Promise<Result> | undefined;

  constructor(task: (signal: AbortSignal) => Promise<Result>) {
    this.#task = task;
  }

  /** The result of the run under way, or of a new one; undefined when the time is over first. */
  async run(timeoutMs: number): Promise<Result | undefined> {
    const deadline = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        deadline.abort();
        resolve(undefined);
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.#join(deadline.signal), timedOut]);
    } finally {
      clearTimeout(timer);
    }
  }

  #join(signal: AbortSignal): Promise<Result> {
    if (this.#running !== undefined) return this.#running;
    // In an async function, so that a task which throws at once rejects like any other.
    const running = (async () => this.#task(signal))();
    this.#running = running;
    const finish = (): void => {
      this.#running = undefined;
    };
    running.then(finish, finish);
    return running;
  }
}
