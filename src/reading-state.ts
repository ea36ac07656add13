import type { KafkaEvent } from './adapters/kafka/kafka-event.ts';
import type { CheckOutcome } from './serve/readiness.ts';

/**
 * Whether Kafka lets this process read: not yet, yes, or no and why. Without it a worker
 * whose broker or topic is missing would look ready, for nothing that it does fails.
 */
export class ReadingState {
  #outcome: CheckOutcome = { ok: false, reason: 'JOINING', hint: 'the group is sharing its partitions out' };

  get outcome(): CheckOutcome {
    return this.#outcome;
  }

  hear(event: KafkaEvent): void {
    if (event.type === 'rejoined') this.#outcome = { ok: true };
    if (event.type === 'topic-missing') this.#outcome = missing(event.topic);
    if (event.type === 'topic-refused') this.#outcome = refused(event.topic);
    if (event.type === 'crashed') this.#outcome = away;
  }
}

const away: CheckOutcome = {
  ok: false,
  reason: 'LOG_UNAVAILABLE',
  hint: 'check that Kafka at KAFKA_BROKERS is running and reachable',
};

function refused(topic: string): CheckOutcome {
  const hint = `allow this user to read the topic ${topic}, and to use the group of KAFKA_GROUP_ID`;
  return { ok: false, reason: 'TOPIC_FORBIDDEN', hint };
}

function missing(topic: string): CheckOutcome {
  const hint = `create the topic ${topic}, or start once with --create-topics; to a user who may not describe it, it looks missing`;
  return { ok: false, reason: 'TOPIC_MISSING', hint };
}
