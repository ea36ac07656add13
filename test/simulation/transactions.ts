import { Crash, failure, type Lane } from './lane.ts';

/** Writes of one transaction that nobody else sees yet. */
interface Pending {
  apply(transaction: Transaction): void;
  drop(transaction: Transaction): void;
}

/**
 * Rows by id under READ COMMITTED: a transaction sees what is committed and what it wrote
 * itself, as of each look. Whoever writes a row holds its lock until the transaction ends, and
 * looks at the row again after having waited for it.
 */
export class Table<Row extends object> implements Pending {
  readonly name: string;
  readonly #rows = new Map<string, Row>();
  readonly #pending = new Map<Transaction, Map<string, Row | null>>();

  constructor(name: string) {
    this.name = name;
  }

  get(transaction: Transaction, id: string): Row | undefined {
    const own = this.#pending.get(transaction)?.get(id);
    return own === undefined ? this.#rows.get(id) : (own ?? undefined);
  }

  all(transaction: Transaction): Row[] {
    const own = this.#pending.get(transaction);
    if (own === undefined) return [...this.#rows.values()];
    const rows = [...this.#rows].flatMap(([id, row]) => (own.has(id) ? [] : [row]));
    for (const row of own.values()) if (row !== null) rows.push(row);
    return rows;
  }

  entries(transaction: Transaction): [string, Row][] {
    const rows = new Map(this.#rows);
    for (const [id, row] of this.#pending.get(transaction) ?? []) {
      if (row === null) rows.delete(id);
      else rows.set(id, row);
    }
    return [...rows];
  }

  committed(): Row[] {
    return [...this.#rows.values()];
  }

  find(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  /** Waits for the row's lock; then writes what `change` makes of the row as it is by then. Null: deletes it. */
  async write(
    transaction: Transaction,
    id: string,
    change: (row: Row | undefined) => Row | null | undefined,
  ): Promise<void> {
    await transaction.lock(this.lockOf(id));
    this.put(transaction, id, change(this.get(transaction, id)));
  }

  /** Writes under a lock that is held. Undefined: leaves the row as it is. */
  put(transaction: Transaction, id: string, row: Row | null | undefined): void {
    transaction.refuseOver();
    if (row === undefined) return;
    let own = this.#pending.get(transaction);
    if (own === undefined) {
      this.#pending.set(transaction, (own = new Map<string, Row | null>()));
      transaction.touch(this);
    }
    own.set(id, row);
  }

  lockOf(id: string): string {
    return `${this.name} ${id}`;
  }

  apply(transaction: Transaction): void {
    for (const [id, row] of this.#pending.get(transaction) ?? []) {
      if (row === null) this.#rows.delete(id);
      else this.#rows.set(id, row);
    }
    this.drop(transaction);
  }

  drop(transaction: Transaction): void {
    this.#pending.delete(transaction);
  }
}

interface Waiter {
  readonly transaction: Transaction;
  readonly go: () => void;
  readonly fail: (error: Error) => void;
}

/** Who holds which row, and who waits for it, first come first served. */
export class Locks {
  readonly #held = new Map<string, { holder: Transaction; readonly waiters: Waiter[] }>();
  /** Circles that were found: the protocol's order of locks lets none be. */
  circles = 0;

  isFree(name: string, transaction: Transaction): boolean {
    const holder = this.#held.get(name)?.holder;
    return holder === undefined || holder === transaction;
  }

  async take(name: string, transaction: Transaction): Promise<void> {
    const held = this.#held.get(name);
    if (held === undefined) {
      this.#held.set(name, { holder: transaction, waiters: [] });
      transaction.locks.add(name);
      return;
    }
    if (held.holder === transaction) return;
    if (this.#closesCircle(held.holder, transaction)) {
      this.circles += 1;
      throw failure('DATABASE_UNAVAILABLE');
    }
    transaction.lane.note('transaction waited for a lock');
    transaction.waitsFor = name;
    await new Promise<void>((go, fail) => held.waiters.push({ transaction, go, fail }));
  }

  giveBack(transaction: Transaction): void {
    const { waitsFor } = transaction;
    if (waitsFor !== undefined) this.#stopWaiting(waitsFor, transaction);
    for (const name of transaction.locks) {
      const held = this.#held.get(name);
      if (held?.holder !== transaction) continue;
      const next = held.waiters.shift();
      if (next === undefined) {
        this.#held.delete(name);
        continue;
      }
      held.holder = next.transaction;
      next.transaction.locks.add(name);
      next.transaction.waitsFor = undefined;
      next.go();
    }
  }

  #stopWaiting(name: string, transaction: Transaction): void {
    const waiters = this.#held.get(name)?.waiters ?? [];
    const place = waiters.findIndex((waiter) => waiter.transaction === transaction);
    if (place >= 0) for (const waiter of waiters.splice(place, 1)) waiter.fail(new Crash('it waited'));
  }

  #closesCircle(holder: Transaction, waiting: Transaction): boolean {
    let next: Transaction | undefined = holder;
    while (next?.waitsFor !== undefined) {
      next = this.#held.get(next.waitsFor)?.holder;
      if (next === waiting) return true;
    }
    return false;
  }
}

export class Transaction {
  readonly lane: Lane;
  readonly locks = new Set<string>();
  waitsFor: string | undefined;
  readonly #all: Locks;
  readonly #touched = new Set<Pending>();
  #isOver = false;

  constructor(lane: Lane, all: Locks) {
    this.lane = lane;
    this.#all = all;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async lock(name: string): Promise<void> {
    this.refuseOver();
    await this.#all.take(name, this);
    this.refuseOver();
  }

  /** `skip locked`: false when somebody else holds it. Who asks ends before anybody else goes on, so nothing is taken. */
  isFree(name: string): boolean {
    return this.#all.isFree(name, this);
  }

  touch(table: Pending): void {
    this.#touched.add(table);
  }

  get hasWritten(): boolean {
    return this.#touched.size > 0;
  }

  commit(): void {
    this.refuseOver();
    for (const table of this.#touched) table.apply(this);
    this.#end();
  }

  rollBack(): void {
    if (this.#isOver) return;
    for (const table of this.#touched) table.drop(this);
    this.#end();
  }

  refuseOver(): void {
    if (this.#isOver) throw new Crash('the transaction is over');
  }

  #end(): void {
    this.#isOver = true;
    this.#all.giveBack(this);
  }
}
