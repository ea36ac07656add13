/** What decides where windows end. Durations in milliseconds, both caps inclusive. */
export interface BoundarySettings {
  /** A silence longer than this ends a window; exactly this long still belongs. */
  readonly gapMs: number;
  readonly maxMessages: number;
  readonly maxDurationMs: number;
}

export interface DatedSettings extends BoundarySettings {
  /** Holds for messages whose event time is at or after this. */
  readonly effectiveFromMs: number;
}

/**
 * The settings of one run for one bot over time. A changed setting never moves the
 * past: the silence before a message is judged by the settings at that message, a
 * window's caps by the settings at its first message.
 */
export class SettingsTimeline {
  /** The longest gap that was ever in force: how far two messages may touch each other. */
  readonly longestGapMs: number;
  readonly #entries: readonly DatedSettings[];
  readonly #first: DatedSettings;

  /** @param entries at least one; the earliest also holds for everything before it. */
  constructor(entries: readonly DatedSettings[]) {
    const sorted = [...entries].sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
    const first = sorted[0];
    if (first === undefined) throw new RangeError('a settings timeline needs at least one entry');
    this.#entries = sorted;
    this.#first = first;
    this.longestGapMs = sorted.reduce((longest, entry) => Math.max(longest, entry.gapMs), 0);
  }

  at(eventTimeMs: number): BoundarySettings {
    if (this.#entries.length === 1) return this.#first;
    return this.#entries.findLast((entry) => entry.effectiveFromMs <= eventTimeMs) ?? this.#first;
  }

  /**
   * The latest event time at which a message would still belong to a window that ends here:
   * a gap that changes meanwhile may make that later, or sooner. A window must not be
   * taken for over before it has passed.
   */
  joinableUntilMs(endedAtMs: number): number {
    let untilMs = endedAtMs;
    for (const [index, { gapMs, effectiveFromMs }] of this.#entries.entries()) {
      const fromMs = index === 0 ? Number.NEGATIVE_INFINITY : effectiveFromMs;
      const nextMs = this.#entries[index + 1]?.effectiveFromMs ?? Number.POSITIVE_INFINITY;
      const lastMs = Math.min(endedAtMs + gapMs, nextMs - 1);
      if (lastMs >= fromMs) untilMs = Math.max(untilMs, lastMs);
    }
    return untilMs;
  }
}
