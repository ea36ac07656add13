import kafkajs, { type Admin, type Kafka } from 'kafkajs';

import type { KafkaEvent } from '../../../src/adapters/kafka/kafka-event.ts';
import { createKafkaRecordSource } from '../../../src/adapters/kafka/record-source.ts';
import type { RecordSource } from '../../../src/consume/record-source.ts';
import { LogRecorder } from '../../contracts/log-recorder.ts';
import { uniqueTopic } from '../../support/kafka-suite.ts';
import { createTopics } from '../../../src/adapters/kafka/create-topics.ts';

/** A bare client, for what only a test does to a broker. */
export function createBareKafka(brokers: string[]): Kafka {
  return new kafkajs.Kafka({ brokers, clientId: 'bare', logLevel: kafkajs.logLevel.NOTHING });
}

export async function makeTopic(
  admin: Admin,
  settings: Record<string, string> = {},
  partitions = 1,
): Promise<string> {
  const topic = uniqueTopic('kafka');
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await createTopics(admin, [{ topic, numPartitions: partitions, configEntries }]);
  return topic;
}

export interface TestReader {
  readonly source: RecordSource;
  readonly recorder: LogRecorder;
  readonly events: KafkaEvent[];
}

export interface ReaderOptions {
  readonly brokers: string[];
  readonly topic: string;
  readonly groupId?: string;
  readonly recorder?: LogRecorder;
  readonly sessionTimeoutMs?: number;
}

export async function startReader(options: ReaderOptions): Promise<TestReader> {
  const { recorder = new LogRecorder(), brokers, topic, sessionTimeoutMs = 6_000 } = options;
  const events: KafkaEvent[] = [];
  const source = createKafkaRecordSource({
    brokers,
    topic,
    sessionTimeoutMs,
    clientId: 'reader',
    groupId: options.groupId ?? topic,
    maxWaitTimeMs: 100,
    onEvent: (event) => events.push(event),
  });
  await source.start(recorder);
  return { source, recorder, events };
}
