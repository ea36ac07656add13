import type { RejectionCounts } from '../stage.ts';

/** Counts what a check refused, by reason. */
export class Rejections {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  counts(): RejectionCounts {
    return Object.fromEntries(this.#counts);
  }
}

/** Into the range of a confidence, two decimals: more would be pretended. */
export function clampConfidence(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 100) / 100;
}
