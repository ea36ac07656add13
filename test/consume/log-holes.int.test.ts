import type { Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { makeTopic, startReader } from '../adapters/kafka/kafka-log.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { until } from '../support/until.ts';
import { LogHarness, type LogReader } from './log-harness.ts';

/** Offsets that no record has, and partitions that come and go: real Kafka, real consumer, real Postgres. */
describeWithKafka('a consumer of a log', (brokers) => {
  let log: LogHarness;
  let producer: Producer | undefined;

  beforeAll(async () => {
    log = await LogHarness.open(brokers);
  });
  beforeEach(() => log.begin());
  afterEach(async () => {
    await producer?.disconnect();
    producer = undefined;
    await log.end();
  });
  afterAll(() => log.close());

  /** So many further messages and a marker: as many offsets and one. */
  async function inTransaction(end: 'commit' | 'abort', count: number): Promise<void> {
    if (producer === undefined) {
      const transactionalId = log.topic;
      producer = log.kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
    }
    const transaction = await producer.transaction();
    const messages = Array.from({ length: count }, () => ({ value: log.next(), partition: 0 }));
    await transaction.send({ topic: log.topic, messages });
    await transaction[end]();
  }

  async function storedNext(): Promise<string | undefined> {
    const [row] = await log.store.rows<{ next_offset: string }>(
      'select next_offset from afterword.partition_progress where topic = $1 and partition = 0',
      [log.topic],
    );
    return row?.next_offset;
  }

  const held = ({ consumer }: LogReader): number => consumer.assigned.length;

  const closes = (what: string, reader: LogReader, expected: readonly string[]): Promise<void> =>
    until(what, async () => (await log.closed(reader)).join() === expected.join(), { everyMs: 200 });

  it('stores what was committed, never what was aborted, and reaches the end behind both markers', async () => {
    await inTransaction('commit', 2);
    await inTransaction('abort', 3);
    await log.publish(1);
    await inTransaction('abort', 2);
    // 2 and a marker, 3 and a marker, 1, 2 and a marker.
    const reader = await log.consume();
    await log.allStored(3);
    await log.committedUpTo(11);
    expect(await log.store.rows('select source_offset from afterword.messages order by 1')).toEqual(
      ['0', '1', '7'].map((offset) => ({ source_offset: offset })),
    );
    expect(await log.members()).toBe(3);
    expect(await log.store.rows('select 1 from afterword.dead_letters')).toEqual([]);
    // Caught up, though the last record lies far before the end: the clock may close.
    await closes('the window to close', reader, ['ann idle']);
  }, 120_000);

  it('keeps the position in step with what was passed without a record, so that a restart finds nothing amiss', async () => {
    const before = await log.consume();
    await log.publish(4);
    await log.allStored(4);
    await log.committedUpTo(4);
    // Reading stands at the end: what comes has no record to show at all.
    await inTransaction('abort', 3);
    await log.committedUpTo(8);
    expect(await storedNext()).toBe('8');
    await before.stop();
    const after = await log.consume();
    await log.publish(1);
    await log.allStored(5);
    await log.committedUpTo(9);
    expect(log.told('partition.refilled')).toEqual([]);
    expect(log.told('offset.jumped')).toEqual([]);
    await after.stop();
    // Neither does anybody who judges partitions without a reader.
    expect(await storedNext()).toBe('9');
  }, 120_000);

  it('reads on behind what was aborted where nothing else has ever been', async () => {
    await inTransaction('abort', 3);
    const before = await log.consume();
    await until('the end', async () => (await before.source.progress())[0]?.position === 4n);
    await before.stop();
    await log.publish(2);
    await log.consume();
    await log.allStored(2);
    await log.committedUpTo(6);
    expect(await storedNext()).toBe('6');
    expect([...log.told('partition.refilled'), ...log.told('partition.restarted')]).toEqual([]);
  }, 120_000);

  it('passes the holes of a compacted log: what is left is stored once, and its windows close', async () => {
    const compacting = {
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'max.compaction.lag.ms': '200',
    };
    log.topic = await makeTopic(log.admin, { 'cleanup.policy': 'compact', ...compacting });
    const { topic } = log;
    const plain = log.kafka.producer({ allowAutoTopicCreation: false });
    await plain.connect();
    const send = (key: string): Promise<unknown> =>
      plain.send({ topic, messages: [{ key, value: log.next() }] });
    for (let n = 0; n < 20; n++) await send('same');
    // A bare reader tells when the cleaner has been here: a segment is closed by the next record.
    let left: string[] = [];
    let pushes = 0;
    await until(
      'a compacted log',
      async () => {
        await send(`push-${pushes++}`);
        left = await offsetsLeft(20 + pushes);
        return left.length < 20 + pushes && left.includes('19');
      },
      { deadlineMs: 90_000, everyMs: 500 },
    );
    await plain.disconnect();
    const reader = await log.consume();
    await log.committedUpTo(20 + pushes);
    const rows = await log.store.rows<{ offset: string }>(
      'select source_offset::text as offset from afterword.messages order by source_offset',
    );
    // The cleaner may have come again between the two readings; it only ever takes older ones.
    const offsets = rows.map(({ offset }) => offset);
    expect(left).toEqual(expect.arrayContaining(offsets));
    expect(offsets).toEqual(expect.arrayContaining(['19', String(19 + pushes)]));
    expect(await log.members()).toBe(offsets.length);
    expect(log.told('gap.recorded')).toEqual([]);
    await closes('the window to close', reader, ['ann idle']);
  }, 180_000);

  /** What a reader that shares no code with us finds below `end`. */
  async function offsetsLeft(end: number): Promise<string[]> {
    const seen: string[] = [];
    const consumer = log.kafka.consumer({ groupId: `${log.topic}-${Math.random()}` });
    await consumer.connect();
    await consumer.subscribe({ topics: [log.topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => Promise.resolve(void seen.push(message.offset)),
    });
    await until('the end of the log', () => seen.at(-1) === String(end - 1), { everyMs: 20 });
    await consumer.disconnect();
    return seen;
  }

  it('reads partitions that are added under it from their start, and closes their windows', async () => {
    const first = await log.consume();
    await log.publish(2);
    await log.allStored(2);
    await log.admin.createPartitions({ topicPartitions: [{ topic: log.topic, count: 3 }] });
    // Before any reader knows of them.
    await until('the added partitions to take records', () =>
      log.publish(3, 2, 'bob').then(
        () => true,
        () => false,
      ),
    );
    // A further member makes the leader look at the topic at once; alone it does so every minute.
    const second = await log.consume();
    await until('all three to be held', () => held(first) + held(second) === 3);
    await log.publish(1, 1, 'cid');
    await log.allStored(6);
    expect(log.told('gap.recorded')).toEqual([]);
    const closed: string[] = [];
    await until('all windows to close', async () => {
      closed.push(...(await log.closed(first)), ...(await log.closed(second)));
      return closed.length === 3;
    });
    expect(closed.sort()).toEqual(['ann idle', 'bob idle', 'cid idle']);
  }, 120_000);

  it('leaves windows of partitions that the topic has lost to the clock, and none whose records wait', async () => {
    await log.begin(3);
    const before = await log.consume();
    await log.publish(2, 0, 'ann');
    await log.publish(2, 1, 'bob');
    await log.publish(2, 2, 'cid');
    await log.allStored(6);
    await before.stop();
    // Nobody reads now; what bob says further only waits.
    await log.publish(1, 1, 'bob');
    const looking = await startReader({ brokers, topic: log.topic, groupId: `${log.topic}-looks` });
    try {
      await until('the log to be known', async () => (await looking.source.partitions()).length === 3);
      expect(await log.closedUnread(looking.source)).toEqual(['ann idle', 'cid idle']);
      await log.makeAnew(1);
      await until('the new log to be known', async () => {
        const known = await looking.source.partitions().catch(() => []);
        return known.length === 1;
      });
      expect(await log.closedUnread(looking.source)).toEqual(['bob idle']);
    } finally {
      await looking.source.stop();
    }
  }, 120_000);
});
