import type { CloseReason } from '../model/session-window.ts';

/** How far a partition has come, for closing. */
export interface EventClock {
  /** Greatest event time seen in the partition. */
  readonly streamTimeMs: number;
  /** Wall time; undefined while the partition lags: a lagging consumer never closes by the clock. */
  readonly wallMs: number | undefined;
}

export interface EndOfWindow {
  /** The latest event time at which a message would still belong. */
  readonly joinableUntilMs: number;
  /** Wall time of its last arrival. */
  readonly touchedAtMs: number;
  readonly graceMs: number;
}

export type CloseVerdict =
  /** Look again when event time has passed this. */
  | { readonly kind: 'wait'; readonly checkAtMs: number }
  /** Over; close when wall time has reached this. */
  | { readonly kind: 'due'; readonly reason: CloseReason; readonly checkAtMs: number };

/** The farthest event time by which windows of the partition may be judged. */
export function effectiveTimeMs(clock: EventClock): number {
  return clock.wallMs === undefined ? clock.streamTimeMs : Math.max(clock.streamTimeMs, clock.wallMs);
}

/**
 * Whether an open window without a later one is over. Strictly beyond the gap: a
 * message exactly one gap after the last still belongs, and may be next.
 */
export function judgeWindow(window: EndOfWindow, clock: EventClock): CloseVerdict {
  const { joinableUntilMs } = window;
  if (effectiveTimeMs(clock) <= joinableUntilMs) return { kind: 'wait', checkAtMs: joinableUntilMs };
  return {
    kind: 'due',
    reason: clock.streamTimeMs > joinableUntilMs ? 'stream-time' : 'idle',
    checkAtMs: window.touchedAtMs + window.graceMs,
  };
}
