import type { Role } from './message.ts';

/** Why a record can never be used. Closed: shown to people and used as a metric label. */
export const deadLetterReasons = [
  'null-value',
  'record-too-large',
  'schema-registry-framing',
  'invalid-utf8',
  'not-json',
  'not-an-object',
  'too-deeply-nested',
  'invalid-fields',
  'sent-at-not-milliseconds',
  'decoder-failed',
  'conflicting-content',
  'refused-by-database',
] as const;
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** The bot and user whom it concerns, and the channel it happened in. */
export interface Addressed {
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
}

interface FromPlatform extends Addressed {
  /**
   * 128-bit hash as a UUID string. Of a message: (bot, user, channel or '', id). Of an
   * edit, delete or end marker: the same fields with its kind, time and content, so that
   * a repeat is recognised and two different changes never are.
   */
  readonly identity: string;
  /** As sent, before clamping; null: the record's timestamp holds. Epoch milliseconds. */
  readonly sentAtMs: number | null;
}

/** One chat message. */
export interface ChatMessageEvent extends FromPlatform {
  readonly kind: 'message';
  readonly messageId: string;
  readonly role: Role;
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** Unknown fields, kept; null when there are none. */
  readonly extra: Readonly<Record<string, unknown>> | null;
}

/** An edit (`content` is the new text) or a delete (`content` is null) of another message. */
export interface MessageChangeEvent extends FromPlatform {
  readonly kind: 'change';
  /** Identity of the message meant, which may not have arrived yet. */
  readonly target: string;
  readonly messageId: string;
  readonly content: string | null;
}

export interface SessionEndEvent extends FromPlatform {
  readonly kind: 'session-end';
}

/** What a record turned out to be (promise P2: exactly one of these). */
export type DecodedRecord =
  | ChatMessageEvent
  | MessageChangeEvent
  | SessionEndEvent
  /** A type that this version does not know; counted and skipped. */
  | { readonly kind: 'ignored'; readonly type: string }
  /** `detail` names fields and codes only, never values. */
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly detail: string };
