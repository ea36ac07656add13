import kafkajs, { type Admin } from 'kafkajs';

import { AfterwordError } from '../../errors.ts';
import type { LogPartition } from '../../consume/record-source.ts';
import type { PartitionOffsets, TopicAdmin, TopicDescription } from '../../publish/topic-admin.ts';
import { AdminConnection, StaleMetadata } from './admin-connection.ts';
import { createTopics } from './create-topics.ts';
import type { KafkaConnection } from './kafka-client.ts';

export function createKafkaTopicAdmin(connection: KafkaConnection): TopicAdmin {
  const admins = new AdminConnection(connection);
  return {
    label: `kafka ${connection.brokers.join(',')}`,
    describe: (topic) => admins.use(`describing topic ${topic}`, (admin) => describe(admin, topic)),
    ensureTopic: (topic, partitions) =>
      admins.use(`making topic ${topic}`, (admin) => ensureTopic(admin, topic, partitions)),
    offsets: (topic, groupId) =>
      admins.use(`reading the offsets of topic ${topic}`, (admin) => readOffsets(admin, topic, groupId)),
    stop: () => admins.close(),
  };
}

async function describe(admin: Admin, topic: string): Promise<TopicDescription> {
  if (!(await topicExists(admin, topic))) return missing(topic);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const settings = await readSettings(admin, topic);
  const retentionMs = Number(settings.get('retention.ms') ?? -1);
  const maxMessageBytes = settings.get('max.message.bytes');
  return {
    name: topic,
    exists: true,
    partitions: topics[0]?.partitions.length ?? 0,
    compacted: settings.get('cleanup.policy')?.split(',').includes('compact') ?? false,
    retentionMs: retentionMs < 0 ? undefined : retentionMs,
    maxMessageBytes: maxMessageBytes === undefined ? undefined : Number(maxMessageBytes),
  };
}

/** By the list of all: asking for one that is missing makes kafkajs try again for seconds. */
export async function topicExists(admin: Admin, topic: string): Promise<boolean> {
  return (await admin.listTopics()).includes(topic);
}

function missing(name: string): TopicDescription {
  return {
    name,
    exists: false,
    partitions: 0,
    compacted: false,
    retentionMs: undefined,
    maxMessageBytes: undefined,
  };
}

async function readSettings(admin: Admin, topic: string): Promise<Map<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: topic,
        configNames: ['cleanup.policy', 'retention.ms', 'max.message.bytes'],
      },
    ],
  });
  const entries = resources[0]?.configEntries ?? [];
  return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
}

async function ensureTopic(admin: Admin, topic: string, partitions: number): Promise<boolean> {
  // The replication factor is left to the broker; a topic that is there already is not an error.
  return createTopics(admin, [{ topic, numPartitions: partitions }]);
}

export async function readOffsets(admin: Admin, topic: string, groupId: string): Promise<PartitionOffsets[]> {
  if (!(await topicExists(admin, topic))) {
    throw new AfterwordError('TOPIC_MISSING', `there is no topic ${topic}`, { details: { topic } });
  }
  const committed = await readCommitted(admin, topic, groupId);
  return (await readBounds(admin, topic)).map(({ partition, start, end }) => ({
    partition,
    start,
    end,
    committed: committed.get(partition) === earliest ? start : committed.get(partition),
  }));
}

/**
 * The bounds of every partition that the topic has now, in order.
 *
 * @throws StaleMetadata when this client does not know of partitions that were added since
 */
export async function readBounds(admin: Admin, topic: string): Promise<LogPartition[]> {
  const offsets = await admin.fetchTopicOffsets(topic);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  if (topics[0]?.partitions.length !== offsets.length) throw new StaleMetadata();
  return offsets
    .map(({ partition, low, high }) => ({ partition, start: BigInt(low), end: BigInt(high) }))
    .sort((a, b) => a.partition - b.partition);
}

/**
 * What kafkajs stores as a committed offset for "the start": on a reset to the earliest,
 * which is a rewind that somebody asked for, and when an offset was out of range. -1 is none.
 */
const earliest = -2n;

export async function readCommitted(
  admin: Admin,
  topic: string,
  groupId: string,
): Promise<Map<number, bigint>> {
  const groups = await admin.fetchOffsets({ groupId, topics: [topic] });
  const partitions = groups.flatMap((group) => group.partitions);
  return new Map(
    partitions
      .map(({ partition, offset }) => [partition, BigInt(offset)] as const)
      .filter(([, offset]) => offset >= 0n || offset === earliest),
  );
}
