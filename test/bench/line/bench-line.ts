import { randomBytes } from 'node:crypto';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { asBuilt } from '../../support/afterword-process.ts';
import { startWorker, type WorkerProcess } from '../../support/worker-process.ts';
import { until } from '../../support/until.ts';
import type { ProfileFolder } from '../profile/profile-folder.ts';
import { createBenchDatabase, type BenchDatabase } from './bench-database.ts';
import type { Services } from './services.ts';
import { createTopics } from '../../../src/adapters/kafka/create-topics.ts';

/** The services of a run, and what every benchmark does with them. */
export class BenchLine {
  readonly kafka: Kafka;
  readonly brokers: string;
  readonly #postgresUrl: string;
  readonly #profiles: ProfileFolder | undefined;
  readonly #program: readonly string[] | undefined;
  readonly #note: (line: string) => void;

  /** @param built measures what `npm run build` made, as its users have it; else the source */
  constructor(
    services: Services,
    { profiles, built }: { readonly profiles: ProfileFolder | undefined; readonly built: boolean },
    note: (line: string) => void,
  ) {
    this.brokers = services.brokers;
    this.#postgresUrl = services.postgresUrl;
    this.#profiles = profiles;
    this.#program = built ? asBuilt : undefined;
    this.#note = note;
    this.kafka = new kafkajs.Kafka({
      brokers: services.brokers.split(','),
      clientId: 'afterword-bench',
      logLevel: kafkajs.logLevel.NOTHING,
    });
  }

  note(words: string): void {
    this.#note(words);
  }

  createDatabase(): Promise<BenchDatabase> {
    return createBenchDatabase(this.#postgresUrl);
  }

  /** A topic that no other measurement has used; deleted with its records by `removeTopics`. */
  async createTopic(stem: string, partitions: number): Promise<string> {
    const topic = `bench-${stem}-${randomBytes(4).toString('hex')}`;
    await this.withAdmin(async (admin) => {
      await createTopics(admin, [{ topic, numPartitions: partitions }]);
    });
    return topic;
  }

  async removeTopics(...topics: readonly string[]): Promise<void> {
    await this.withAdmin((admin) => admin.deleteTopics({ topics: [...topics] }));
  }

  /** Starts `afterword run` as its users do; with --profile its CPU and statements are recorded. */
  startWorker(roles: string, label: string, environment: Readonly<Record<string, string>>): WorkerProcess {
    const all = { KAFKA_BROKERS: this.brokers, ...environment, ...this.#profiles?.environmentFor(label) };
    return startWorker(roles, all, { program: this.#program });
  }

  /** After a worker has stopped: writes the statements of the database beside its CPU profile. */
  async keepProfile(label: string, database: BenchDatabase): Promise<void> {
    for (const line of (await this.#profiles?.keep(label, database.pool)) ?? []) this.#note(line);
  }

  /** Statements before this do not count. */
  async beginProfile(database: BenchDatabase): Promise<void> {
    await this.#profiles?.begin(database.pool);
  }

  /** A new one each time: kafkajs goes on asking for the metadata of topics that it has deleted. */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** When the worker logged an event the first time, in epoch milliseconds. */
export async function firstLogged(worker: WorkerProcess, event: string): Promise<number> {
  const find = (): Readonly<Record<string, unknown>> | undefined => worker.logged(event)[0];
  await until(`the event ${event}`, () => {
    if (worker.child.exitCode !== null) throw new Error(`the worker has ended: ${worker.output()}`);
    return find() !== undefined;
  });
  return Date.parse(String(find()?.['time']));
}
