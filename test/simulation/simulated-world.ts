import { deadLetterIdentity } from '../../src/model/identity.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Breach } from './breaches.ts';
import { startMs, type Chosen, type Schedule, type Step } from './arbitrary-schedule.ts';
import { Crossing, smooth } from './lane.ts';
import { noRareStates, type RareCounts, type RareState } from './rare-states.ts';
import { SimulatedDatabase, SteppingClock } from './simulated-database.ts';
import { partitions, SimulatedLog } from './simulated-log.ts';
import { SimulatedProcess, type Surroundings } from './simulated-process.ts';
import type { SimulatedTopics } from './simulated-outbox.ts';

const processCount = 3;

/**
 * Three processes, two partitions, one store, and a schedule that is lived through step by
 * step. Nothing here is left to the machine: a step ends when everybody stands still or is done,
 * so the same schedule always takes the same way.
 */
export class SimulatedWorld {
  readonly database: SimulatedDatabase;
  readonly clock = new SteppingClock(startMs);
  readonly log: SimulatedLog;
  readonly topics: SimulatedTopics = { results: [], deadLetters: [], senders: new Map() };
  readonly rare: RareCounts = noRareStates();
  readonly crossing = new Crossing((state) => {
    this.note(state);
  });
  readonly #schedule: Schedule;
  readonly #surroundings: Surroundings;
  #processes: readonly SimulatedProcess[] = [];
  #sent = 0;
  #incarnations = 0;
  /** What was committed when it was last looked at. */
  readonly #checked = new Map<number, bigint>();
  /** Who began the batch that is in hand, by process: the generation of then. */
  readonly #begun = new Map<string, number>();

  constructor(schedule: Schedule, breach: Breach | undefined) {
    this.#schedule = schedule;
    const { sessionKey, dated } = schedule;
    this.database = new SimulatedDatabase(
      this.clock,
      { runId: 1, sessionKey, dated, datedByBot: {} },
      breach,
    );
    this.log = new SimulatedLog(this.clock);
    const { database, log, topics, crossing } = this;
    const onCommitting = (name: string, partition: number): void => {
      this.#noteZombie(name, partition);
    };
    this.#surroundings = { database, log, topics, crossing, onCommitting };
  }

  get processes(): readonly SimulatedProcess[] {
    return this.#processes;
  }

  process(chosen: Chosen, partition = 0): SimulatedProcess {
    const holder = this.#processes.findIndex(({ name }) => name === this.log.owners.get(partition));
    const index = chosen === 'holder' ? holder : chosen;
    const process = this.#processes[index % processCount];
    if (process === undefined) throw new RangeError('no such process');
    return process;
  }

  note(state: RareState): void {
    this.rare.set(state, (this.rare.get(state) ?? 0) + 1);
  }

  async begin(): Promise<void> {
    for (let index = 0; index < processCount; index += 1) {
      this.#processes = [...this.#processes, await this.#newProcess(index)];
    }
    this.shareOut([0, 1]);
    for (const process of this.#processes) process.member.notice();
  }

  /** One step, until everybody stands still. */
  async take(step: Step): Promise<void> {
    this.crossing.trace.push(`# ${step.kind}`);
    this.#start(step);
    await stillness();
    if (step.kind === 'crash') await this.#replace(step.process % processCount);
    if (step.kind === 'prosper') await this.prosper(this.process(step.process), step.until);
    this.#checkOffsets();
  }

  /** Everything that was parked goes on to its end. */
  async resumeAll(): Promise<void> {
    for (let left = 1_000; this.crossing.parked > 0 && left > 0; left -= 1) {
      this.crossing.resume(0, smooth);
      await stillness();
    }
  }

  sendAll(): void {
    this.#send(this.#schedule.sendings.length);
  }

  /** Who holds each partition from now on; who is told is another question. */
  shareOut(owners: readonly number[]): void {
    this.log.generation += 1;
    for (const partition of partitions)
      this.log.owners.set(partition, this.process(owners[partition] ?? 0).name);
  }

  /** One process does its work without anything going wrong, as far as others do not stand in its way. */
  async prosper(process: SimulatedProcess, until: 'closed' | 'extracted' | 'published'): Promise<void> {
    process.member.notice();
    const steps = [
      ...partitions.map((partition) => () => process.poll(partition, 100, smooth)),
      () => process.commitOffsets(smooth),
      () => process.noteProgress(smooth),
      () => process.close(smooth),
      () => {
        this.clock.pass(3_000);
        return Promise.resolve();
      },
      () => process.close(smooth),
      ...(until === 'closed' ? [] : [() => process.claim(smooth), () => process.claim(smooth)]),
      ...(until === 'published' ? [() => process.relay('results', smooth)] : []),
    ];
    for (const step of steps) {
      void step();
      await stillness();
    }
  }

  #start(step: Step): void {
    switch (step.kind) {
      case 'send':
        this.#send(step.records);
        return;
      case 'pass':
        this.clock.pass(step.ms);
        return;
      case 'step-clock':
        this.clock.step(step.ms);
        this.note(step.ms < 0 ? 'clock stepped back' : 'clock stepped ahead');
        return;
      case 'poll':
        this.#poll(step);
        return;
      case 'commit-offsets':
        void this.process(step.process).commitOffsets(step.plan);
        return;
      case 'note-progress':
        void this.process(step.process).noteProgress(step.plan);
        return;
      case 'close':
        void this.process(step.process).close(step.plan);
        return;
      case 'extract':
        void this.process(step.process).claim(step.plan);
        return;
      case 'renew':
        void this.process(step.process).renew();
        return;
      case 'relay':
        void this.process(step.process).relay(step.destination, step.plan);
        return;
      case 'rebalance':
        this.#rebalance(step);
        return;
      case 'notice':
        this.process(step.process).member.notice();
        return;
      case 'resume':
        this.crossing.resume(step.place, step.plan);
        return;
      case 'crash':
        this.process(step.process).kill();
        return;
      case 'prosper':
        return;
    }
  }

