import type { RejectionCounts } from '../stage.ts';

/** Counts what a check refused, by reason. */
export class Rejections {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** Quotes that fell beside one that held: told apart from claims that fell by the same reason. */
  addDropped(reasons: readonly string[]): void {
    for (const reason of reasons) this.add(`dropped-${reason}`);
  }

  counts(): RejectionCounts {
    return Object.fromEntries(this.#counts);
  }
}

/** Into the range of a confidence, two decimals: more would be pretended. */
export function clampConfidence(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 100) / 100;
}
