interface Waiter {
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/** Places for calls under way, handed on in the order of asking. */
export class Slots {
  readonly #limit: () => number;
  readonly #waiting: Waiter[] = [];
  #inUse = 0;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && this.#inUse < this.#limit()) {
      this.#inUse += 1;
      return;
    }
    await this.#queue(signal);
  }

  giveBack(): void {
    this.#inUse -= 1;
    this.#handOn();
  }

  /** Everybody who waits is told at once. */
  refuseWaiting(error: () => Error): void {
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(error());
  }

  #handOn(): void {
    while (this.#inUse < this.#limit()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inUse += 1;
      next.admit();
    }
  }

  #queue(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      const settle = (then: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        then();
      };
      const waiter: Waiter = {
        admit: () => {
          settle(resolve);
        },
        refuse: (error) => {
          settle(() => {
            reject(error);
          });
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }
}
