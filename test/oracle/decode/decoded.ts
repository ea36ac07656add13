/** Whom an event concerns; ids as text. */
export interface Who {
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
}

interface Event {
  readonly who: Who;
  /** As sent; null: the time of the record holds. Epoch milliseconds. */
  readonly sentAtMs: number | null;
}

export interface DecodedMessage extends Event {
  readonly kind: 'message';
  /** Null: the platform gave none. */
  readonly messageId: string | null;
  readonly role: string;
  readonly content: string;
  /** Null: none. */
  readonly metadata: object | null;
  /** Fields that the contract does not name; null: none. */
  readonly extra: object | null;
}

/** An edit, or with `content` null a delete, of the message that `messageId` names. */
export interface DecodedChange extends Event {
  readonly kind: 'change';
  readonly messageId: string;
  readonly content: string | null;
}

export interface DecodedEnd extends Event {
  readonly kind: 'end';
  readonly markerId: string | null;
}

export interface Ignored {
  readonly kind: 'ignored';
  readonly type: string;
}

export interface Refused {
  readonly kind: 'refused';
  /** As the contract's dead letters name it. */
  readonly reason: string;
}

/** What a record is by the contract alone. */
export type Decoded = DecodedMessage | DecodedChange | DecodedEnd | Ignored | Refused;

export function refused(reason: string): Refused {
  return { kind: 'refused', reason };
}
