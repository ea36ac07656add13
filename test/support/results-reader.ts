import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';
import { resultEventFileName } from '../../scripts/published-schemas.ts';
import { resultEventTypes } from '../../src/model/result-event.ts';
import { compileSchema } from '../schemas/compile-schemas.ts';

/**
 * A subscriber that shares no code with the product: reads the results topic, drops
 * sequences already seen, and checks every event against the published schemas.
 */
export class ResultsReader {
  /** What was wrong with an event; empty is good. */
  readonly problems: string[] = [];
  readonly events: { type: string; id: string; data: Record<string, unknown> }[] = [];
  readonly #consumer: Consumer;
  readonly #lastSequence = new Map<string, number>();

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  static async start(kafka: Kafka, topic: string): Promise<ResultsReader> {
    const consumer = kafka.consumer({ groupId: `reader-${topic}` });
    const reader = new ResultsReader(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        reader.#read(message);
        return Promise.resolve();
      },
    });
    return reader;
  }

  enrichedWindows(): ReadonlySet<string> {
    return new Set(
      this.events
        .filter(({ type }) => type === 'afterword.window.enriched.v1')
        .map(({ data }) => String(data['window_id'])),
    );
  }

  async stop(): Promise<void> {
    await this.#consumer.disconnect();
  }

  #read(message: KafkaMessage): void {
    const type = headerOf(message, 'ce_type');
    const id = headerOf(message, 'ce_id');
    const data = JSON.parse(message.value?.toString('utf8') ?? 'null') as Record<string, unknown>;
    const key = `${String(data['bot_id'])}/${String(data['user_id'])}`;
    if (message.key?.toString('utf8') !== key) this.problems.push(`${type}: the record key is not the user`);
    const sequence = Number(data['sequence']);
    const last = this.#lastSequence.get(key) ?? 0;
    // A resend repeats id and sequence; what is new must be later.
    if (sequence <= last) {
      if (!this.events.some((event) => event.id === id)) this.problems.push(`${type}: out of order`);
      return;
    }
    this.#lastSequence.set(key, sequence);
    const fault = validate(type, data);
    if (fault !== undefined) this.problems.push(`${type}: ${fault}`);
    this.events.push({ type, id, data });
  }
}

function headerOf(message: KafkaMessage, name: string): string {
  const value = message.headers?.[name];
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

const validators = new Map(
  resultEventTypes.map((type) => [type as string, compileSchema(resultEventFileName(type))]),
);

function validate(type: string, data: unknown): string | undefined {
  const check = validators.get(type);
  if (check === undefined) return 'unknown event type';
  return check(data) ? undefined : JSON.stringify(check.errors?.slice(0, 3));
}
