import type { Admin, Kafka } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { createKafkaRecordSource } from '../../../src/adapters/kafka/record-source.ts';
import { LogRecorder, until } from '../../contracts/log-recorder.ts';
import { describeWithKafka } from '../../support/kafka-suite.ts';
import { createBareKafka, makeTopic, startReader, type ReaderOptions, type TestReader } from './kafka-log.ts';
import { createTopics } from '../../../src/adapters/kafka/create-topics.ts';

describeWithKafka('the Kafka record source', (brokers) => {
  let kafka: Kafka;
  let admin: Admin;
  let readers: TestReader[] = [];

  beforeAll(async () => {
    kafka = createBareKafka(brokers);
    admin = kafka.admin();
    await admin.connect();
  });
  afterEach(async () => {
    await Promise.all(readers.map(({ source }) => source.stop()));
    readers = [];
  });
  afterAll(() => admin.disconnect());

  async function read(options: Omit<ReaderOptions, 'brokers'>): Promise<TestReader> {
    const reader = await startReader({ brokers, ...options });
    readers.push(reader);
    return reader;
  }

  async function committedOf(topic: string): Promise<string | undefined> {
    const [offsets] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
    return offsets?.partitions[0]?.offset;
  }

  async function produce(topic: string, values: readonly string[], key = 'k'): Promise<void> {
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ key, value })) });
    await producer.disconnect();
  }

  it('shows what was committed, hides what was aborted, and passes both markers', async () => {
    const topic = await makeTopic(admin);
    const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const inTransaction = async (values: string[], end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });
      await transaction[end]();
    };
    await inTransaction(['a', 'b'], 'commit');
    await inTransaction(['never', 'ever'], 'abort');
    const { source, recorder } = await read({ topic });
    // a, b, commit marker, two aborted, abort marker: six offsets, two records.
    await until('position 6', async () => (await source.progress())[0]?.position === 6n);
    expect(recorder.values()).toEqual(['a', 'b']);

    // By now reading stands at the end: what comes has no record to show at all.
    await inTransaction(['not', 'this'], 'abort');
    await until('position 9', async () => (await source.progress())[0]?.position === 9n);
    expect((await source.progress())[0]?.endOffset).toBe(9n);
    await until('the commit of what was passed', async () => (await committedOf(topic)) === '9');
    // Told before it was committed.
    expect(recorder.passed.at(-1)).toBe(9n);
    await inTransaction(['c'], 'commit');
    await until('the next record', () => recorder.values().join() === 'a,b,c');
    await producer.disconnect();
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'reads records that Java has compressed with %s',
    async (codec) => {
      // The topic's own setting makes the broker compress anew whatever it is given.
      const topic = await makeTopic(admin, { 'compression.type': codec });
      const values = Array.from({ length: 3_000 }, (_, n) => wordy(n));
      await produce(topic, values.slice(0, 2_000));
      await produce(topic, values.slice(2_000));
      await produce(topic, ['x'.repeat(500_000)]);
      const { recorder } = await read({ topic });
      await until('all records', () => recorder.records.length === 3_001);
      expect(recorder.values()).toEqual([...values, 'x'.repeat(500_000)]);
    },
  );

  it('passes the holes that compaction leaves, and reaches the end', async () => {
    const topic = await makeTopic(admin, {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'max.compaction.lag.ms': '200',
    });
    await produce(
      topic,
      Array.from({ length: 200 }, (_, n) => String(n)),
    );
    let reader: TestReader | undefined;
    let attempt = 0;
    await until(
      'a compacted log',
      async () => {
        // A segment is closed, and may be compacted, when the next record comes.
        await produce(topic, ['last'], 'another');
        await reader?.source.stop();
        reader = await read({ topic, groupId: `${topic}-${String(++attempt)}` });
        const { source, recorder } = reader;
        await until('the end', async () => {
          const [progress] = await source.progress();
          return progress !== undefined && progress.position === progress.endOffset;
        });
        return (
          recorder.records.length < 200 &&
          recorder.values().includes('199') &&
          recorder.values().includes('last')
        );
      },
      60_000,
    );
  });

  it('starts at what is left, and says so, when retention overtook its position', async () => {
    const topic = await makeTopic(admin);
    await produce(topic, ['0', '1', '2']);
    const { source, recorder, events } = await read({ topic });
    await until('the first three', () => recorder.records.length === 3);
    source.pause([{ topic, partition: 0 }]);
    await produce(topic, ['3', '4', '5', '6']);
    // kafkajs deletes only through a broker that it has spoken to about the topic.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
    source.resume([{ topic, partition: 0 }]);
    await until('what is left', () => recorder.records.length === 5);
    expect(recorder.values()).toEqual(['0', '1', '2', '5', '6']);
    expect(events).toContainEqual({ type: 'offset-jump', topic, partition: 0, from: 3n, to: 5n });
    // It was asked again, so that the gap can be recorded.
    expect(recorder.starts.map(({ logStart }) => logStart)).toEqual([0n, 5n]);
  });

  it('reads a topic from its start that was made anew while it was read', async () => {
    const topic = await makeTopic(admin);
    await produce(topic, ['old 0', 'old 1', 'old 2']);
    const { recorder, events } = await read({ topic });
    await until('the old records', () => recorder.records.length === 3);
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
    await createTopics(admin, [{ topic, numPartitions: 1 }]);
    await produce(topic, ['new 0']);
    await until('the new record', () => recorder.values().includes('new 0'), 45_000);
    expect(recorder.values()).toEqual(['old 0', 'old 1', 'old 2', 'new 0']);
    expect(events.some(({ type }) => type === 'crashed' || type === 'offset-jump')).toBe(true);
  });

  it.each([
    ['paused', 'and asked'],
    ['busy with a batch', 'and asked'],
    ['paused', 'and not asked: before it commits'],
    ['busy with a batch', 'and not asked: before it commits'],
  ])(
    'notices a topic that was made anew and outgrew its position while it was %s, %s',
    async (how, asked) => {
      const topic = await makeTopic(admin);
      await produce(topic, ['old 0', 'old 1']);
      const { source, recorder } = await read({ topic });
      await until('the old records', () => recorder.records.length === 2);
      await until('their commit', async () => (await committedOf(topic)) === '2');
      let goOn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      if (how === 'paused') source.pause([{ topic, partition: 0 }]);
      else {
        recorder.before = () => held;
        await produce(topic, ['old 2']);
        await until('a batch in hand', () => recorder.offered.at(-1)?.records[0]?.offset === 2n);
      }
      await admin.deleteTopics({ topics: [topic] });
      await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
      await createTopics(admin, [{ topic, numPartitions: 1 }]);
      const values = Array.from({ length: 9 }, (_, n) => `new ${n}`);
      await produce(topic, values);
      // The consume role asks every second; all of this may happen in between, too.
      if (asked === 'and asked')
        await until('the new end', async () => (await source.progress())[0]?.endOffset === 9n);
      goOn();
      source.resume([{ topic, partition: 0 }]);
      await until('all new records', () => values.every((value) => recorder.values().includes(value)));
    },
  );

  it('leaves a batch undone, and commits nothing, when the group gave its partition away meanwhile', async () => {
    const topic = await makeTopic(admin);
    await produce(topic, ['0', '1']);
    const slow = new LogRecorder();
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let sawStale = false;
    slow.before = async (batch) => {
      if (slow.offered.length > 1) return;
      await held;
      await batch.heartbeat();
      sawStale = batch.isStale();
    };
    await read({ topic, recorder: slow, sessionTimeoutMs: 1_500 });
    await until('a batch in hand', () => slow.offered.length === 1);
    const other = await read({ topic, sessionTimeoutMs: 1_500 });
    await until('the other has it', () => other.recorder.values().join() === '0,1');
    goOn();
    await until('both in the group again', () => slow.assigned.length + other.recorder.assigned.length === 1);
    expect(sawStale).toBe(true);
    expect(slow.records).toEqual([]);
  });

  it('finds partitions that are added while it reads, without a restart', async () => {
    const topic = await makeTopic(admin);
    const { recorder } = await read({ topic });
    await until('one partition', () => recorder.assigned.length === 1);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    // A second member makes the leader look at the topic again; alone it looks once a minute.
    const second = await read({ topic });
    await until('three in all', () => recorder.assigned.length + second.recorder.assigned.length === 3);
    // Each from its start: what came before a reader had it is there too.
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const messages = [0, 1, 2].map((partition) => ({ value: `in ${partition}`, partition }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    const values = (): string[] => [...recorder.values(), ...second.recorder.values()].sort();
    await until('a record of each', () => values().join() === 'in 0,in 1,in 2');
    const known = await second.source.partitions();
    expect(known.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  });

  it('reads added partitions from their start, also what came before it knew of them', async () => {
    const topic = await makeTopic(admin);
    const { recorder } = await read({ topic });
    await until('one partition', () => recorder.assigned.length === 1);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    // A client of its own: the admin's picture of the topic is from before.
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await until('the new partition to be known', async () =>
      producer.send({ topic, messages: [{ value: 'early', partition: 1 }] }).then(
        () => true,
        () => false,
      ),
    );
    await producer.disconnect();
    const second = await read({ topic });
    const values = (): string[] => [...recorder.values(), ...second.recorder.values()];
    await until('the early record', () => values().includes('early'));
  });

  it('keeps no more of a fetch in memory than the values it hands out', async () => {
    const topic = await makeTopic(admin);
    await produce(
      topic,
      Array.from({ length: 1_000 }, (_, n) => `${String(n)} ${'x'.repeat(900)}`),
    );
    const { recorder } = await read({ topic });
    await until('all records', () => recorder.records.length === 1_000);
    for (const { value } of recorder.records) expect(value?.buffer.byteLength).toBeLessThan(65_536);
  });

  it('rejects and dies, naming the reason, when its credentials are wrong', async () => {
    const topic = await makeTopic(admin);
    const source = createKafkaRecordSource({
      brokers,
      topic,
      clientId: 'wrong',
      groupId: topic,
      sasl: { mechanism: 'plain', username: 'nobody', password: 'wrong-password' },
    });
    const start = source.start(new LogRecorder());
    await expect(start).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: false });
    expect(String(await source.died)).not.toContain('wrong-password');
    await source.stop();
  });
});

/** Words that repeat as chat does, and digits that do not. */
function wordy(n: number): string {
  const noise = (n * 2_654_435_761) % 4_294_967_296;
  return `${String(n)}: I moved to ${['Oslo', 'Lima', 'Kyoto'][n % 3] ?? ''}, my code is ${noise.toString(36)} 🙂`;
}
