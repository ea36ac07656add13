import type { Config } from '../../config/config.ts';
import { chooseLog } from '../../log.ts';
import type { TopicAdmin, TopicDescription } from '../../publish/topic-admin.ts';
import type { OpenDatabase } from '../../resources.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { roughly } from '../format-text.ts';
import { fail, looking, ok, warn, type Finding } from './check.ts';

const dayMs = 86_400_000;
/** The largest record that is sent to the results topic, with its headers. */
const largestResultBytes = 1_000_000;

/** Kafka and its three topics. */
export function checkKafka(config: Config, logger: Logger): Promise<readonly Finding[]> {
  const hint =
    'check KAFKA_BROKERS, KAFKA_SSL and KAFKA_SASL_*, and that the brokers can be reached from here';
  return looking('log', hint, async () => {
    const admin = chooseLog(config, undefined, logger).createAdmin();
    try {
      const { messages, results, deadLetters } = await describeTopics(config, admin);
      return [
        ok('log', admin.label),
        ...existing(messages, judgeMessages),
        ...existing(results, judgeResults),
        ...existing(deadLetters, (topic) => judgeDeadLetters(topic, messages)),
      ];
    } finally {
      await admin.stop();
    }
  });
}

/** The embedded log lives in the database, and its topics are made when a worker starts. */
export function checkEmbeddedLog(
  config: Config,
  database: OpenDatabase,
  logger: Logger,
): Promise<readonly Finding[]> {
  return looking('log', 'check the database', async () => {
    const admin = chooseLog(config, database, logger).createAdmin();
    const topics = Object.values(await describeTopics(config, admin));
    const named = topics.map(({ name, exists, partitions }) =>
      ok(name, exists ? `${partitions} partitions, kept for ever` : 'is made when `afterword run` starts'),
    );
    return [ok('log', admin.label), ...named];
  });
}

async function describeTopics(
  { kafka }: Config,
  admin: TopicAdmin,
): Promise<Record<'messages' | 'results' | 'deadLetters', TopicDescription>> {
  return {
    messages: await admin.describe(kafka.messagesTopic),
    results: await admin.describe(kafka.resultsTopic),
    deadLetters: await admin.describe(kafka.deadLetterTopic),
  };
}

function existing(topic: TopicDescription, judge: (topic: TopicDescription) => Finding[]): Finding[] {
  if (topic.exists) return judge(topic);
  return [fail(topic.name, 'the topic is missing', 'make it, or start `afterword run --create-topics`')];
}

function judgeMessages(topic: TopicDescription): Finding[] {
  if (topic.compacted) {
    const hint = 'set cleanup.policy=delete';
    return [fail(topic.name, 'is compacted: a person’s newer message removes the older ones', hint)];
  }
  if (topic.retentionMs !== undefined && topic.retentionMs < dayMs) {
    const hint = 'an outage longer than the retention loses messages: set retention.ms to some days at least';
    return [warn(topic.name, described(topic), hint)];
  }
  return [ok(topic.name, described(topic))];
}

function judgeResults(topic: TopicDescription): Finding[] {
  if (topic.compacted) {
    const hint = 'set cleanup.policy=delete: compaction removes events that subscribers need';
    return [fail(topic.name, 'is compacted', hint)];
  }
  if (topic.maxMessageBytes !== undefined && topic.maxMessageBytes < largestResultBytes) {
    const hint = `set max.message.bytes to ${largestResultBytes} or more`;
    return [warn(topic.name, `takes records of ${topic.maxMessageBytes} bytes at most`, hint)];
  }
  return [ok(topic.name, described(topic))];
}

/** A dead letter is its record as it came, with headers of ours on top. */
function judgeDeadLetters(topic: TopicDescription, messages: TopicDescription): Finding[] {
  if (topic.compacted) {
    const hint = 'set cleanup.policy=delete';
    return [warn(topic.name, 'is compacted: dead letters of one key remove each other', hint)];
  }
  const { maxMessageBytes: most } = topic;
  if (most !== undefined && messages.maxMessageBytes !== undefined && most < messages.maxMessageBytes) {
    const hint = `set max.message.bytes to more than ${messages.maxMessageBytes}, as ${messages.name} has it`;
    return [warn(topic.name, `takes records of ${most} bytes at most`, hint)];
  }
  return [ok(topic.name, described(topic))];
}

function described({ partitions, retentionMs }: TopicDescription): string {
  const kept = retentionMs === undefined ? 'for ever' : `for ${roughly(retentionMs)}`;
  return `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}, records kept ${kept}`;
}
