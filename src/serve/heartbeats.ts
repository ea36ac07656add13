export interface Heartbeat {
  /** Says that the loop has come round. */
  beat(nowMs: number): void;
  /** The loop ended on purpose and is expected no more. */
  end(): void;
}

interface Pulse {
  readonly loop: string;
  readonly maxSilenceMs: number;
  lastBeatMs: number;
}

export interface Stalled {
  readonly loop: string;
  readonly silentMs: number;
}

/** Whether every loop still comes round. A loop that hangs is not seen by any error. */
export class Heartbeats {
  readonly #pulses = new Set<Pulse>();

  /** `maxSilenceMs`: the longest that one round may rightly take. */
  start(loop: string, maxSilenceMs: number, nowMs: number): Heartbeat {
    const pulse: Pulse = { loop, maxSilenceMs, lastBeatMs: nowMs };
    this.#pulses.add(pulse);
    return {
      beat: (beatMs) => {
        pulse.lastBeatMs = beatMs;
      },
      end: () => {
        this.#pulses.delete(pulse);
      },
    };
  }

  /** The loops that have been silent for too long, by name. */
  stalled(nowMs: number): readonly Stalled[] {
    return [...this.#pulses]
      .map(({ loop, maxSilenceMs, lastBeatMs }) => ({ loop, maxSilenceMs, silentMs: nowMs - lastBeatMs }))
      .filter(({ silentMs, maxSilenceMs }) => silentMs > maxSilenceMs)
      .map(({ loop, silentMs }) => ({ loop, silentMs }))
      .sort((a, b) => (a.loop < b.loop ? -1 : 1));
  }
}
