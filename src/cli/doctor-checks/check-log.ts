import type { Config } from '../../config/config.ts';
import type { TopicAdmin, TopicDescription } from '../../publish/topic-admin.ts';
import { fail, looking, ok, warn, type Finding } from './check.ts';

const dayMs = 86_400_000;

/** The log and its three topics. */
export function checkLog(config: Config, admin: TopicAdmin): Promise<readonly Finding[]> {
  const hint = 'check KAFKA_BROKERS, and that the brokers can be reached from here';
  return looking('log', hint, async () => {
    const { messagesTopic, resultsTopic, deadLetterTopic } = config.kafka;
    const messages = await admin.describe(messagesTopic);
    const results = await admin.describe(resultsTopic);
    const deadLetters = await admin.describe(deadLetterTopic);
    return [
      ok('log', admin.label),
      ...existing(messages, judgeMessages),
      ...existing(results, judgeResults),
      ...existing(deadLetters, (topic) => [ok(topic.name, `${topic.partitions} partitions`)]),
    ];
  });
}

function existing(topic: TopicDescription, judge: (topic: TopicDescription) => Finding[]): Finding[] {
  if (topic.exists) return judge(topic);
  return [fail(topic.name, 'the topic is missing', 'make it, or start `afterword run --create-topics`')];
}

function judgeMessages(topic: TopicDescription): Finding[] {
  const findings = [ok(topic.name, `${topic.partitions} partitions, ${retention(topic)}`)];
  if (topic.retentionMs !== undefined && topic.retentionMs < dayMs) {
    const hint = 'an outage longer than the retention loses messages: keep at least some days';
    findings.push(warn(topic.name, `keeps records for ${retention(topic)} only`, hint));
  }
  if (topic.compacted) {
    findings.push(
      warn(topic.name, 'is compacted: messages of one key replace each other', 'set cleanup.policy=delete'),
    );
  }
  return findings;
}

function judgeResults(topic: TopicDescription): Finding[] {
  if (topic.compacted) {
    const hint = 'set cleanup.policy=delete: compaction throws events away that subscribers need';
    return [fail(topic.name, 'is compacted', hint)];
  }
  return [ok(topic.name, `${topic.partitions} partitions, ${retention(topic)}`)];
}

function retention({ retentionMs }: TopicDescription): string {
  if (retentionMs === undefined) return 'kept for ever';
  const hours = retentionMs / 3_600_000;
  return hours >= 48 ? `kept ${Math.round(hours / 24)} days` : `kept ${hours.toFixed(1)} hours`;
}
