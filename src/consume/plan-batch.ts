import { contentHash, deadLetterIdentity } from '../model/identity.ts';
import type {
  ChatMessageEvent,
  DecodedRecord,
  MessageChangeEvent,
  SessionEndEvent,
} from '../model/decoded-record.ts';
import type { LogRecord } from '../model/record.ts';
import { KeyIndex } from './key-index.ts';
import type {
  BatchContext,
  BotUser,
  Identities,
  IgnoredRecord,
  NewChange,
  NewDeadLetter,
  NewMessage,
  NewSessionEnd,
} from './message-store.ts';

export interface DecodedEntry {
  readonly record: LogRecord;
  readonly decoded: DecodedRecord;
}

/** What a batch asks of the database once what is known has been taken out. */
export interface BatchPlan {
  /** The keys that the new rows concern, each once. */
  readonly keys: readonly BotUser[];
  readonly messages: readonly NewMessage[];
  readonly changes: readonly NewChange[];
  readonly sessionEnds: readonly NewSessionEnd[];
  readonly deadLetters: readonly NewDeadLetter[];
  /** Records of unknown types beyond the position as it was looked up. */
  readonly ignored: readonly IgnoredRecord[];
  readonly duplicates: number;
  /**
   * Records that name a message of `messages` again. Whether one is its duplicate or conflicts
   * is certain only once that message is a row: another process may have stored the other first.
   */
  readonly repeats: readonly Repeat[];
  /**
   * Records that may have ended as dead letters before: what conflicts, and what is new
   * though the position has passed it (the database once refused it).
   */
  readonly doubtful: readonly LogRecord[];
  /** Greatest event time in the batch, clamped; -Infinity when it holds none. */
  readonly streamTimeMs: number;
}

/** A later record of an identity that is new in this batch. */
export interface Repeat {
  readonly identity: string;
  /** In hex. */
  readonly contentHash: string;
  readonly record: LogRecord;
}

/** How far a sender's clock may run ahead before its time is drawn back. */
const allowedSkewMs = 5 * 60_000;

export function identitiesOf(entries: readonly DecodedEntry[]): Identities {
  const identities = {
    messages: [] as string[],
    changes: [] as string[],
    sessionEnds: [] as string[],
    deadLetters: [] as string[],
  };
  for (const { record, decoded } of entries) {
    if (decoded.kind === 'message') identities.messages.push(decoded.identity);
    else if (decoded.kind === 'change') identities.changes.push(decoded.identity);
    else if (decoded.kind === 'session-end') identities.sessionEnds.push(decoded.identity);
    else if (decoded.kind === 'dead-letter') identities.deadLetters.push(deadLetterIdentity(record));
  }
  return identities;
}

/**
 * Sorts a batch's entries into what is new. Pure. The first of equal identities
 * stays; a later one with other content is a conflict and becomes a dead letter.
 */
export function planBatch(entries: readonly DecodedEntry[], context: BatchContext): BatchPlan {
  const plan = new PlanBuilder(context);
  for (const entry of entries) plan.add(entry);
  return plan.build();
}

class PlanBuilder {
  readonly #context: BatchContext;
  readonly #keys = new KeyIndex();
  readonly #messages = new Map<string, NewMessage>();
  readonly #changes = new Map<string, NewChange>();
  readonly #sessionEnds = new Map<string, NewSessionEnd>();
  readonly #deadLetters = new Map<string, NewDeadLetter>();
  readonly #ignored: IgnoredRecord[] = [];
  readonly #repeats: Repeat[] = [];
  readonly #doubtful: LogRecord[] = [];
  #duplicates = 0;
  #streamTimeMs = Number.NEGATIVE_INFINITY;

  constructor(context: BatchContext) {
    this.#context = context;
  }

