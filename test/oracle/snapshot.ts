/**
 * What stands in Postgres, read by the oracle's own statements. Event times are epoch
 * milliseconds; offsets are text, since they may be larger than a number holds.
 */
export interface Snapshot {
  readonly nowMs: number;
  readonly keys: readonly KeyRow[];
  readonly runs: readonly { readonly runId: number; readonly status: string }[];
  readonly messages: readonly MessageRow[];
  readonly changes: readonly ChangeRow[];
  readonly ends: readonly EndRow[];
  readonly deadLetters: readonly DeadLetterRow[];
  readonly ignored: readonly IgnoredRow[];
  readonly positions: readonly PositionRow[];
  readonly windows: readonly WindowRow[];
  readonly spans: readonly SpanRow[];
  readonly work: readonly WorkRow[];
  readonly stages: readonly StageRow[];
  readonly observations: readonly ObservationRow[];
  readonly facts: readonly FactRow[];
  readonly preferences: readonly PreferenceRow[];
  readonly outbox: readonly OutboxRow[];
}

interface OfPerson {
  readonly botId: string;
  readonly userId: string;
}

export interface KeyRow extends OfPerson {
  readonly keyId: string;
  readonly runId: number;
  readonly lastSequence: number;
}

export interface MessageRow extends OfPerson {
  readonly identity: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
  readonly messageId: string;
  readonly sentAtMs: number;
  readonly role: string;
  readonly content: string;
  readonly metadata: unknown;
  readonly extra: unknown;
  readonly clamped: boolean;
  readonly deleted: boolean;
  readonly partition: number;
  readonly offset: string;
  readonly receivedMs: number;
}

export interface ChangeRow extends OfPerson {
  readonly identity: string;
  /** Identity of the message meant, which may not be there. */
  readonly target: string;
  readonly kind: 'edit' | 'delete';
  readonly changedAtMs: number;
  readonly content: string;
}

export interface EndRow extends OfPerson {
  readonly identity: string;
  readonly channelId: string | null;
  readonly endedAtMs: number;
}

export interface DeadLetterRow {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly recordAtMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Values in base64. */
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly reason: string;
}

export interface IgnoredRow {
  readonly topic: string;
  readonly partition: number;
  readonly type: string;
  readonly records: number;
}

export interface PositionRow {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: string;
}

export interface WindowRow extends OfPerson {
  readonly windowId: string;
  readonly runId: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly status: 'open' | 'closed' | 'superseded' | 'erased';
  readonly dueReason: string | null;
  readonly closeReason: string | null;
  readonly revision: number;
}

export interface SpanRow {
  readonly windowId: string;
  readonly fromMs: number;
  /** Inclusive. */
  readonly toMs: number;
}

export interface WorkRow {
  readonly windowId: string;
  readonly status: string;
  readonly changed: boolean;
  readonly revision: number;
  readonly errorCode: string | null;
}

export interface StageRow {
  readonly windowId: string;
  readonly revision: number;
  readonly stage: string;
  readonly status: string;
  readonly method: string | null;
  readonly result: unknown;
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly isRedacted: boolean;
  /** No later revision took its place. */
  readonly isLive: boolean;
  readonly messageCount: number;
  readonly usedModel: boolean;
}

export interface ObservationRow extends OfPerson {
  readonly observationId: string;
  readonly kind: 'fact' | 'preference';
  readonly windowId: string | null;
  readonly isLive: boolean;
  readonly observation: unknown;
}

export interface FactRow extends OfPerson {
  readonly id: string;
  readonly runId: number;
  readonly status: string;
  readonly fact: unknown;
}

export interface PreferenceRow extends OfPerson {
  readonly id: string;
  readonly runId: number;
  readonly status: string;
  readonly preference: unknown;
}

export interface OutboxRow {
  readonly outboxId: string;
  readonly destination: 'results' | 'dead-letter' | 'vectors';
  readonly keyId: string | null;
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly sequence: number | null;
  readonly event: unknown;
  readonly isSent: boolean;
}
