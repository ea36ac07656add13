export interface ScoredItem {
  readonly itemId: string;
  readonly score: number;
}

/** Keeps the best `limit` of any number of scored items. */
export class NearestItems {
  readonly #limit: number;
  #kept: ScoredItem[] = [];
  /** Nothing below it can still be among the best. */
  #threshold = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(itemId: string, score: number): void {
    if (score < this.#threshold) return;
    this.#kept.push({ itemId, score });
    // Sorting now and then is cheaper than keeping an order at all times.
    if (this.#kept.length >= this.#limit * 2 + 64) this.#cut();
  }

  /** Best first; equals by id, so that a search repeats its answer. */
  bestFirst(): readonly ScoredItem[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
    this.#kept = this.#kept.slice(0, this.#limit);
    if (this.#kept.length === this.#limit) this.#threshold = this.#kept.at(-1)?.score ?? this.#threshold;
  }
}