  build(): BatchPlan {
    return {
      keys: this.#keys.keys,
      messages: [...this.#messages.values()],
      changes: [...this.#changes.values()],
      sessionEnds: [...this.#sessionEnds.values()],
      deadLetters: [...this.#deadLetters.values()],
      ignored: this.#ignored,
      duplicates: this.#duplicates,
      repeats: this.#repeats,
      doubtful: this.#doubtful,
      streamTimeMs: this.#streamTimeMs,
    };
  }

  add({ record, decoded }: DecodedEntry): void {
    switch (decoded.kind) {
      case 'message':
        this.#addMessage(record, decoded);
        return;
      case 'change':
        this.#addOnce(this.#changes, record, decoded.identity, () => this.#change(record, decoded));
        return;
      case 'session-end':
        this.#addOnce(this.#sessionEnds, record, decoded.identity, () => this.#sessionEnd(record, decoded));
        return;
      case 'ignored':
        this.#addIgnored(record, decoded.type);
        return;
      case 'dead-letter':
        this.#addDeadLetter(deadLetter(record, decoded.reason, decoded.detail));
    }
  }

  #addMessage(record: LogRecord, event: ChatMessageEvent): void {
    const time = eventTime(event.sentAtMs, record.timestampMs, this.#context.nowMs);
    this.#advance(time.ms);
    const hash = contentHash(this.#context.contentHashSecret, event.role, event.content);
    const { identity } = event;
    const stored = this.#context.knownMessages.get(identity);
    const planned = this.#messages.get(identity);
    if (stored === undefined && planned === undefined) {
      this.#doubtIfPassed(record);
      this.#messages.set(identity, this.#message(record, event, hash, time));
      return;
    }
    const conflicts = stored === undefined ? planned?.contentHash !== hash : stored !== hash;
    if (conflicts) this.#doubtful.push(record);
    if (stored === undefined) this.#repeats.push({ identity, contentHash: hash, record });
    else if (conflicts) this.#addDeadLetter(conflictLetter(record));
    else this.#duplicates += 1;
  }

  #doubtIfPassed(record: LogRecord): void {
    if (this.#isPassed(record)) this.#doubtful.push(record);
  }

  #isPassed(record: LogRecord): boolean {
    const stored = this.#context.storedNextOffset;
    return stored !== null && record.offset < stored;
  }

  #addOnce<T>(rows: Map<string, T>, record: LogRecord, identity: string, make: () => T): void {
    if (this.#context.knownOthers.has(identity) || rows.has(identity)) {
      this.#duplicates += 1;
      return;
    }
    this.#doubtIfPassed(record);
    rows.set(identity, make());
  }

  #message(record: LogRecord, event: ChatMessageEvent, hash: string, time: EventTime): NewMessage {
    const { identity, channelId, channelType, messageId, role, content, metadata, extra } = event;
    return {
      identity,
      keyIndex: this.#keys.indexOf(event.botId, event.userId),
      channelId,
      channelType,
      messageId,
      role,
      content,
      metadata,
      extra,
      contentHash: hash,
      sentAtMs: time.ms,
      clamped: time.clamped,
      offset: record.offset,
    };
  }

  #change(record: LogRecord, event: MessageChangeEvent): NewChange {
    const { botId, userId, channelId, identity, target, content } = event;
    const changedAtMs = eventTime(event.sentAtMs, record.timestampMs, this.#context.nowMs).ms;
    const keyIndex = this.#keys.indexOf(botId, userId);
    const claimedAtMs = event.sentAtMs ?? changedAtMs;
    return { identity, keyIndex, channelId, target, content, changedAtMs, claimedAtMs };
  }

  #sessionEnd(record: LogRecord, event: SessionEndEvent): NewSessionEnd {
    const { botId, userId, channelId, identity } = event;
    const endedAtMs = eventTime(event.sentAtMs, record.timestampMs, this.#context.nowMs).ms;
    this.#advance(endedAtMs);
    return { identity, keyIndex: this.#keys.indexOf(botId, userId), channelId, endedAtMs };
  }

  #addIgnored(record: LogRecord, type: string): void {
    if (this.#isPassed(record)) this.#duplicates += 1;
    else this.#ignored.push({ type, offset: record.offset });
  }

  #addDeadLetter(letter: NewDeadLetter): void {
    const known = this.#context.knownOthers.has(letter.identity) || this.#deadLetters.has(letter.identity);
    if (known) this.#duplicates += 1;
    else this.#deadLetters.set(letter.identity, letter);
  }

  #advance(eventTimeMs: number): void {
    if (eventTimeMs > this.#streamTimeMs) this.#streamTimeMs = eventTimeMs;
  }
}

interface EventTime {
  readonly ms: number;
  readonly clamped: boolean;
}

/**
 * When it happened. A time more than five minutes ahead of the record's timestamp (or
 * of the database's clock when that is earlier) is drawn back to it, so that one wrong
 * clock cannot close everyone's sessions.
 */
export function eventTime(sentAtMs: number | null, recordMs: number, nowMs: number): EventTime {
  const receivedMs = recordMs > 0 ? Math.min(recordMs, nowMs) : nowMs;
  if (sentAtMs === null) return { ms: receivedMs, clamped: false };
  return sentAtMs > receivedMs + allowedSkewMs
    ? { ms: receivedMs, clamped: true }
    : { ms: sentAtMs, clamped: false };
}

export function deadLetter(
  record: LogRecord,
  reason: NewDeadLetter['reason'],
  detail: string,
): NewDeadLetter {
  return { identity: deadLetterIdentity(record), record, reason, detail };
}

/** The same id with other content: the first to come stays. */
export function conflictLetter(record: LogRecord): NewDeadLetter {
  return deadLetter(record, 'conflicting-content', 'a message of this id is stored with other role or text');
}
