import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka } from 'kafkajs';
import { createTopics } from '../../../src/adapters/kafka/create-topics.ts';
import { createBenchDatabase, type BenchDatabase } from '../../bench/line/bench-database.ts';
import { AnthropicServer, testApiKey } from '../../support/anthropic-server.ts';
import { QdrantServer } from '../../support/qdrant-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';
import type { WireTarget } from '../wire/wire-proxy.ts';
import { Load } from './load.ts';
import type { LoadRecord } from './load-record.ts';
import { Member, type MemberRole } from './member.ts';
import { Random } from './random.ts';
import type { FaultServices } from './services.ts';

export interface LineTopics {
  readonly messages: string;
  readonly results: string;
  readonly deadLetter: string;
}

const partitions = 4;
const membersOfRole = 2;
/** Windows that one process extracts at once: so many calls may be lost with it. */
export const concurrency = 2;
export const settings = { gapMs: 30 * 60_000, maxMessages: 12, maxDurationMs: 12 * 3_600_000 };

/**
 * The real line: topics, a database, two processes of each role, a model and a vector index
 * that stand in, and the load. The results topic is missing until `makeResultsTopic`.
 */
export class FaultLine {
  readonly services: FaultServices;
  readonly random: Random;
  readonly kafka: Kafka;
  readonly topics: LineTopics;
  readonly groupId: string;
  readonly database: BenchDatabase;
  readonly model: AnthropicServer;
  readonly vectors: TcpProxy;
  readonly load: Load;
  readonly all: Member[] = [];
  /** Calls of the model that a fault may have cost. */
  allowedExtraCalls = 0;
  /** Ends of processes that a case expects, such as starts without a database. */
  allowedOwnEnds = 0;
  published = 0;
  readonly #qdrant: QdrantServer;
  /** Of every process, but for the ways that each has of its own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #witnesses = new Set<Member>();
  #hasResults = false;

  private constructor(parts: LineParts) {
    this.services = parts.services;
    this.random = parts.random;
    this.database = parts.database;
    // Idle connections break with the server, and that is meant.
    parts.database.pool.on('error', () => undefined);
    this.model = parts.model;
    this.vectors = parts.vectors;
    this.#qdrant = parts.qdrant;
    const stem = randomBytes(4).toString('hex');
    this.load = new Load(parts.random, `u${stem}`);
    this.groupId = `faults-${stem}`;
    this.topics = {
      messages: `faults-messages-${stem}`,
      results: `faults-results-${stem}`,
      deadLetter: `faults-dead-${stem}`,
    };
    this.kafka = new kafkajs.Kafka({
      brokers: [parts.services.broker.brokers],
      clientId: 'faults',
      logLevel: kafkajs.logLevel.NOTHING,
    });
    this.environment = {
      KAFKA_MESSAGES_TOPIC: this.topics.messages,
      KAFKA_RESULTS_TOPIC: this.topics.results,
      KAFKA_DEAD_LETTER_TOPIC: this.topics.deadLetter,
      KAFKA_GROUP_ID: this.groupId,
      QDRANT_URL: `http://127.0.0.1:${parts.vectors.port}`,
      ANTHROPIC_API_KEY: testApiKey,
      EXTRACT_CONCURRENCY: String(concurrency),
      SESSION_GRACE: '1s',
      SESSION_MAX_MESSAGES: String(settings.maxMessages),
      LOG_LEVEL: parts.logLevel,
    };
  }

  static async start(
    services: FaultServices,
    { seed, logLevel = 'debug' }: { readonly seed: number; readonly logLevel?: 'debug' | 'info' },
  ): Promise<FaultLine> {
    const [database, model, qdrant] = await Promise.all([
      createBenchDatabase(services.postgres.url),
      AnthropicServer.start(),
      QdrantServer.start(),
    ]);
    const vectors = new TcpProxy(targetOf(qdrant.url));
    await vectors.open();
    const random = new Random(seed);
    const line = new FaultLine({ services, database, model, qdrant, vectors, random, logLevel });
    await line.makeTopics(line.topics.messages, line.topics.deadLetter);
    // One first: the settings in force are stored by the first start.
    await (await line.addMember('consume')).start();
    const others = (['consume', 'extract', 'publish'] as const).flatMap((role) =>
      Array.from({ length: role === 'consume' ? membersOfRole - 1 : membersOfRole }, () => role),
    );
    for (const role of others) await line.addMember(role);
    await Promise.all(line.all.filter((member) => !member.isRunning).map((member) => member.start()));
    return line;
  }

  /** Those that cases kill and suspend. */
  members(role: MemberRole): readonly Member[] {
    return this.all.filter((member) => member.role === role && !this.#witnesses.has(member));
  }

  /** One that meets every outage and is never chosen by a case: what it uses can be compared over time. */
  async addWitness(role: MemberRole): Promise<Member> {
    const member = await this.addMember(role);
    this.#witnesses.add(member);
    return member;
  }

  /** A further place of this role, empty until it is started. */
  async addMember(role: MemberRole): Promise<Member> {
    const number = this.all.filter((member) => member.role === role).length + 1;
    const member = await Member.open(role, `${role}-${number}`, {
      postgres: targetOf(this.database.url),
      broker: targetOf(`tcp://${this.services.broker.brokers}`),
      model: targetOf(this.model.baseURL),
      databaseUrl: this.database.url,
      environment: this.environment,
    });
    this.all.push(member);
    return member;
  }

  /** Once; does nothing where it is there. */
  async makeResultsTopic(): Promise<void> {
    if (this.#hasResults) return;
    this.#hasResults = true;
    await this.makeTopics(this.topics.results);
  }

  /** Sends a wave of the load; tries until the broker has taken it, which may make duplicates. */
  async wave(conversations?: number): Promise<void> {
    await this.publish(this.load.wave(conversations));
  }

  async publish(records: readonly LoadRecord[]): Promise<void> {
    const messages = records.map(({ key, value, headers }) => ({ key, value, ...(headers && { headers }) }));
    await until(
      'the broker to take the load',
      async () => {
        const producer = this.kafka.producer({ retry: { retries: 2 } });
        try {
          await producer.connect();
          await producer.send({ topic: this.topics.messages, messages });
          return true;
        } catch {
          return false;
        } finally {
          await producer.disconnect().catch(() => undefined);
        }
      },
      { deadlineMs: 120_000, everyMs: 500 },
    );
    this.published += records.length;
  }

  /** Waves as long as the work takes, and one more after it. */
  async whileLoaded<T>(work: () => Promise<T>, everyMs = 1_000): Promise<T> {
    const ending = new AbortController();
    const loading = this.#load(ending.signal, everyMs);
    try {
      return await work();
    } finally {
      ending.abort();
      await loading;
      await this.wave(3);
    }
  }

  outputs(): readonly string[] {
    return this.all.flatMap((member) => member.outputs());
  }

  /** Everything works again, whatever a case has left behind. */
  calm(): void {
    for (const member of this.all) {
      member.disarm();
      member.postgres.mend();
      member.kafka.mend();
      member.model.mend();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((member) => member.close()));
    await this.vectors.cut();
    await Promise.all([this.model.close(), this.#qdrant.close(), this.database.drop()]);
  }

  async #load(ending: AbortSignal, everyMs: number): Promise<void> {
    while (!ending.aborted) {
      await this.wave(3);
      await sleep(everyMs);
    }
  }

  async makeTopics(...names: readonly string[]): Promise<void> {
    const admin = this.kafka.admin();
    await admin.connect();
    await createTopics(
      admin,
      names.map((topic) => ({ topic, numPartitions: partitions })),
    );
    await admin.disconnect();
  }
}

interface LineParts {
  readonly services: FaultServices;
  readonly database: BenchDatabase;
  readonly model: AnthropicServer;
  readonly qdrant: QdrantServer;
  readonly vectors: TcpProxy;
  readonly random: Random;
  readonly logLevel: 'debug' | 'info';
}

function targetOf(url: string): WireTarget {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
