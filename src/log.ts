import type { KafkaConnection } from './adapters/kafka/kafka-client.ts';
import type { KafkaEvent } from './adapters/kafka/kafka-event.ts';
import { createKafkaRecordSink } from './adapters/kafka/record-sink.ts';
import { createKafkaRecordSource } from './adapters/kafka/record-source.ts';
import { createKafkaTopicAdmin } from './adapters/kafka/topic-admin.ts';
import { removeOldRecords } from './adapters/embedded/log/remove-records.ts';
import { createEmbeddedRecordSink } from './adapters/embedded/log/record-sink.ts';
import { createEmbeddedRecordSource } from './adapters/embedded/log/record-source.ts';
import { createEmbeddedTopicAdmin } from './adapters/embedded/log/topic-admin.ts';
import type { Config, KafkaConnection as KafkaConfig } from './config/config.ts';
import type { RecordSource } from './consume/record-source.ts';
import type { RecordSink } from './publish/record-sink.ts';
import type { TopicAdmin } from './publish/topic-admin.ts';
import { InvariantError } from './errors.ts';
import { ReadingState } from './reading-state.ts';
import type { OpenDatabase } from './resources.ts';
import type { CheckOutcome } from './serve/readiness.ts';
import type { Logger } from './telemetry/logger.ts';

/** The log that the messages come from and the results go to: Kafka, or the embedded one. */
export interface MessageLog {
  readonly embedded: boolean;
  /** Whether it lets us read; the embedded log does whenever its database answers. */
  readonly reading: () => CheckOutcome;
  createSource(topic: string): RecordSource;
  createSink(): RecordSink;
  createAdmin(): TopicAdmin;
  /**
   * Removes records that are older and that everybody has read, at most so many of a partition;
   * returns how many. Undefined: the log does that itself.
   */
  readonly removeOld?: (olderThanMs: number, limit: number) => Promise<number>;
}

/** `database`: needed by the embedded log only. */
export function chooseLog(config: Config, database: OpenDatabase | undefined, logger: Logger): MessageLog {
  const { connection, clientId, groupId } = config.kafka;
  const state = new ReadingState();
  const onEvent = (event: KafkaEvent): void => {
    state.hear(event);
    logLogEvent(logger, event);
  };
  if (connection === null) {
    if (database === undefined)
      throw new InvariantError('log-database', 'the embedded log needs its database');
    const { pool } = database;
    return {
      embedded: true,
      reading: () => ({ ok: true }),
      createSource: (topic) => createEmbeddedRecordSource({ pool, groupId, topic, onEvent }),
      createSink: () => createEmbeddedRecordSink({ pool }),
      createAdmin: () => createEmbeddedTopicAdmin({ pool }),
      removeOld: (olderThanMs, limit) =>
        removeOldRecords(pool, { olderThanMs, limit, readTopic: config.kafka.messagesTopic }),
    };
  }
  const kafka: KafkaConnection = { ...toKafkaConnection(connection), clientId, onEvent };
  return {
    embedded: false,
    reading: () => state.outcome,
    createSource: (topic) => createKafkaRecordSource({ ...kafka, groupId, topic }),
    createSink: () => createKafkaRecordSink(kafka),
    createAdmin: () => createKafkaTopicAdmin(kafka),
  };
}

function toKafkaConnection({ brokers, ssl, sasl }: KafkaConfig): Omit<KafkaConnection, 'clientId'> {
  return {
    brokers,
    ...(ssl !== null && {
      ssl: {
        rejectUnauthorized: ssl.rejectUnauthorized,
        ...(ssl.ca !== null && { ca: ssl.ca }),
        ...(ssl.client !== null && { cert: ssl.client.cert, key: ssl.client.key.reveal() }),
      },
    }),
    ...(sasl !== null && {
      sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password.reveal() },
    }),
  };
}

/** What the adapters tell becomes events of the closed list; the client library's own words do not. */
function logLogEvent(logger: Logger, event: KafkaEvent): void {
  switch (event.type) {
    case 'client-log':
      return;
    case 'rejoined': {
      const { gained, kept, lost } = event;
      logger.info('consumer.rejoined', { gained, kept, lost });
      return;
    }
    case 'topic-missing':
      logger.warn('topic.missed', { topic: event.topic });
      return;
    case 'topic-refused': {
      const { topic, reason, retryInMs } = event;
      logger.warn('topic.refused', { topic, reason, retryInMs });
      return;
    }
    case 'crashed':
      logger.warn('consumer.failed', {
        reason: event.reason,
        ...(event.restartInMs !== undefined && { retryInMs: event.restartInMs }),
      });
      return;
    case 'commit-lost': {
      const { topic, partition, offset, reason } = event;
      logger.info('commit.lost', { topic, partition, offset, reason });
      return;
    }
    case 'offset-jump': {
      const { topic, partition, from, to } = event;
      logger.error('offset.jumped', { topic, partition, from, to });
      return;
    }
    case 'batch-refused': {
      const { topic, partition, attempt, retryInMs, reason } = event;
      logger.warn('batch.refused', { topic, partition, attempt, retryInMs, reason });
      return;
    }
    case 'position-unknown':
      logger.warn('position.failed', { retryInMs: event.retryInMs, reason: event.reason });
      return;
    case 'producer-replaced':
      logger.warn('producer.replaced', { reason: event.reason });
  }
}

/** Enough for a few processes to share; a busy Kafka is given its topics by its owner. */
const topicPartitions = 4;

/** The embedded log's topics are always made; Kafka's only when asked. */
export async function prepareTopics(
  config: Config,
  database: OpenDatabase | undefined,
  logger: Logger,
  create: boolean,
): Promise<void> {
  const log = chooseLog(config, database, logger);
  if (!log.embedded && !create) return;
  const admin = log.createAdmin();
  try {
    const { messagesTopic, resultsTopic, deadLetterTopic } = config.kafka;
    for (const topic of [messagesTopic, resultsTopic, deadLetterTopic]) {
      const made = await admin.ensureTopic(topic, topicPartitions);
      if (made) logger.info('topic.created', { topic, partitions: topicPartitions });
    }
  } finally {
    await admin.stop();
  }
}
