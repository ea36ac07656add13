import { setTimeout as sleep } from 'node:timers/promises';

import type { Admin, Kafka } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { createKafkaRecordSource } from '../../src/adapters/kafka/record-source.ts';
import { createStickyAssigner } from '../../src/adapters/kafka/sticky-assigner.ts';
import { systemClock } from '../../src/clock.ts';
import { Consumer } from '../../src/consume/consumer.ts';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createBareKafka, makeTopic } from '../adapters/kafka/kafka-log.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { dayMs, message, openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';

/** What the log may do to its reader: the consumer over a real Kafka and a real Postgres loses nothing. */
describeWithKafka('a consumer over a Kafka that', (brokers) => {
  let kafka: Kafka;
  let admin: Admin;
  let harness: StoreHarness;
  let topic: string;
  let consumers: Consumer[] = [];
  let logged: Record<string, unknown>[] = [];
  let written = 0;

  beforeAll(async () => {
    kafka = createBareKafka(brokers);
    admin = kafka.admin();
    await admin.connect();
    harness = await openStoreHarness();
  });
  beforeEach(async () => {
    await harness.begin();
    topic = await makeTopic(admin);
    logged = [];
    written = 0;
  });
  afterEach(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    consumers = [];
  });
  afterAll(async () => {
    await admin.disconnect();
    await harness.close();
  });

  async function consume(over = harness, groupId = topic): Promise<Consumer> {
    const source = createKafkaRecordSource({
      brokers,
      topic,
      groupId,
      clientId: 'consumer',
      maxWaitTimeMs: 100,
      sessionTimeoutMs: 6_000,
    });
    const consumer = new Consumer({
      source,
      store: over.store,
      closing: over.closing,
      decode: decodeRecord,
      graceMs: 0,
      clock: systemClock,
      logger: createLogger({
        level: 'info',
        destination: { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
      }),
      metrics: createMetrics(),
      onStored: () => undefined,
      pause: () => sleep(20),
    });
    consumers.push(consumer);
    await consumer.start();
    // As the consume role does all the time.
    const poll = setInterval(() => void source.progress().catch(() => undefined), 200);
    void source.died.then(() => undefined);
    const stop = consumer.stop.bind(consumer);
    consumer.stop = async () => {
      clearInterval(poll);
      await stop();
    };
    return consumer;
  }

  /** So many further messages, each another; without a key they go where they are sent. */
  async function publish(count: number, partition = 0): Promise<void> {
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const messages = Array.from({ length: count }, () => {
      written += 1;
      return { value: JSON.stringify(message({ id: `m${written}`, atMs: dayMs + written })), partition };
    });
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  async function stored(over = harness): Promise<number> {
    const [row] = await over.rows<{ count: number }>('select count(*)::int as count from afterword.messages');
    return row?.count ?? 0;
  }

  const allStored = (count: number, over = harness): Promise<void> =>
    until(`${count} messages to be stored`, async () => (await stored(over)) === count, { everyMs: 50 });

  const committed = async (groupId = topic): Promise<string | undefined> =>
    (await admin.fetchOffsets({ groupId, topics: [topic] }))[0]?.partitions.find(
      ({ partition }) => partition === 0,
    )?.offset;

  async function committedUpTo(offset: number): Promise<void> {
    await until(`the commit of ${offset}`, async () => (await committed()) === String(offset), {
      everyMs: 50,
    });
  }

  async function makeAnew(partitions = 1): Promise<void> {
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic), {
      everyMs: 10,
    });
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] });
  }

  const told = (event: string): readonly Record<string, unknown>[] =>
    logged.filter((line) => line['event'] === event);

  it.each([
    ['fewer', 3],
    ['more', 25],
  ])(
    'deletes the topic and makes it anew under it, with %s records than before',
    async (_which, count) => {
      await consume();
      await publish(10);
      await allStored(10);
      await committedUpTo(10);
      await makeAnew();
      await publish(count);
      await allStored(10 + count);
      await publish(2);
      await allStored(12 + count);
      expect(await harness.rows('select 1 from afterword.dead_letters')).toEqual([]);
    },
    120_000,
  );

  it.each([
    ['fewer', 3],
    ['more', 25],
  ])(
    'makes the topic anew while nobody reads, with %s records than before',
    async (_which, count) => {
      const before = await consume();
      await publish(10);
      await allStored(10);
      await committedUpTo(10);
      await before.stop();
      await makeAnew();
      await publish(count);
      await consume();
      await allStored(10 + count);
      await committedUpTo(count);
    },
    120_000,
  );

  it('forgets the offset of its group: all is read again, and no row is doubled', async () => {
    const before = await consume();
    await publish(10);
    await allStored(10);
    await committedUpTo(10);
    await before.stop();
    await admin.deleteGroups([topic]);
    await publish(5);
    await consume();
    await allStored(15);
    await committedUpTo(15);
    expect(told('partition.restarted')).toMatchObject([{ level: 'warn', stored: '10', from: '0' }]);
    const [windows] = await harness.rows('select sum(message_count)::int as members from afterword.windows');
    expect(windows).toEqual({ members: 15 });
  }, 120_000);

  it('cuts off what was not read yet: the gap is recorded, the rest is read', async () => {
    const before = await consume();
    await publish(3);
    await allStored(3);
    await committedUpTo(3);
    await before.stop();
    await publish(7);
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '8' }] });
    await consume();
    await allStored(5);
    const gaps = await harness.rows('select from_offset, to_offset, reason from afterword.log_gaps');
    expect(gaps).toEqual([{ from_offset: '3', to_offset: '8', reason: 'retention' }]);
    expect(told('gap.recorded')).toMatchObject([{ level: 'error', from: '3', to: '8' }]);
  }, 120_000);

  it('knows more than a Postgres that was restored from an older copy: it is filled again', async () => {
    const older = await openStoreHarness();
    await older.begin();
    try {
      await publish(5);
      const copying = await consume(older, `${topic}-copy`);
      await allStored(5, older);
      await copying.stop();
      const before = await consume();
      await publish(5);
      await allStored(10);
      await committedUpTo(10);
      await before.stop();
      logged = [];
      const restored = await consume(older);
      await allStored(10, older);
      expect(told('partition.refilled')).toMatchObject([{ level: 'error', committed: '10', stored: '5' }]);
      await restored.stop();
    } finally {
      await older.close();
    }
  }, 120_000);

  it('has its offset moved ahead by another tool while nobody reads', async () => {
    const before = await consume();
    await publish(4);
    await allStored(4);
    await committedUpTo(4);
    await before.stop();
    await publish(6);
    await admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '9' }] });
    await consume();
    await allStored(10);
    expect(told('partition.refilled')).toMatchObject([{ committed: '9', stored: '4' }]);
  }, 120_000);

  it('takes a stranger’s commit ahead of ours, from a member of our own group', async () => {
    topic = await makeTopic(admin, {}, 2);
    const ours = await consume();
    await publish(3);
    await allStored(3);
    const stranger = kafka.consumer({ groupId: topic, partitionAssigners: [createStickyAssigner(() => [])] });
    await stranger.connect();
    await stranger.subscribe({ topics: [topic] });
    await stranger.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
    await until('a partition each', () => ours.assigned.length === 1, { everyMs: 50 });
    const mine = ours.assigned[0]?.partition ?? 0;
    const ahead = { topic, partition: mine, offset: '1000' };
    await until('the commit to be taken', () =>
      stranger.commitOffsets([ahead]).then(
        () => true,
        () => false,
      ),
    );
    const before = await stored();
    await publish(4, mine);
    await allStored(before + 4);
    await ours.stop();
    await stranger.commitOffsets([ahead]).catch(() => undefined);
    await stranger.disconnect();
    // Whoever comes next does not believe it either.
    await publish(4, mine);
    await consume();
    await allStored(before + 8);
  }, 120_000);
});
