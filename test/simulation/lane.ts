import { AfterwordError, isAfterwordError, type ErrorCode } from '../../src/errors.ts';
import type { RareState } from './rare-states.ts';

/**
 * What happens to one role of one process, counted in the port calls that it makes from now
 * on: where it stands still until it is resumed, and where its connection fails. `cut`: at
 * that call. `aborted`, `unacknowledged`: at the first commit from that call on, which is
 * rolled back, or carried out and reported as failed.
 */
export interface Plan {
  readonly parksAt: number | null;
  readonly fails: { readonly from: number; readonly how: Failure } | null;
}
export type Ending = 'done' | 'aborted' | 'unacknowledged';
export type Failure = 'cut' | 'aborted' | 'unacknowledged';

export const smooth: Plan = { parksAt: null, fails: null };

/** Thrown by every port of a process that is dead, so that what it had in hand ends without effect. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** What all lanes of a world share: who stands still, and everything that happened, in order. */
export class Crossing {
  readonly trace: string[] = [];
  readonly #note: (state: RareState) => void;
  #parked: { readonly lane: Lane; readonly go: () => void }[] = [];

  constructor(note: (state: RareState) => void) {
    this.#note = note;
  }

  note(state: RareState): void {
    this.#note(state);
  }

  get parked(): number {
    return this.#parked.length;
  }

  park(lane: Lane): Promise<void> {
    return new Promise((go) => this.#parked.push({ lane, go }));
  }

  /** The flow goes on, by a plan of its own. */
  resume(place: number, plan: Plan): void {
    const [parked] = this.#parked.splice(place % Math.max(1, this.#parked.length), 1);
    if (parked === undefined) return;
    parked.lane.follow(plan);
    parked.go();
  }

  /** Those of a lane go on, to find that it is dead. */
  release(lane: Lane): void {
    for (const parked of this.#parked) if (parked.lane === lane) parked.go();
    this.#parked = this.#parked.filter((parked) => parked.lane !== lane);
  }
}

/** The way of one role of one process to everything outside of it. */
export class Lane {
  readonly name: string;
  readonly #crossing: Crossing;
  #plan = smooth;
  #calls = 0;
  #isDead = false;

  constructor(name: string, crossing: Crossing) {
    this.name = name;
    this.#crossing = crossing;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  follow(plan: Plan): void {
    this.#plan = plan;
    this.#calls = 0;
  }

  kill(): void {
    this.#isDead = true;
    this.#crossing.release(this);
  }

  /** Before whatever a port does. `code`: by what the port would reject. */
  async call(what: string, code: ErrorCode = 'DATABASE_UNAVAILABLE'): Promise<void> {
    this.refuseDead();
    this.#calls += 1;
    this.#crossing.trace.push(`${this.name}: ${what}`);
    if (this.#calls === this.#plan.parksAt) {
      this.#plan = { ...this.#plan, parksAt: null };
      await this.#crossing.park(this);
      this.refuseDead();
    }
    if (this.#takesFailure('cut')) throw failure(code);
  }

  async commit(what: string): Promise<Ending> {
    await this.call(what);
    return this.ending();
  }

  /** How a commit ends that comes now. */
  ending(): Ending {
    if (this.#takesFailure('aborted')) return 'aborted';
    return this.#takesFailure('unacknowledged') ? 'unacknowledged' : 'done';
  }

  refuseDead(): void {
    if (this.#isDead) throw new Crash('the process is dead');
  }

  note(state: RareState): void {
    this.#crossing.note(state);
  }

  /** Once: the same call succeeds when it is made again. */
  #takesFailure(how: Failure): boolean {
    const { fails } = this.#plan;
    if (fails?.how !== how || this.#calls < fails.from) return false;
    this.#plan = { ...this.#plan, fails: null };
    return true;
  }
}

/** What a loop tries again, or the end of a process. */
export function isOutage(error: unknown): boolean {
  return error instanceof Crash || (isAfterwordError(error) && error.retryable);
}

export function failure(code: ErrorCode): AfterwordError {
  return new AfterwordError(code, 'a simulated failure', { retryable: true });
}
