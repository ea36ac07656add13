import { closeWindows } from '../../src/consume/close-windows.ts';
import type { ClosingStore } from '../../src/consume/closing-store.ts';
import { Consumer } from '../../src/consume/consumer.ts';
import { ExtractWorker } from '../../src/extract/extract-worker.ts';
import { ModelGate } from '../../src/extract/model-gate/model-gate.ts';
import type { Timing } from '../../src/extract/timing.ts';
import type { Outbox, OutboxDestination } from '../../src/publish/outbox.ts';
import type { RecordSink } from '../../src/publish/record-sink.ts';
import { relayOnce } from '../../src/publish/relay.ts';
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { Crash, isOutage, Lane, type Crossing, type Plan } from './lane.ts';
import { simulatedClosingStore } from './simulated-closing-store.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import { simulatedExtractionStore } from './simulated-extraction-store.ts';
import type { SimulatedLog } from './simulated-log.ts';
import { SimulatedMember } from './simulated-member.ts';
import { simulatedMessageStore } from './simulated-message-store.ts';
import { simulatedAnswers, simulatedModel, simulatedStage } from './simulated-model.ts';
import { simulatedOutbox, simulatedSink, type SimulatedTopics } from './simulated-outbox.ts';

export const graceMs = 2_000;
export const leaseMs = 10_000;

const mostPauses = 20;

export type Role = 'consume' | 'close' | 'extract' | 'publish';

/** What a process works with. */
export interface Surroundings {
  readonly database: SimulatedDatabase;
  readonly log: SimulatedLog;
  readonly topics: SimulatedTopics;
  readonly crossing: Crossing;
  /** A transaction is about to move the position of this partition. */
  readonly onCommitting: (processName: string, partition: number) => void;
}

/** Of all processes of all schedules: counting is not what is simulated. */
const metrics = createMetrics();

/** One process with all roles: the product's own consumer, closer, worker and relay over simulated ports. */
export class SimulatedProcess {
  readonly name: string;
  readonly member: SimulatedMember;
  readonly #lanes: Readonly<Record<Role, Lane>>;
  readonly #database: SimulatedDatabase;
  readonly #consumer: Consumer;
  readonly #closing: ClosingStore;
  readonly #worker: ExtractWorker;
  readonly #outbox: Outbox;
  readonly #sink: RecordSink;
  readonly #busy = new Set<Role>();
  #pauses = 0;

