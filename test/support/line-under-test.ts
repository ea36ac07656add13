import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import pg from 'pg';
import { inject } from 'vitest';
import type { AnthropicServer } from './anthropic-server.ts';
import { testApiKey } from './anthropic-server.ts';
import type { PublishedMessage } from './conversations.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { uniqueTopic } from './kafka-suite.ts';
import { until } from './until.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';
import { createTopics } from '../../src/adapters/kafka/create-topics.ts';

interface Topics {
  readonly messages: string;
  readonly results: string;
  readonly dead: string;
}

export interface LineOptions {
  readonly partitions?: number;
  /** Another broker than the run's. */
  readonly brokers?: string;
  /** Which topics are there from the start; all by default. */
  readonly topics?: readonly (keyof Topics)[];
  readonly model?: AnthropicServer;
}

/** How every window of the database stands. */
export interface Standing {
  readonly messages: number;
  readonly windows: number;
  /** Windows whose work has ended, by how. */
  readonly done: number;
  readonly failed: number;
  /** Events that wait to be sent. */
  readonly outbox: number;
}

/** Topics, a database and the processes of one test: the whole line, as its users run it. */
export class LineUnderTest {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly topics: Topics;
  readonly #database: TestDatabase;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #workers: WorkerProcess[] = [];
  #pool: pg.Pool;

  private constructor(kafka: Kafka, database: TestDatabase, options: LineOptions, brokers: string) {
    this.kafka = kafka;
    this.admin = kafka.admin();
    this.#database = database;
    this.#pool = openPool(database);
    this.topics = {
      messages: uniqueTopic('messages'),
      results: uniqueTopic('results'),
      dead: uniqueTopic('dead'),
    };
    this.#environment = {
      KAFKA_BROKERS: brokers,
      KAFKA_MESSAGES_TOPIC: this.topics.messages,
      KAFKA_RESULTS_TOPIC: this.topics.results,
      KAFKA_DEAD_LETTER_TOPIC: this.topics.dead,
      KAFKA_GROUP_ID: this.topics.messages,
      DATABASE_URL: database.url,
      SESSION_GRACE: '1s',
      ...(options.model !== undefined && {
        ANTHROPIC_API_KEY: testApiKey,
        ANTHROPIC_BASE_URL: options.model.baseURL,
      }),
    };
  }

  static async start(options: LineOptions = {}): Promise<LineUnderTest> {
    const brokers = options.brokers ?? inject('kafkaBrokers') ?? '';
    const kafka = new kafkajs.Kafka({
      brokers: brokers.split(','),
      clientId: 'e2e',
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const line = new LineUnderTest(kafka, await createTestDatabase(), options, brokers);
    await line.admin.connect();
    await line.makeTopics(options.topics ?? ['messages', 'results', 'dead'], options.partitions ?? 2);
    return line;
  }

  async makeTopics(names: readonly (keyof Topics)[], partitions = 2): Promise<void> {
    if (names.length === 0) return;
    await createTopics(
      this.admin,
      names.map((name) => ({ topic: this.topics[name], numPartitions: partitions })),
    );
  }

  get pool(): pg.Pool {
    return this.#pool;
  }

  /** Copies the database, and returns what puts the copy in its place. No worker may run, both times. */
  async copyDatabase(): Promise<() => Promise<void>> {
    const restore = await this.#withoutPool(() => this.#database.copy());
    return () => this.#withoutPool(restore);
  }

  async #withoutPool<T>(work: () => Promise<T>): Promise<T> {
    await this.#pool.end();
    try {
      return await work();
    } finally {
      this.#pool = openPool(this.#database);
    }
  }

  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  /** Starts `afterword run`; killed with the line when the test has not stopped it. */
  startWorker(
    roles: string,
    environment: Readonly<Record<string, string>> = {},
    options: readonly string[] = [],
  ): WorkerProcess {
    const worker = startWorker(roles, { ...this.#environment, ...environment }, { options });
    this.#workers.push(worker);
    return worker;
  }

  async publish(events: readonly PublishedMessage[]): Promise<void> {
    const producer = this.kafka.producer();
    await producer.connect();
    await producer.send({
      topic: this.topics.messages,
      messages: events.map((event) => ({
        key: `${event.bot_id}/${event.user_id}`,
        value: JSON.stringify(event),
      })),
    });
    await producer.disconnect();
  }

  async standing(): Promise<Standing> {
    const { rows } = await this.pool.query<Record<keyof Standing, string>>(
      `select (select count(*) from afterword.messages) as messages,
         (select count(*) from afterword.windows where status in ('open', 'closed')) as windows,
         (select count(*) from afterword.windows w join afterword.extractions e using (window_id)
          where w.status = 'closed' and e.status in ('done', 'skipped')) as done,
         (select count(*) from afterword.extractions where status = 'failed') as failed,
         (select count(*) from afterword.outbox where sent_at is null and destination <> 'vectors') as outbox`,
    );
    const read = (name: keyof Standing): number => Number(rows[0]?.[name] ?? -1);
    return {
      messages: read('messages'),
      windows: read('windows'),
      done: read('done'),
      failed: read('failed'),
      outbox: read('outbox'),
    };
  }

  /** So many extractions for each status. */
  async extractions(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await this.pool.query<{ status: string; count: string }>(
      'select status, count(*) from afterword.extractions group by status',
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
  }

  /** How every stage of every window ended: `facts done model` and so on, with how often. */
  async stages(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await this.pool.query<{ ended: string; count: string }>(
      `select concat_ws(' ', stage, status, coalesce(method, error_code, reason)) as ended, count(*)
       from afterword.stage_tasks where superseded_at is null group by 1`,
    );
    return Object.fromEntries(rows.map(({ ended, count }) => [ended, Number(count)]));
  }

  /** Waits until so many windows have ended, failed ones included, and all events are sent. */
  async settled(windows: number): Promise<void> {
    const holds = async (): Promise<boolean> => {
      const now = await this.standing();
      return now.windows === windows && now.done + now.failed === windows && now.outbox === 0;
    };
    await until(`${windows} windows to end and be sent`, holds).catch(async (error: unknown) => {
      const standing = { ...(await this.standing()), extractions: await this.extractions() };
      const lastWords = this.output().slice(-4_000);
      throw new Error(`${String(error)}: ${JSON.stringify(standing)}\n${lastWords}`, { cause: error });
    });
  }

  /** What every process of this line has written. */
  output(): string {
    return this.#workers.map((worker) => worker.output()).join('\n');
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.admin.disconnect();
    await this.#pool.end();
    await this.#database.drop();
  }
}

function openPool({ url }: TestDatabase): pg.Pool {
  return new pg.Pool({ connectionString: url, max: 3 });
}
