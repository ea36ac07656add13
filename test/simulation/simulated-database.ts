import type { RunSettings } from '../../src/consume/message-store.ts';
import type { FoldedFact } from '../../src/model/memory.ts';
import type { Breach } from './breaches.ts';
import { failure, type Lane } from './lane.ts';
import type {
  AnswerRow,
  ChangeRow,
  DeadLetterRow,
  EndRow,
  KeyRow,
  LeaseRow,
  MessageRow,
  ObservationRow,
  OutboxEventRow,
  ProgressRow,
  ResultRow,
  WindowRow,
  WorkRow,
} from './rows.ts';
import { Locks, Table, Transaction } from './transactions.ts';

/** One clock, which everybody is judged by. It may step; `elapsedMs` is the time that really passed. */
export class SteppingClock {
  #nowMs: number;
  elapsedMs = 0;
  hasSteppedBack = false;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    this.elapsedMs += ms;
  }

  step(ms: number): void {
    this.#nowMs += ms;
    if (ms < 0) this.hasSteppedBack = true;
  }
}

/** The tables, the clock, and how transactions and single statements end. */
export class SimulatedDatabase {
  readonly clock: SteppingClock;
  readonly run: RunSettings;
  readonly breach: Breach | undefined;
  readonly locks = new Locks();
  /** What must never happen, as it was seen. */
  readonly violations: string[] = [];
  readonly keys = new Table<KeyRow>('keys');
  /** By key and channel; only where channels part sessions. */
  readonly channelKeys = new Table<{ readonly keyId: string; readonly channelId: string | null }>('channels');
  readonly messages = new Table<MessageRow>('messages');
  readonly changes = new Table<ChangeRow>('changes');
  readonly ends = new Table<EndRow>('ends');
  readonly windows = new Table<WindowRow>('windows');
  /** Windows whose span is closed: no two of a session key may overlap. */
  readonly spans = new Table<Pick<WindowRow, 'windowId' | 'sessionKey' | 'startedAtMs' | 'endedAtMs'>>(
    'spans',
  );
  readonly work = new Table<WorkRow>('work');
  readonly results = new Table<ResultRow>('results');
  readonly observations = new Table<ObservationRow>('observations');
  readonly facts = new Table<{ readonly keyId: string; readonly fact: FoldedFact }>('facts');
  readonly profiles = new Table<{ readonly text: string; readonly factIds: readonly string[] }>('profiles');
  readonly answers = new Table<AnswerRow>('answers');
  readonly events = new Table<OutboxEventRow>('events');
  readonly deadLetters = new Table<DeadLetterRow>('dead letters');
  readonly ignored = new Table<{ readonly records: number }>('ignored');
  readonly progress = new Table<ProgressRow>('progress');
  readonly leases = new Table<LeaseRow>('leases');
  /** Owners of leases whose process lives. */
  readonly alive = new Set<string>();
  /** Events that left before their commit, as one breach has it. */
  readonly leaked: OutboxEventRow[] = [];
  /** A reader found a stored position and no committed one, and began with the log's start. */
  hasBegunAnew = false;
  readonly #open = new Set<Transaction>();
  #lastId = 0;

  constructor(clock: SteppingClock, run: RunSettings, breach: Breach | undefined) {
    this.clock = clock;
    this.run = run;
    this.breach = breach;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  /** Rising ids, given before the commit and never given back, as an identity column gives them. */
  nextId(): string {
    this.#lastId += 1;
    return String(this.#lastId).padStart(8, '0');
  }

  /** A transaction of several statements, each a call of its own. */
  async inTransaction<T>(lane: Lane, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    await lane.call('begin');
    const transaction = this.#begin(lane);
    try {
      const result = await work(transaction);
      await this.#end(transaction, 'commit');
      return result;
    } catch (error) {
      if (!transaction.isOver && !lane.isDead) lane.note('connection cut in the middle of a transaction');
      transaction.rollBack();
      throw error;
    } finally {
      this.#open.delete(transaction);
    }
  }

  /** One statement, a transaction by itself: it sees one moment, and may wait for rows only. */
  async statement<T>(
    lane: Lane,
    what: string,
    work: (transaction: Transaction) => T | Promise<T>,
  ): Promise<T> {
    await lane.call(what);
    const transaction = this.#begin(lane);
    try {
      const result = await work(transaction);
      await this.#end(transaction, undefined);
      return result;
    } finally {
      transaction.rollBack();
      this.#open.delete(transaction);
    }
  }

  /** The connections of a dead process: what was not committed never was. */
  cut(lanes: readonly Lane[]): void {
    for (const transaction of this.#open) {
      if (!lanes.includes(transaction.lane)) continue;
      if (transaction.hasWritten) transaction.lane.note('crash in the middle of a transaction');
      transaction.rollBack();
    }
  }

  isAlive(owner: string): boolean {
    return this.alive.has(owner);
  }

  leakEvent(outboxId: string, transaction: Transaction): void {
    const event = this.events.get(transaction, outboxId);
    if (event !== undefined) this.leaked.push(event);
    this.events.put(transaction, outboxId, event && { ...event, isSent: true });
  }

  /** Something that the product promises never to do. */
  violated(what: string): void {
    this.violations.push(what);
  }

  #begin(lane: Lane): Transaction {
    lane.refuseDead();
    const transaction = new Transaction(lane, this.locks);
    this.#open.add(transaction);
    return transaction;
  }

  async #end(transaction: Transaction, commit: 'commit' | undefined): Promise<void> {
    const { lane, hasWritten } = transaction;
    // A statement ends with its own call; a transaction's commit is one more.
    const end = commit === undefined ? (hasWritten ? lane.ending() : 'done') : await lane.commit(commit);
    if (end === 'aborted') {
      if (hasWritten) lane.note('transaction aborted at its commit');
      transaction.rollBack();
      throw failure('DATABASE_UNAVAILABLE');
    }
    transaction.commit();
    if (end === 'done') return;
    if (hasWritten) lane.note('commit unacknowledged');
    throw failure('DATABASE_UNAVAILABLE');
  }
}
