import type { CloseReason } from './session-window.ts';

/** A window as people and events see it; times in epoch milliseconds of event time. */
export interface ClosedWindowView {
  readonly windowId: string;
  readonly runId: number;
  readonly keyId: string;
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly closeReason: CloseReason;
  /** The revision that its next results will carry. */
  readonly revision: number;
}
