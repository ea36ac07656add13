import type { DeadLetterReason } from '../model/decoded-record.ts';
import type { Role } from '../model/message.ts';
import type { LogRecord, TopicPartition } from '../model/record.ts';
import type { CloseReason, LiveWindow, WindowChannel } from '../model/session-window.ts';
import type { DatedSettings } from '../sessions/settings-timeline.ts';

/** What decides which messages share a session. */
export type SessionKeyKind = 'bot,user' | 'bot,user,channel';

/** Settings of a run as stored: dated, per bot where a bot differs. */
export interface RunSettings {
  readonly runId: number;
  readonly sessionKey: SessionKeyKind;
  readonly dated: readonly DatedSettings[];
  readonly datedByBot: Readonly<Record<string, readonly DatedSettings[]>>;
}

/** What every new row of a batch has: whom it concerns, by its place in the batch's keys. */
interface NewRow {
  readonly identity: string;
  /** Index into the plan's keys, and into what `lockKeys` returns for them. */
  readonly keyIndex: number;
  readonly channelId: string | null;
}

/** A message ready to be a row: clamped, hashed, with the place it came from. */
export interface NewMessage extends NewRow {
  readonly channelType: string | null;
  readonly messageId: string;
  readonly role: Role;
  readonly content: string;
  /** In hex. */
  readonly contentHash: string;
  readonly sentAtMs: number;
  readonly clamped: boolean;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly extra: Readonly<Record<string, unknown>> | null;
  readonly offset: bigint;
}

export interface NewChange extends NewRow {
  readonly target: string;
  readonly changedAtMs: number;
  /** Before it was drawn back to the clock, if it was: tells the order of those that were drawn back together. */
  readonly claimedAtMs: number;
  /** Null: the message is deleted. */
  readonly content: string | null;
}

export interface NewSessionEnd extends NewRow {
  readonly endedAtMs: number;
}

