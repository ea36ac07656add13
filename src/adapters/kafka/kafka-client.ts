import type { ConnectionOptions } from 'node:tls';

import kafkajs, { type Kafka, type LogEntry, type SASLOptions } from 'kafkajs';

import { registerCodecs } from './compression/codecs.ts';
import type { OnKafkaEvent } from './kafka-event.ts';
import { silenceNegativeTimeouts } from './negative-timeouts.ts';

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  readonly onEvent?: OnKafkaEvent;
}

/** Short and few: the adapters try again on their own, and say so while they do. */
const retry = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 };

export function createKafkaClient(connection: KafkaConnection): Kafka {
  registerCodecs();
  silenceNegativeTimeouts();
  return new kafkajs.Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => {
      forwardLog(entry, connection.onEvent);
    },
  });
}

/**
 * kafkajs logs an ERROR for whatever it is about to retry (a coordinator that is
 * still loading, a broker that is away), so none of its errors is one of ours: what
 * it cannot recover from reaches us as a rejection or a crash. Of its fields only the
 * broker's word for the error is passed on, which is one of a fixed list.
 */
function forwardLog(entry: LogEntry, onEvent: OnKafkaEvent | undefined): void {
  // Said of every producer of ours: the sink replaces one that gave up, which is what it warns of.
  if (entry.log.message.startsWith('Limiting retries for the idempotent producer')) return;
  const { ERROR, WARN, INFO } = kafkajs.logLevel;
  const level =
    entry.level === ERROR || entry.level === WARN ? 'warn' : entry.level === INFO ? 'info' : 'debug';
  const error: unknown = entry.log['error'];
  const reason = typeof error === 'string' ? ` (${error})` : '';
  onEvent?.({ type: 'client-log', level, message: `${entry.namespace}: ${entry.log.message}${reason}` });
}
