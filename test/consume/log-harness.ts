import { setTimeout as sleep } from 'node:timers/promises';

import type { Admin, Kafka } from 'kafkajs';

import { createKafkaRecordSource } from '../../src/adapters/kafka/record-source.ts';
import { systemClock } from '../../src/clock.ts';
import { closeUnread, closeWindows, type CloserOptions } from '../../src/consume/close-windows.ts';
import { Consumer } from '../../src/consume/consumer.ts';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { RecordSource } from '../../src/consume/record-source.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { createBareKafka, makeTopic } from '../adapters/kafka/kafka-log.ts';
import { dayMs, message, openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { createTopics } from '../../src/adapters/kafka/create-topics.ts';

export interface LogReader {
  readonly consumer: Consumer;
  readonly source: RecordSource;
  stop(): Promise<void>;
}

const closerOptions: CloserOptions = { owner: 'closer', graceMs: 0, leaseMs: 60_000, batchSize: 100 };

/** The real consumer between a real Kafka and a real Postgres, and what a test does to the log under it. */
export class LogHarness {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly store: StoreHarness;
  topic = '';
  metrics: Metrics = createMetrics();
  /** What was logged since the test began, or since it was emptied. */
  logged: Record<string, unknown>[] = [];
  readonly #brokers: string[];
  readonly #readers: LogReader[] = [];
  #written = 0;

  private constructor(brokers: string[], kafka: Kafka, admin: Admin, store: StoreHarness) {
    this.#brokers = brokers;
    this.kafka = kafka;
    this.admin = admin;
    this.store = store;
  }

  static async open(brokers: string[]): Promise<LogHarness> {
    const kafka = createBareKafka(brokers);
    const admin = kafka.admin();
    await admin.connect();
    return new LogHarness(brokers, kafka, admin, await openStoreHarness());
  }

  /** Before each test: empty tables, a topic of its own, which is also the name of its group. */
  async begin(partitions = 1): Promise<void> {
    await this.store.begin();
    this.topic = await makeTopic(this.admin, {}, partitions);
    this.metrics = createMetrics();
    this.logged = [];
    this.#written = 0;
  }

  /** After each test. */
  async end(): Promise<void> {
    await Promise.all(this.#readers.splice(0).map((reader) => reader.stop()));
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
    await this.store.close();
  }

  /** Reads as the consume role does, the poll of the log's end included. */
  async consume(over = this.store, groupId = this.topic): Promise<LogReader> {
    const source = createKafkaRecordSource({
      brokers: this.#brokers,
      topic: this.topic,
      groupId,
      clientId: 'consumer',
      maxWaitTimeMs: 100,
      sessionTimeoutMs: 6_000,
    });
    const consumer = new Consumer({
      source,
      store: over.store,
      closing: over.closing,
      decode: decodeRecord,
      graceMs: 0,
      clock: systemClock,
      logger: createLogger({
        level: 'info',
        destination: { write: (line) => void this.logged.push(JSON.parse(line) as Record<string, unknown>) },
      }),
      metrics: this.metrics,
      onStored: () => undefined,
      pause: () => sleep(20),
    });
    const noteProgress = async (): Promise<void> => {
      const partitions = await consumer.progress();
      const ended = partitions.filter(({ position, endOffset }) => position >= endOffset);
      await over.closing.markCaughtUp(ended);
    };
    await consumer.start();
    let last = Promise.resolve();
    const poll = setInterval(() => {
      last = last.then(noteProgress).catch(() => undefined);
    }, 200);
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      clearInterval(poll);
      await consumer.stop();
      await last;
    };
    const reader = { consumer, source, stop: () => (stopped ??= stop()) };
    this.#readers.push(reader);
    return reader;
  }

  /** One pass of the closer over what this reader holds: whose window it closed, and for which reason. */
  async closed({ consumer }: LogReader): Promise<string[]> {
    const pass = await closeWindows(this.store.closing, consumer.assigned, closerOptions);
    return pass.closed.map(({ userId, closeReason }) => `${userId} ${closeReason}`).sort();
  }

  /** One pass over the partitions that nobody reads, with the log as this source tells it. */
  async closedUnread(source: RecordSource): Promise<string[]> {
    const log = await source.partitions();
    const pass = await closeUnread(this.store.closing, this.topic, log, closerOptions);
    return pass.closed.map(({ userId, closeReason }) => `${userId} ${closeReason}`).sort();
  }

  /** A further message, another than all before, as a bot writes it. */
  next(user = 'ann'): string {
    this.#written += 1;
    return JSON.stringify(message({ id: `m${this.#written}`, atMs: dayMs + this.#written, user }));
  }

  /** So many further messages. */
  async publish(count: number, partition = 0, user = 'ann'): Promise<void> {
    const values = Array.from({ length: count }, () => this.next(user));
    const producer = this.kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic: this.topic, messages: values.map((value) => ({ value, partition })) });
    await producer.disconnect();
  }

  async stored(over = this.store): Promise<number> {
    const [row] = await over.rows<{ count: number }>('select count(*)::int as count from afterword.messages');
    return row?.count ?? 0;
  }

  async allStored(count: number, over = this.store): Promise<void> {
    await until(`${count} messages to be stored`, async () => (await this.stored(over)) === count, {
      everyMs: 50,
    });
  }

  /** The members of all live windows together: each message is in one. */
  async members(over = this.store): Promise<number> {
    const [row] = await over.rows<{ members: number }>(
      `select coalesce(sum(message_count), 0)::int as members from afterword.windows where status <> 'superseded'`,
    );
    return row?.members ?? 0;
  }

  async committedUpTo(offset: number, partition = 0): Promise<void> {
    const committed = async (): Promise<string | undefined> => {
      const [group] = await this.admin.fetchOffsets({ groupId: this.topic, topics: [this.topic] });
      return group?.partitions.find((found) => found.partition === partition)?.offset;
    };
    await until(`the commit of ${offset}`, async () => (await committed()) === String(offset), {
      everyMs: 50,
    });
  }

  /** As retention does: what lies below `offset` is gone. */
  async cutBelow(offset: number, partition = 0): Promise<void> {
    // kafkajs deletes only through a broker that it has spoken to about the topic.
    await this.admin.fetchTopicOffsets(this.topic);
    const { topic } = this;
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  }

  async makeAnew(partitions = 1): Promise<void> {
    const { admin, topic } = this;
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic), {
      everyMs: 10,
    });
    await createTopics(admin, [{ topic, numPartitions: partitions }]);
  }

  /** How often which alarm about positions was counted since the test began. */
  async alarms(): Promise<string[]> {
    const alarm = /^afterword_position_alarms_total\{kind="(.+)"\} (\d+)$/gm;
    const found = [...(await this.metrics.render()).matchAll(alarm)];
    return found.map(([, kind = '', count = '']) => `${kind} ${count}`);
  }

  told(event: string): readonly Record<string, unknown>[] {
    return this.logged.filter((line) => line['event'] === event);
  }
}