export interface NewDeadLetter {
  readonly identity: string;
  readonly record: LogRecord;
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/** A record of a type that this version does not know. */
export interface IgnoredRecord {
  readonly type: string;
  readonly offset: bigint;
}

/** What the database knows before anything is locked. */
export interface BatchContext {
  /** The database's clock, epoch milliseconds. */
  readonly nowMs: number;
  /** The offset up to which everything of this partition has ended in its place; null: nothing yet. */
  readonly storedNextOffset: bigint | null;
  readonly runs: readonly RunSettings[];
  /** Key of the content hash, in hex. */
  readonly contentHashSecret: string;
  /** Content hashes (hex) of those messages that are rows already. */
  readonly knownMessages: ReadonlyMap<string, string>;
  /** Changes, end markers and dead letters that are rows already. */
  readonly knownOthers: ReadonlySet<string>;
}

export interface Identities {
  readonly messages: readonly string[];
  readonly changes: readonly string[];
  readonly sessionEnds: readonly string[];
  readonly deadLetters: readonly string[];
}

export interface BotUser {
  readonly botId: string;
  readonly userId: string;
}

/** The row of a (bot, user), locked until the transaction ends. */
export interface LockedKey extends BotUser {
  readonly keyId: string;
  readonly runId: number;
  /** It came from another partition before. */
  readonly moved: boolean;
  /** Channels known of it; empty unless channels part sessions. */
  readonly channelIds: readonly (string | null)[];
  /** Greatest end marker stored for it; null: none. */
  readonly lastEndMs: number | null;
  /** An edit or delete was ever stored for it: its messages may have changes waiting. */
  readonly hasChanges: boolean;
}

/** A session key: a key, and the channel where channels part sessions. */
export interface SessionKey {
  readonly sessionKey: string;
  readonly keyId: string;
  readonly channelId: string | null;
}

/** A stretch of a session key's event time, both ends inclusive. */
export interface TimeSpan {
  readonly sessionKey: string;
  readonly runId: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The live windows that touch a span, with the nearest one on either side. Ascending. */
export interface Surroundings {
  readonly before: LiveWindow | undefined;
  readonly touching: readonly LiveWindow[];
  readonly after: LiveWindow | undefined;
}

/** A member's time and channel, for cutting. */
export interface StretchMembers {
  readonly members: readonly (WindowChannel & { readonly sentAtMs: number })[];
  readonly endsMs: readonly number[];
}

export interface WindowRow extends WindowChannel {
  readonly windowId: string;
  readonly runId: number;
  readonly keyId: string;
  readonly sessionKey: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly status: 'open' | 'closed';
  readonly dueReason: CloseReason | null;
  readonly checkAtMs: number;
  readonly partition: number;
}

/** All window writes of a batch. */
export interface WindowWrites {
  readonly superseded: readonly { readonly windowId: string; readonly by: readonly string[] }[];
  /** Of the superseded and updated ones, those that were closed: their spans are taken out first. */
  readonly wereClosed: readonly string[];
  /** Rows that exist and change; those that stay closed get a further revision. */
  readonly updated: readonly WindowRow[];
  readonly inserted: readonly WindowRow[];
  /** Still right, but now over for sure. */
  readonly ended: readonly { readonly windowId: string; readonly reason: CloseReason }[];
}

/** Where the stored position goes, together with the rows below it. */
export interface PositionMove {
  readonly nextOffset: bigint;
  /** Greatest event time seen; minus infinity: none. */
  readonly streamTimeMs: number;
  /**
   * Where this reader knows the stored position to stand at least. One that is found below it
   * was set back (a database restored from an older copy, a replica that lagged): moving it on
   * would hide that rows are missing, so the move is refused with POSITION_SET_BACK.
   */
  readonly knownNextOffset: bigint;
}

/**
 * One batch's transaction. Its order is its safety (DESIGN.md 2): keys are locked
 * before anything is inserted, and every other writer locks the same rows first, in
 * the same order; then no two transactions wait for each other in a circle, and
 * windows are reconciled against a set of messages that nobody else is changing.
 */
export interface BatchTransaction {
  /**
   * Makes missing rows and locks all of them, in the order of (bot, user), in one statement.
   * Returns them in the order of `keys`.
   */
  lockKeys(keys: readonly BotUser[], partition: number): Promise<readonly LockedKey[]>;
  /** The session keys of channels, made where missing. Only where channels part sessions. */
  sessionKeys(
    channels: readonly { readonly keyId: string; readonly channelId: string | null }[],
  ): Promise<readonly SessionKey[]>;
  /**
   * `on conflict do nothing`; returns those of `messages` that became rows now.
   *
   * @param keyIds of the key of each message
   */
  insertMessages(
    messages: readonly NewMessage[],
    keyIds: readonly string[],
    partition: number,
  ): Promise<readonly NewMessage[]>;
  /** Content hashes (hex) of rows that another transaction made since the look-up. */
  contentHashes(identities: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Stores changes and applies all that are known of the targets and of `arrived` messages. */
  applyChanges(
    changes: readonly NewChange[],
    keyIds: readonly string[],
    arrived: readonly string[],
  ): Promise<readonly ChangedMessage[]>;
  insertSessionEnds(ends: readonly NewSessionEnd[], keyIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** The live window that starts last, of each session key in a run. */
  lastWindows(
    sessions: readonly Pick<TimeSpan, 'sessionKey' | 'runId'>[],
  ): Promise<readonly (LiveWindow | undefined)[]>;
  surroundings(spans: readonly TimeSpan[]): Promise<readonly Surroundings[]>;
  /** Members and end markers of whole stretches; ends also after the stretch, up to `endsUntilMs`. */
  members(
    stretches: readonly (TimeSpan & {
      readonly keyId: string;
      readonly channelId: string | null;
      readonly byChannel: boolean;
      readonly endsUntilMs: number | null;
    })[],
  ): Promise<readonly StretchMembers[]>;
  writeWindows(writes: WindowWrites, nowMs: number, graceMs: number): Promise<void>;
  /** Marks the closed windows that hold these messages changed, so that they get a further revision. */
  markChanged(messages: readonly ChangedMessage[], graceMs: number): Promise<void>;
  /**
   * Takes what deleted messages said out of all that was made from them: answers, results
   * of every revision and run, memory, profile, events and vectors that lie here.
   */
  redact(messages: readonly ChangedMessage[]): Promise<void>;
  insertDeadLetters(letters: readonly NewDeadLetter[]): Promise<void>;
  /**
   * Counts records of unknown types that lie beyond the stored position, which it locks: of
   * two processes that read the same records only one counts them. Returns how many it counted.
   */
  countIgnored(partition: TopicPartition, records: readonly IgnoredRecord[]): Promise<number>;
  saveProgress(partition: TopicPartition, move: PositionMove): Promise<void>;
}

/** A stored message whose text an edit or delete has just changed. */
export interface ChangedMessage {
  readonly keyId: string;
  readonly identity: string;
  /** The platform's id: what evidence cites. */
  readonly messageId: string;
  readonly sentAtMs: number;
  readonly channelId: string | null;
  readonly deleted: boolean;
}

/**
 * Where messages become durable. Rejects with DATABASE_REFUSED when the data itself
 * is refused (the caller halves the batch), and with DATABASE_UNAVAILABLE (retryable)
 * for everything that may pass: outages, deadlocks, serialization failures.
 */
export interface MessageStore {
  /** Reads what is known; takes no lock. */
  lookUp(partition: TopicPartition, identities: Identities): Promise<BatchContext>;
  /** Everything in `work` becomes visible together or not at all. */
  transaction<T>(work: (transaction: BatchTransaction) => Promise<T>): Promise<T>;
  /**
   * For what makes no new rows (a batch that is known entirely, offsets without a record, a
   * gap): moves the position, which only rises, and takes no key locks.
   */
  saveProgress(partition: TopicPartition, move: PositionMove): Promise<void>;
  /** Asked where reading begins; null: none is stored. The store relies on nothing that it remembers from before. */
  storedPosition(partition: TopicPartition): Promise<bigint | null>;
  /** Of those that have one. */
  storedPositions(
    partitions: readonly TopicPartition[],
  ): Promise<readonly (TopicPartition & { readonly nextOffset: bigint })[]>;
  recordGap(partition: TopicPartition, from: bigint, to: bigint, reason: string): Promise<void>;
  /** Sets a position back that belongs to a log which no longer exists. */
  resetPosition(partition: TopicPartition, nextOffset: bigint): Promise<void>;
}
