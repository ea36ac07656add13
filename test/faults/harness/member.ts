import type { AfterwordProcess, Finished } from '../../support/afterword-process.ts';
import { until } from '../../support/until.ts';
import { startWorker } from '../../support/worker-process.ts';
import { HttpDialect, type SeenCall } from '../wire/http-dialect.ts';
import { KafkaDialect, type SeenRequest } from '../wire/kafka-dialect.ts';
import { PostgresDialect, type SeenStatement } from '../wire/postgres-dialect.ts';
import { WireProxy, type WireTarget } from '../wire/wire-proxy.ts';
import { clockSignals, steppedClock } from './stepped-clock.ts';

export type MemberRole = 'consume' | 'extract' | 'publish';

export interface MemberPlace {
  readonly postgres: WireTarget;
  readonly broker: WireTarget;
  readonly model: WireTarget;
  /** The database of the line; its address is replaced by the proxy's. */
  readonly databaseUrl: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Far shorter than the product asks for, so that a death is noticed soon; a heartbeat comes every 3 s. */
export const sessionTimeoutMs = 8_000;
const restartAfterMs = 1_000;
/** On a machine with better things to do. */
const startWithinMs = 120_000;

/**
 * One place in the line and the processes that fill it one after the other, each with its
 * own ways to Postgres, broker and model.
 */
export class Member {
  readonly role: MemberRole;
  readonly name: string;
  readonly postgres: WireProxy<SeenStatement>;
  readonly kafka: WireProxy<SeenRequest>;
  readonly model: WireProxy<SeenCall>;
  readonly #place: MemberPlace;
  readonly #pastOutput: string[] = [];
  #process: AfterwordProcess | undefined;
  #isWanted = false;
  starts = 0;
  kills = 0;
  /** Ends that nobody asked for, by exit code. */
  readonly ownEnds: (number | null)[] = [];

  private constructor(role: MemberRole, name: string, place: MemberPlace, ways: Ways) {
    this.role = role;
    this.name = name;
    this.#place = place;
    this.postgres = ways.postgres;
    this.kafka = ways.kafka;
    this.model = ways.model;
  }

  static async open(role: MemberRole, name: string, place: MemberPlace): Promise<Member> {
    const [postgres, kafka, model] = await Promise.all([
      WireProxy.start(place.postgres, () => new PostgresDialect()),
      WireProxy.start(
        place.broker,
        (ownPort) =>
          new KafkaDialect({ brokerPort: place.broker.port, ownPort: () => ownPort, sessionTimeoutMs }),
      ),
      WireProxy.start(place.model, () => new HttpDialect()),
    ]);
    return new Member(role, name, place, { postgres, kafka, model });
  }

  get pid(): number | undefined {
    return this.#process?.child.pid;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** What all its processes have written. */
  outputs(): readonly string[] {
    return [...this.#pastOutput, ...(this.#process === undefined ? [] : [this.#process.output()])];
  }

  /** Resolves once the process says that it works. */
  async start(): Promise<void> {
    this.#launch();
    const isStarted = (): boolean => this.#process?.output().includes('"process.started"') === true;
    await until(`${this.name} to start`, isStarted, { deadlineMs: startWithinMs });
  }

  /** kill -9, at once; the process is not started again by itself. */
  killNow(): void {
    this.#isWanted = false;
    this.kills += 1;
    this.#process?.child.kill('SIGKILL');
  }

  async kill(): Promise<void> {
    const { finished } = this.#required();
    this.killNow();
    await finished;
  }

  /** After `killNow`: waits for its end and starts the next one. */
  async restart(): Promise<void> {
    await this.#process?.finished;
    await this.start();
  }

  /** SIGTERM, and waits for the end. */
  async stop(): Promise<Finished> {
    this.#isWanted = false;
    return this.#required().stop();
  }

  suspend(): void {
    this.#required().child.kill('SIGSTOP');
  }

  wake(): void {
    this.#required().child.kill('SIGCONT');
  }

  stepClock(way: keyof typeof clockSignals): void {
    this.#required().child.kill(clockSignals[way]);
  }

  /** Nothing is done about anything any more. */
  disarm(): void {
    this.postgres.setRule(undefined);
    this.kafka.setRule(undefined);
    this.model.setRule(undefined);
  }

  async close(): Promise<void> {
    this.disarm();
    this.#isWanted = false;
    if (this.#process !== undefined) await this.kill();
    await Promise.all([this.postgres.close(), this.kafka.close(), this.model.close()]);
  }

  #required(): AfterwordProcess {
    if (this.#process === undefined) throw new Error(`${this.name} does not run`);
    return this.#process;
  }

  #launch(): void {
    const { environment, databaseUrl } = this.#place;
    const url = new URL(databaseUrl);
    url.port = String(this.postgres.port);
    const worker = startWorker(this.role, {
      ...environment,
      ...steppedClock,
      DATABASE_URL: url.href,
      KAFKA_BROKERS: `127.0.0.1:${this.kafka.port}`,
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${this.model.port}`,
    });
    this.#process = worker;
    this.#isWanted = true;
    this.starts += 1;
    void worker.finished.then(({ exitCode }) => {
      this.#pastOutput.push(worker.output());
      this.#process = undefined;
      if (this.#isWanted) this.#comeBack(exitCode);
    });
  }

  /** As whoever runs it in production would have it. */
  #comeBack(exitCode: number | null): void {
    this.ownEnds.push(exitCode);
    setTimeout(() => {
      if (this.#isWanted) this.#launch();
    }, restartAfterMs);
  }
}

interface Ways {
  readonly postgres: WireProxy<SeenStatement>;
  readonly kafka: WireProxy<SeenRequest>;
  readonly model: WireProxy<SeenCall>;
}