  constructor(name: string, { database, log, topics, crossing, onCommitting }: Surroundings) {
    this.name = name;
    this.#database = database;
    const lane = (role: Role): Lane => new Lane(`${name} ${role}`, crossing);
    const lanes = {
      consume: lane('consume'),
      close: lane('close'),
      extract: lane('extract'),
      publish: lane('publish'),
    };
    this.#lanes = lanes;
    const storedAt = (partition: number): bigint =>
      database.progress.find(String(partition))?.nextOffset ?? 0n;
    const isReadToItsEnd = (partition: number, withinMs: number): boolean =>
      log.isReadToItsEnd(partition, storedAt(partition), withinMs);
    this.member = new SimulatedMember(name, log, lanes.consume, { breach: database.breach, storedAt });
    this.#closing = simulatedClosingStore(database, lanes.close, isReadToItsEnd);
    this.#outbox = simulatedOutbox(database, lanes.publish);
    this.#sink = simulatedSink(lanes.publish, topics);
    const logger = loggerOf(database);
    this.#consumer = new Consumer({
      closing: this.#closing,
      decode: (record) => log.decoded(record),
      graceMs,
      clock: database.clock,
      logger,
      metrics,
      source: this.member,
      store: simulatedMessageStore(database, lanes.consume, (partition) => {
        onCommitting(name, partition);
      }),
      onStored: () => undefined,
      pause: () => this.#pause(),
      // Never within a schedule: the time of the machine decides nothing.
      beatEveryMs: 1_000_000_000,
    });
    this.#worker = workerOf(name, database, lanes.extract, logger);
    database.alive.add(name);
  }

  async start(): Promise<void> {
    await this.#consumer.start();
  }

  isBusy(role: Role): boolean {
    return this.#busy.has(role);
  }

  /** Reads one batch of a partition and stores it. */
  poll(partition: number, most: number, plan: Plan): Promise<void> {
    return this.#run('consume', plan, () => this.member.poll(partition, most));
  }

  commitOffsets(plan: Plan): Promise<void> {
    return this.#run('consume', plan, () => this.member.commit());
  }

  /** As the role does it: what is read to its end is caught up. */
  noteProgress(plan: Plan): Promise<void> {
    return this.#run('consume', plan, async () => {
      const progress = await this.#consumer.progress();
      // By the closer's connection, which no plan stops here.
      if (this.#busy.has('close')) return;
      this.#lanes.close.follow({ parksAt: null, fails: null });
      await this.#closing.markCaughtUp(progress.filter(({ position, endOffset }) => position >= endOffset));
    });
  }

  close(plan: Plan): Promise<void> {
    return this.#run('close', plan, async () => {
      await closeWindows(this.#closing, this.#consumer.assigned, {
        owner: this.name,
        graceMs,
        leaseMs,
        batchSize: 8,
      });
    });
  }

  /** Claims what is due. What is claimed goes on by itself, as far as the plan lets it. */
  claim(plan: Plan): Promise<void> {
    return this.#run('extract', plan, async () => {
      await this.#worker.claim();
    });
  }

  get extracting(): number {
    return this.#worker.inFlight;
  }

  /** Without a plan: it must not change the one of what is in flight. */
  async renew(): Promise<void> {
    await this.#worker.renew().catch(ignoreOutage);
  }

  relay(destination: OutboxDestination, plan: Plan): Promise<void> {
    return this.#run('publish', plan, async () => {
      const limits = { batchSize: 8, maxRecordBytes: 1_000_000 };
      await relayOnce(this.#outbox, this.#sink, {
        owner: this.name,
        leaseMs,
        destination,
        topic: destination,
        ...limits,
      });
    });
  }

  /** Ends at once, wherever it stands. */
  kill(): void {
    const lanes = Object.values(this.#lanes);
    for (const lane of lanes) lane.kill();
    this.#database.cut(lanes);
    this.#database.alive.delete(this.name);
  }

  /** Every failure passes: a batch that is tried so often is tried for ever. */
  async #pause(): Promise<void> {
    await this.#lanes.consume.call('pause');
    this.#pauses += 1;
    if (this.#pauses < mostPauses) return;
    this.#database.violated('a batch is tried for ever');
    throw new Crash('tried too often');
  }

  async #run(role: Role, plan: Plan, work: () => Promise<void>): Promise<void> {
    if (this.#busy.has(role)) return;
    this.#busy.add(role);
    this.#pauses = 0;
    this.#lanes[role].follow(plan);
    try {
      await work().catch(ignoreOutage);
    } catch (error) {
      this.#database.violated(`${role} threw ${String(error)}`);
    } finally {
      this.#busy.delete(role);
    }
  }
}

function workerOf(owner: string, database: SimulatedDatabase, lane: Lane, logger: Logger): ExtractWorker {
  const timing: Timing = {
    nowMs: () => database.nowMs(),
    random: () => 0.5,
    sleep: () => Promise.resolve(),
  };
  return new ExtractWorker({
    owner,
    timing,
    leaseMs,
    logger,
    metrics,
    fallbackAfterMs: null,
    concurrency: 2,
    store: simulatedExtractionStore(database, lane),
    forBot: () => ({ stages: [simulatedStage], model: 'any', ignoresUser: () => false }),
    model: { client: simulatedModel(lane), gate: new ModelGate({ maxConcurrency: 2, timing }) },
    answersFor: (claim, members) => simulatedAnswers(database, lane, claim, members),
    onSettled: () => undefined,
    onFree: () => undefined,
  });
}

/** What a loop would try again. */
function ignoreOutage(error: unknown): void {
  if (!isOutage(error)) throw error;
}

/** Silent, but for failures that are no outage: a fault of the product, or of the simulation. */
function loggerOf(database: SimulatedDatabase): Logger {
  return {
    ...silentLogger,
    failure: (event, error) => {
      if (!isOutage(error) && !isAbort(error)) database.violated(`${event}: ${String(error)}`);
    },
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && /lease of the window was lost/.test(error.message);
}
