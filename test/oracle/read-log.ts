import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin, type Consumer, type IHeaders, type Kafka, type KafkaMessage } from 'kafkajs';
import type { LoggedHeader, LoggedRecord } from './logged-record.ts';

export interface LogPartition {
  readonly topic: string;
  readonly partition: number;
  /** First offset that is still there. */
  readonly startOffset: bigint;
  /** The offset that the next record will get. */
  readonly endOffset: bigint;
  /** What the group committed; null: nothing. Of the messages topic only. */
  readonly committedOffset: bigint | null;
}

/** Everything that stands in some topics, in the order of each partition. */
export interface Log {
  readonly partitions: readonly LogPartition[];
  readonly records: readonly LoggedRecord[];
}

export interface LogPlace {
  readonly brokers: readonly string[];
  readonly topics: { readonly messages: string; readonly results: string; readonly deadLetter: string };
  /** Of the product's consumers. */
  readonly groupId: string;
}

const patienceMs = 120_000;

/** Reads the three topics from their start to where they ended when asked; only what was committed. */
export async function readLog(place: LogPlace): Promise<Log> {
  const kafka = openKafka(place.brokers);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const partitions = await readPartitions(admin, place);
    const records = await readRecords(kafka, admin, partitions);
    return { partitions, records };
  } finally {
    await admin.disconnect();
  }
}

export function openKafka(brokers: readonly string[]): Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'oracle',
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

/** The committed offsets first: what is read later can only be further on. A topic that is missing has none. */
async function readPartitions(admin: Admin, { topics, groupId }: LogPlace): Promise<LogPartition[]> {
  const committed = await readCommitted(admin, groupId, topics.messages);
  const present = new Set(await admin.listTopics());
  const partitions: LogPartition[] = [];
  for (const topic of [topics.messages, topics.results, topics.deadLetter]) {
    if (!present.has(topic)) continue;
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const ofGroup = topic === topics.messages ? (committed.get(partition) ?? null) : null;
      const ends = { startOffset: BigInt(low), endOffset: BigInt(high), committedOffset: ofGroup };
      partitions.push({ topic, partition, ...ends });
    }
  }
  return partitions;
}

/** By partition; those without a committed offset are left out. */
export async function readCommitted(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, bigint>> {
  const [ofTopic] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(
    (ofTopic?.partitions ?? [])
      .map(({ partition, offset }) => [partition, BigInt(offset)] as const)
      .filter(([, offset]) => offset >= 0n),
  );
}

async function readRecords(
  kafka: Kafka,
  admin: Admin,
  partitions: readonly LogPartition[],
): Promise<LoggedRecord[]> {
  const filled = partitions.filter(({ startOffset, endOffset }) => endOffset > startOffset);
  if (filled.length === 0) return [];
  const groupId = `oracle-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await consumer.connect();
  try {
    await consumer.subscribe({
      topics: [...new Set(filled.map(({ topic }) => topic))],
      fromBeginning: true,
    });
    return inOrder(await readToEnd(consumer, filled));
  } finally {
    await consumer.disconnect();
    // Only tidiness: a group that nobody deletes expires by itself.
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

/**
 * The end is told by batches, not by records: the last offsets may be markers of transactions,
 * which no record has, and of a batch with nothing else only the event tells.
 */
function readToEnd(consumer: Consumer, filled: readonly LogPartition[]): Promise<LoggedRecord[]> {
  return new Promise((resolve, reject) => {
    const records: LoggedRecord[] = [];
    const missing = new Map(filled.map((ends) => [partitionName(ends), ends.endOffset]));
    const giveUp = setTimeout(() => {
      reject(new Error(`the oracle did not reach the end of ${[...missing.keys()].join(', ')}`));
    }, patienceMs);
    const reach = (name: string, lastOffset: bigint): void => {
      const endOffset = missing.get(name);
      if (endOffset !== undefined && lastOffset >= endOffset - 1n) missing.delete(name);
      if (missing.size > 0) return;
      clearTimeout(giveUp);
      resolve(records);
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      clearTimeout(giveUp);
      reject(payload.error);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      reach(partitionName(payload), BigInt(payload.lastOffset));
    });
    const ends = new Map(filled.map((one) => [partitionName(one), one.endOffset]));
    consumer
      .run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          const end = ends.get(partitionName(batch)) ?? 0n;
          for (const message of batch.messages) {
            if (BigInt(message.offset) < end) records.push(toRecord(batch.topic, batch.partition, message));
          }
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
}

function partitionName({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/** The bytes are copied: kafkajs gives slices of whole fetches, which would all stay in memory. */
function toRecord(topic: string, partition: number, message: KafkaMessage): LoggedRecord {
  const headers: IHeaders = message.headers ?? {};
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key === null ? null : Buffer.from(message.key),
    value: message.value === null ? null : Buffer.from(message.value),
    headers: Object.entries(headers).flatMap(([name, value]) => headersOf(name, value)),
  };
}

function headersOf(name: string, value: IHeaders[string]): LoggedHeader[] {
  if (Array.isArray(value)) return value.map((one) => [name, bytesOf(one)] as const);
  return [[name, value === undefined ? null : bytesOf(value)]];
}

function bytesOf(value: Buffer | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
}

/** Fetches of two brokers, or one that was repeated, may come in any order. */
function inOrder(records: readonly LoggedRecord[]): LoggedRecord[] {
  const byPlace = new Map(records.map((record) => [`${partitionName(record)}@${record.offset}`, record]));
  return [...byPlace.values()].sort(
    (a, b) =>
      Number(a.topic > b.topic) - Number(a.topic < b.topic) ||
      a.partition - b.partition ||
      Number(a.offset - b.offset),
  );
}
