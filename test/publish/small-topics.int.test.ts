import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { createKafkaRecordSink } from '../../src/adapters/kafka/record-sink.ts';
import { lockKeysById } from '../../src/adapters/postgres/lock-keys.ts';
import { appendEvents, type EventDraft } from '../../src/adapters/postgres/outbox-rows.ts';
import { createPostgresOutbox } from '../../src/adapters/postgres/outbox-store.ts';
import { inTransaction } from '../../src/adapters/postgres/transaction.ts';
import type { OutboxDestination } from '../../src/publish/outbox.ts';
import { relayOnce } from '../../src/publish/relay.ts';
import { createBareKafka, makeTopic } from '../adapters/kafka/kafka-log.ts';
import { exampleData, moved } from '../schemas/result-event-examples.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { ResultsReader } from '../support/results-reader.ts';
import {
  dayMs,
  logOf,
  message,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import { until } from '../support/until.ts';

/** What a broker refuses for its size, by its own word: real topics with a small `max.message.bytes`. */
describeWithKafka('a topic that takes less than an event or a dead letter holds', (brokers) => {
  const kafka = createBareKafka(brokers);
  const admin = kafka.admin();
  const sink = createKafkaRecordSink({ brokers, clientId: 'small-topics' });
  let harness: StoreHarness;
  let keyId: string;

  beforeAll(async () => {
    await admin.connect();
    harness = await openStoreHarness();
  });
  afterAll(async () => {
    await sink.stop();
    await admin.disconnect();
    await harness.close();
  });
  beforeEach(async () => {
    await harness.begin();
    await storeRecords(harness.store, logOf([message({ id: 'm', atMs: dayMs })]));
    const [key] = await harness.rows<{ key_id: string }>('select key_id from afterword.user_keys');
    keyId = key?.key_id ?? '';
  });

  /** As a worker does until nothing waits; the ids of events that were cut. */
  async function relayAll(destination: OutboxDestination, topic: string): Promise<string[]> {
    const cut: string[] = [];
    const options = { owner: 'one', leaseMs: 60_000, batchSize: 100, maxRecordBytes: 96 * 1_024 * 1_024 };
    for (;;) {
      const pass = await relayOnce(createPostgresOutbox(harness.pool), sink, {
        ...options,
        destination,
        topic,
        onTruncated: ({ id }) => cut.push(id),
      });
      if (!pass.active || pass.sent.length === 0) return cut;
    }
  }

  const append = (drafts: readonly Omit<EventDraft, 'keyId' | 'windowId'>[]): Promise<unknown> =>
    inTransaction(harness.pool, async (client) =>
      appendEvents(
        client,
        await lockKeysById(client, [keyId]),
        drafts.map((draft) => ({ ...draft, keyId, windowId: null })),
      ),
    );

  /** Without what every event is given when it is appended. */
  function rest(data: object): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(data).filter(([name]) => !['sequence', 'bot_id', 'user_id'].includes(name)),
    );
  }

  it.each([20_000, 2_500])(
    'is sent every event, in order and valid: the large ones cut, and told (%i bytes)',
    async (maxBytes) => {
      const topic = await makeTopic(admin, { 'max.message.bytes': String(maxBytes) });
      const completed = exampleData['afterword.stage.completed.v1'];
      const words = { summary_text: 'long '.repeat(20_000) };
      const changes = Array.from({ length: 300 }, () => moved);
      const small = {
        type: 'afterword.window.closed.v1',
        data: rest(exampleData['afterword.window.closed.v1']),
      } as const;
      await append([
        small,
        {
          type: 'afterword.stage.completed.v1',
          data: rest({ ...completed, result: { ...('result' in completed && completed.result), ...words } }),
        },
        small,
        {
          type: 'afterword.memory.changed.v1',
          data: rest({ ...exampleData['afterword.memory.changed.v1'], changes }),
        },
        small,
      ]);
      const cut = await relayAll('results', topic);
      const reader = await ResultsReader.start(kafka, topic);
      await until('all events', () => reader.events.length === 5);
      await reader.stop();
      expect(reader.problems).toEqual([]);
      expect(reader.events.map(({ type, data }) => [type, data['truncated'] ?? false])).toEqual([
        ['afterword.window.closed.v1', false],
        ['afterword.stage.completed.v1', true],
        ['afterword.window.closed.v1', false],
        ['afterword.memory.changed.v1', true],
        ['afterword.window.closed.v1', false],
      ]);
      expect(cut).toEqual([reader.events[1]?.id, reader.events[3]?.id]);
      expect(reader.events[3]?.data['change_count']).toBe(300);
    },
    120_000,
  );

  it('is sent the origin and the reason of a dead letter whose bytes it refuses, and those after it whole', async () => {
    const topic = await makeTopic(admin, { 'max.message.bytes': '2500' });
    const large = Buffer.from(`not JSON, and ${'long '.repeat(20_000)}`);
    await storeRecords(harness.store, logOf([large, Buffer.from('not JSON')], { firstOffset: 7 }));
    await relayAll('dead-letter', topic);
    const seen: unknown[] = [];
    const consumer = kafka.consumer({ groupId: `${topic}-reader` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message: { value, headers } }) => {
        const header = (name: string): string => String(headers?.[name]);
        seen.push([
          header('afterword_offset'),
          header('afterword_reason'),
          header('afterword_truncated'),
          String(value),
        ]);
        return Promise.resolve();
      },
    });
    await until('both', () => seen.length === 2);
    await consumer.disconnect();
    expect(seen).toEqual([
      ['7', 'not-json', 'true', 'null'],
      ['8', 'not-json', 'undefined', 'not JSON'],
    ]);
    const kept = await harness.rows<{ bytes: number }>(
      'select length(record_value) as bytes from afterword.dead_letters order by record_offset',
    );
    expect(kept[0]?.bytes).toBe(large.length);
  }, 120_000);
});
