import type { Kafka, Message } from 'kafkajs';
import type { ChatRecord } from './chat-load.ts';

const recordsPerSend = 5_000;

/** Publishes in order; returns the bytes of all values. Durability of the load is nobody's promise: acks 1. */
export async function fillTopic(
  kafka: Kafka,
  topic: string,
  records: Iterable<ChatRecord>,
): Promise<{ readonly records: number; readonly bytes: number }> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  let sent = 0;
  let bytes = 0;
  let waiting: Message[] = [];
  const flush = async (): Promise<void> => {
    await producer.send({ topic, acks: 1, messages: waiting });
    sent += waiting.length;
    waiting = [];
  };
  try {
    for (const { key, value, timestampMs } of records) {
      waiting.push({ key, value, timestamp: String(timestampMs) });
      bytes += Buffer.byteLength(value);
      if (waiting.length === recordsPerSend) await flush();
    }
    if (waiting.length > 0) await flush();
  } finally {
    await producer.disconnect();
  }
  return { records: sent, bytes };
}
