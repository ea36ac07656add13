import kafkajs, { type Message, type Producer } from 'kafkajs';

import { AfterwordError } from '../../errors.ts';
import type { OutgoingRecord, RecordSink } from '../../publish/record-sink.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { reasonOf, toLogError } from './kafka-errors.ts';
import { toKafkaHeaders } from './record-headers.ts';
import { splitBySize } from './split-by-size.ts';
import { createSteadyPartitioner } from './steady-partitioner.ts';

export interface KafkaRecordSinkOptions extends KafkaConnection {
  /** Whether values are compressed on their way; gzip is the one codec that needs nothing native. */
  readonly compression?: 'none' | 'gzip';
}

export function createKafkaRecordSink(options: KafkaRecordSinkOptions): RecordSink {
  return new KafkaRecordSink(options);
}

/** kafkajs makes one record batch per partition and request, and brokers refuse batches above 1 MB. */
const maxRequestBytes = 768 * 1024;

class KafkaRecordSink implements RecordSink {
  readonly #options: KafkaRecordSinkOptions;
  #producer: Promise<Producer> | undefined;
  /** Sends follow each other, so that two calls cannot change the order of a key. */
  #last: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: KafkaRecordSinkOptions) {
    this.#options = options;
  }

  send(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#stopped) {
      return Promise.reject(new AfterwordError('LOG_STOPPED', 'Kafka: the sink was stopped'));
    }
    const sent = this.#last.then(() => this.#sendParts(records));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
    await this.#discardProducer();
  }

  async #sendParts(records: readonly OutgoingRecord[]): Promise<void> {
    for (const part of splitBySize(records, maxRequestBytes)) await this.#sendPart(part);
  }

  /** A topic may allow less than a broker's default: what is too large together is halved. */
  async #sendPart(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      await this.#produce(records);
    } catch (error) {
      const translated = toLogError(error, 'sending records');
      if (translated.code !== 'RECORD_TOO_LARGE' || records.length === 1) throw translated;
      const middle = Math.ceil(records.length / 2);
      await this.#sendPart(records.slice(0, middle));
      await this.#sendPart(records.slice(middle));
    }
  }

  async #produce(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      const producer = await (this.#producer ??= this.#connect());
      await producer.sendBatch({
        acks: -1,
        compression: kafkajs.CompressionTypes[this.#options.compression === 'gzip' ? 'GZIP' : 'None'],
        topicMessages: groupByTopic(records),
      });
    } catch (error) {
      // After every failure, not only a fatal one: kafkajs takes the sequence numbers of a
      // failed send back, but the broker may have stored it. The next records would then
      // carry the same numbers, and be dropped as repeats and reported as written.
      this.#options.onEvent?.({ type: 'producer-replaced', reason: reasonOf(error) });
      await this.#discardProducer();
      throw error;
    }
  }

  async #connect(): Promise<Producer> {
    const producer = createKafkaClient(this.#options).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: createSteadyPartitioner,
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  async #discardProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

function groupByTopic(records: readonly OutgoingRecord[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const record of records) {
    const messages = topics.get(record.topic) ?? [];
    messages.push(toMessage(record));
    topics.set(record.topic, messages);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

function toMessage({ key, value, headers, timestampMs }: OutgoingRecord): Message {
  return {
    key,
    value,
    headers: toKafkaHeaders(headers),
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
  };
}
