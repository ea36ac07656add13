import type pg from 'pg';

import type { PartitionOffsets, TopicAdmin, TopicDescription } from '../../../publish/topic-admin.ts';
import { missingTopic, toLogError } from './log-errors.ts';
import { findTopics, makeTopic, readCommitted, readEnds } from './log-topics.ts';
import { maxRecordBytes } from './record-sink.ts';

/** Over the pool's tables; the pool stays its owner's. */
export function createEmbeddedTopicAdmin({ pool }: { readonly pool: pg.Pool }): TopicAdmin {
  return {
    label: 'embedded log',
    describe: (topic) => translated(`describing topic ${topic}`, describe(pool, topic)),
    ensureTopic: (topic, partitions) =>
      translated(`making topic ${topic}`, makeTopic(pool, topic, partitions)),
    offsets: (topic, groupId) =>
      translated(`reading the offsets of topic ${topic}`, readOffsets(pool, topic, groupId)),
    stop: () => Promise.resolve(),
  };
}

async function translated<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toLogError(error, doing);
  }
}

async function describe(pool: pg.Pool, name: string): Promise<TopicDescription> {
  const topic = (await findTopics(pool, [name])).get(name);
  return {
    name,
    exists: topic !== undefined,
    partitions: topic?.partitions ?? 0,
    compacted: false,
    retentionMs: undefined,
    maxMessageBytes: topic === undefined ? undefined : maxRecordBytes,
  };
}

async function readOffsets(pool: pg.Pool, name: string, groupId: string): Promise<PartitionOffsets[]> {
  const topic = (await findTopics(pool, [name])).get(name);
  if (topic === undefined) throw missingTopic(name);
  const committed = await readCommitted(pool, groupId, topic.topicId);
  const ends = await readEnds(pool, topic.topicId);
  return ends.map((end) => ({ ...end, committed: committed.get(end.partition) }));
}
