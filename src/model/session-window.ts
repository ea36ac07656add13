/**
 * Why a window was closed. Closing says when to extract, never where a window ends:
 * `gap` a later message of its key lies beyond the gap, `stream-time` the partition's
 * event time passed its end by the gap, `idle` the clock did while the partition was
 * caught up, `full` and `aged` a cap cut it, `end` the bot said so.
 */
export const closeReasons = ['gap', 'stream-time', 'idle', 'full', 'aged', 'end'] as const;
export type CloseReason = (typeof closeReasons)[number];

/** What the members of a window have in common. */
export interface WindowChannel {
  /** Null when the members are of several channels, or of none. */
  readonly channelId: string | null;
  readonly channelType: string | null;
}

/** A window as the session rules need it: a range of its key's event time. */
export interface LiveWindow extends WindowChannel {
  readonly windowId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly status: 'open' | 'closed';
  readonly dueReason: CloseReason | null;
}
