import { setTimeout as sleep } from 'node:timers/promises';

import type { Admin, ITopicConfig } from 'kafkajs';

import { protocolErrorType } from './kafka-errors.ts';

/** What a broker says of a topic that it is about to have. */
const notYet: ReadonlySet<string | undefined> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
]);
const patienceMs = 30_000;

/**
 * Makes topics, and waits until they can be written and read. Not by kafkajs's own waiting
 * (`waitForLeaders`): it gives up where a busy broker does not know its new topic yet, and
 * the topic is there all the same.
 *
 * @returns false when all of them were there already; kafkajs's errors otherwise
 */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<boolean> {
  const areMade = await admin.createTopics({ topics, waitForLeaders: false });
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
      return areMade;
    } catch (error) {
      if (!notYet.has(protocolErrorType(error)) || performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
