import type { KafkaMessage } from 'kafkajs';

import type { LogRecord, TopicPartition } from '../../model/record.ts';
import { toRecordHeaders } from './record-headers.ts';

/**
 * Copies everything: kafkajs hands out slices of the whole fetch response, and one
 * small value that is kept would hold its megabyte in memory.
 */
export function toLogRecord({ topic, partition }: TopicPartition, message: KafkaMessage): LogRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key === null ? null : Buffer.from(message.key),
    value: message.value === null ? null : Buffer.from(message.value),
    headers: toRecordHeaders(message.headers),
  };
}