  #poll({ process: index, partition, most, plan }: Step & { readonly kind: 'poll' }): void {
    const process = this.process(index, partition);
    if (!process.isBusy('consume')) this.#begun.set(process.name, this.log.generation);
    void process.poll(partition, most, plan);
    const busy = this.#processes.filter(({ member }) => member.isBusyWith(partition));
    if (busy.length > 1) this.note('two members with a batch of one partition in hand');
  }

  #rebalance({ owners, notices, rewindsTo }: Step & { readonly kind: 'rebalance' }): void {
    if (this.#processes.some(({ member }) => member.isBusy)) this.note('rebalance in the middle of a batch');
    this.shareOut(owners);
    if (rewindsTo !== null) {
      this.note('rewind below the stored position');
      for (const [partition, offset] of this.log.committed) {
        this.log.committed.set(partition, BigInt(Math.floor(Number(offset) * rewindsTo)));
      }
      // Offsets are only moved while the group is empty: everybody begins anew.
      for (const { member } of this.#processes) member.forgetPositions();
    }
    for (const [index, { member }] of this.#processes.entries()) {
      if (notices[index] === true || rewindsTo !== null) member.notice();
    }
  }

  #send(records: number): void {
    const next = this.#schedule.sendings.slice(this.#sent, this.#sent + records);
    for (const sending of next) this.log.write(sending);
    this.#sent += next.length;
  }

  #noteZombie(name: string, partition: number): void {
    if (this.log.owners.get(partition) === name) return;
    const begun = this.#begun.get(name);
    if (begun !== undefined && begun < this.log.generation)
      this.note('commit of a transaction begun before the takeover');
  }

  async #replace(index: number): Promise<void> {
    const process = await this.#newProcess(index);
    const dead = this.process(index);
    this.#processes = this.#processes.map((old, place) => (place === index ? process : old));
    // The group notices the death, and gives what it held to its successor.
    this.log.generation += 1;
    for (const [partition, owner] of this.log.owners) {
      if (owner === dead.name) this.log.owners.set(partition, process.name);
    }
    process.member.notice();
  }

  async #newProcess(index: number): Promise<SimulatedProcess> {
    this.#incarnations += 1;
    const process = new SimulatedProcess(`p${index}.${this.#incarnations}`, this.#surroundings);
    await process.start();
    return process;
  }

  /** At any moment: what the group is told is in its place. The position may have been set to begin anew since. */
  #checkOffsets(): void {
    for (const [partition, offset] of this.log.committed) {
      if (offset === this.#checked.get(partition)) continue;
      this.#checked.set(partition, offset);
      const stored = this.database.progress.find(String(partition))?.nextOffset ?? 0n;
      if (offset > stored && !this.database.hasBegunAnew) {
        this.database.violated('a committed offset is ahead of the stored position');
      }
      const isLost = this.log
        .records(partition)
        .some((one) => one.offset < offset && !this.#isInItsPlace(one));
      if (isLost) this.database.violated('a committed offset is ahead of a row');
    }
  }

  #isInItsPlace(record: LogRecord): boolean {
    const { database, log } = this;
    if (database.deadLetters.find(deadLetterIdentity(record)) !== undefined) return true;
    const decoded = log.decoded(record);
    switch (decoded.kind) {
      case 'message':
        return database.messages.find(decoded.identity) !== undefined;
      case 'change':
        return database.changes.find(decoded.identity) !== undefined;
      case 'session-end':
        return database.ends.find(decoded.identity) !== undefined;
      case 'ignored':
        return database.ignored.find(String(record.partition)) !== undefined;
      case 'dead-letter':
        return false;
    }
  }
}

/** Until nobody has anything to do at once: everything that waits, waits for a step. */
export function stillness(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
