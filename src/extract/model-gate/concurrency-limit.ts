/**
 * How many calls may be under way: halved when the provider says "too many", one more
 * after a full round of successes. Of calls that were under way together only the
 * first refusal halves, or one burst of refusals would bring it down to the floor.
 */
export class ConcurrencyLimit {
  readonly max: number;
  #current: number;
  #round = 0;
  #successes = 0;

  constructor(max: number) {
    this.max = Math.max(1, Math.floor(max));
    this.#current = this.max;
  }

  get current(): number {
    return this.#current;
  }

  /** Taken when a call begins, given back with its outcome. */
  get round(): number {
    return this.#round;
  }

  succeeded(): void {
    this.#successes += 1;
    if (this.#successes < this.#current || this.#current >= this.max) return;
    this.#current += 1;
    this.#successes = 0;
  }

  refused(round: number): void {
    this.#successes = 0;
    if (round !== this.#round) return;
    this.#round += 1;
    this.#current = Math.max(1, Math.floor(this.#current / 2));
  }
}
