/** Who spoke. `system` and `tool` lines are stored and never are evidence. */
export const roles = ['user', 'assistant', 'system', 'tool'] as const;
export type Role = (typeof roles)[number];

/** A message as stored: the newest text, in its own place in time. */
export interface StoredMessage {
  /** 128-bit identity (hash of bot, user, channel and message id), as a UUID string. */
  readonly identity: string;
  /** The platform's id; what evidence cites. */
  readonly messageId: string;
  readonly role: Role;
  /** Empty when the message was deleted or blanked by retention. */
  readonly content: string;
  readonly sentAtMs: number;
  readonly channelId: string | null;
  readonly channelType: string | null;
  readonly deleted: boolean;
}

const roleRank: Readonly<Record<Role, number>> = { system: 0, user: 1, tool: 2, assistant: 3 };

/**
 * The one order of a window's messages: event time, then who usually speaks first,
 * then the platform's id (shorter first, so that counting ids sort as numbers).
 * A pure function of the set, never of the order of arrival.
 */
export function compareMessages(a: StoredMessage, b: StoredMessage): number {
  return (
    a.sentAtMs - b.sentAtMs ||
    roleRank[a.role] - roleRank[b.role] ||
    a.messageId.length - b.messageId.length ||
    compareText(a.messageId, b.messageId) ||
    compareText(a.identity, b.identity)
  );
}

/** By code unit: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
