import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { createEmbeddedRecordSink } from '../../../../src/adapters/embedded/log/record-sink.ts';
import { createEmbeddedRecordSource } from '../../../../src/adapters/embedded/log/record-source.ts';
import { removeOldRecords } from '../../../../src/adapters/embedded/log/remove-records.ts';
import { createEmbeddedTopicAdmin } from '../../../../src/adapters/embedded/log/topic-admin.ts';
import type { RecordSource } from '../../../../src/consume/record-source.ts';
import { LogRecorder } from '../../../contracts/log-recorder.ts';
import { describeWithPostgres, uniqueTopic } from '../../../support/kafka-suite.ts';
import { openStoreHarness, type StoreHarness } from '../../../support/store-harness.ts';
import { until } from '../../../support/until.ts';
import { CrashingPool, crashPoints } from '../../postgres/crashing-pool.ts';

const weekMs = 7 * 24 * 60 * 60_000;
const longAgoMs = Date.UTC(2026, 0, 5);

describeWithPostgres('retention of the embedded log', () => {
  let harness: StoreHarness;
  let sources: RecordSource[] = [];

  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterEach(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    sources = [];
    await harness.pool.query(
      ['records', 'offsets', 'members', 'partitions', 'topics']
        .map((table) => `delete from afterword.log_${table}`)
        .join(';'),
    );
  });
  afterAll(() => harness.close());

  /** A topic of one partition with a record for each of these times; null: now. */
  async function topicWith(times: readonly (number | null)[]): Promise<string> {
    const topic = uniqueTopic('retained');
    await createEmbeddedTopicAdmin({ pool: harness.pool }).ensureTopic(topic, 1);
    await send(topic, times);
    return topic;
  }

  async function send(topic: string, times: readonly (number | null)[]): Promise<void> {
    const records = times.map((timestampMs) => ({
      topic,
      key: 'k',
      value: 'said',
      headers: [],
      ...(timestampMs !== null && { timestampMs }),
    }));
    await createEmbeddedRecordSink({ pool: harness.pool }).send(records);
  }

  async function read(topic: string, groupId: string): Promise<LogRecorder> {
    const recorder = new LogRecorder();
    const source = createEmbeddedRecordSource({ pool: harness.pool, topic, groupId, pollMs: 20 });
    sources.push(source);
    await source.start(recorder);
    return recorder;
  }

  const committed = (topic: string, groupId: string, offset: bigint): Promise<void> =>
    until('everything is committed', async () => {
      const [offsets] = await createEmbeddedTopicAdmin({ pool: harness.pool }).offsets(topic, groupId);
      return offsets?.committed === offset;
    });

  /** A group as it was left: nobody reads for it now. */
  async function addGroup(topic: string, groupId: string, offset: number | null): Promise<void> {
    await harness.pool.query(
      `insert into afterword.log_offsets (group_id, topic_id, partition, committed_offset)
       select $2, topic_id, 0, $3 from afterword.log_topics where topic = $1`,
      [topic, groupId, offset],
    );
  }

  const remove = (readTopic: string, limit = 100, pool = harness.pool): Promise<number> =>
    removeOldRecords(pool, { olderThanMs: weekMs, readTopic, limit });

  /** Offsets that are held, and where the log says that it begins and ends. */
  async function held(topic: string): Promise<{ offsets: number[]; start: bigint; end: bigint }> {
    const [ends] = await createEmbeddedTopicAdmin({ pool: harness.pool }).offsets(topic, 'nobody');
    const rows = await harness.rows<{ offset: number }>(
      `select record_offset::int as offset from afterword.log_records join afterword.log_topics using (topic_id)
       where topic = $1 order by 1`,
      [topic],
    );
    return { offsets: rows.map(({ offset }) => offset), start: ends?.start ?? -1n, end: ends?.end ?? -1n };
  }

  it('removes what is old and read, up to the first record that is young', async () => {
    const topic = await topicWith([longAgoMs, longAgoMs, null, longAgoMs, null]);
    await read(topic, 'g');
    await committed(topic, 'g', 5n);
    expect(await remove(topic)).toBe(2);
    expect(await held(topic)).toEqual({ offsets: [2, 3, 4], start: 2n, end: 5n });
    expect(await remove(topic)).toBe(0);
  });

  it('keeps what any group has still to read, however old it is', async () => {
    const topic = await topicWith([longAgoMs, longAgoMs, longAgoMs]);
    await addGroup(topic, 'fast', 3);
    await addGroup(topic, 'slow', 1);
    expect(await remove(topic)).toBe(1);
    expect(await held(topic)).toEqual({ offsets: [1, 2], start: 1n, end: 3n });
    await addGroup(topic, 'beginning', null);
    await harness.pool.query(`update afterword.log_offsets set committed_offset = 3 where group_id = 'slow'`);
    expect(await remove(topic)).toBe(0);
  });

  it('keeps the messages until somebody came to read them, and no other topic', async () => {
    const messages = await topicWith([longAgoMs, longAgoMs]);
    const results = await topicWith([longAgoMs, longAgoMs, null]);
    expect(await remove(messages)).toBe(2);
    expect((await held(messages)).offsets).toEqual([0, 1]);
    expect((await held(results)).offsets).toEqual([2]);
  });

  it('is a log that begins later for who comes then, and shows no gap to who was there', async () => {
    const topic = await topicWith([longAgoMs, longAgoMs, null]);
    const before = await read(topic, 'before');
    await committed(topic, 'before', 3n);
    expect(await remove(topic)).toBe(2);
    const later = await read(topic, 'later');
    await send(topic, [null]);
    await until('both have the newest', () => before.records.length === 4 && later.records.length === 2);
    expect(before.records.map(({ offset }) => offset)).toEqual([0n, 1n, 2n, 3n]);
    expect(later.records.map(({ offset }) => offset)).toEqual([2n, 3n]);
    expect(later.starts).toMatchObject([{ logStart: 2n, committed: undefined }]);
  });

  it('goes in small steps, and waits for nobody who appends', async () => {
    const topic = await topicWith([longAgoMs, longAgoMs, longAgoMs]);
    await addGroup(topic, 'g', 3);
    expect(await remove(topic, 2)).toBe(2);
    expect(await held(topic)).toEqual({ offsets: [2], start: 2n, end: 3n });
    const appending = await harness.pool.connect();
    await appending.query('begin');
    await appending.query('select from afterword.log_partitions for update');
    expect(await remove(topic, 2)).toBe(0);
    await appending.query('rollback');
    appending.release();
    expect(await remove(topic, 2)).toBe(1);
    // An empty log takes records as ever.
    await send(topic, [null]);
    expect(await held(topic)).toEqual({ offsets: [3], start: 3n, end: 4n });
  });

  it('leaves records and the log’s start as one when its process dies', { timeout: 120_000 }, async () => {
    const counting = new CrashingPool(harness.url);
    const topic = await topicWith([longAgoMs, longAgoMs, null]);
    await addGroup(topic, 'g', 3);
    expect(await remove(topic, 1, counting.asPool())).toBe(1);
    const statements = counting.statements.length;
    await counting.end();
    for (const crash of crashPoints(statements)) {
      const fresh = await topicWith([longAgoMs, longAgoMs, null]);
      await addGroup(fresh, 'g', 3);
      await harness.pool.query(
        'delete from afterword.log_partitions where topic_id <> (select max(topic_id) from afterword.log_topics)',
      );
      const dying = new CrashingPool(harness.url, crash);
      await expect(remove(fresh, 1, dying.asPool())).rejects.toThrow();
      await dying.end();
      const { offsets, start } = await held(fresh);
      expect(BigInt(offsets[0] ?? -1), JSON.stringify(crash)).toBe(start);
      while ((await remove(fresh, 1)) > 0);
      expect(await held(fresh)).toEqual({ offsets: [2], start: 2n, end: 3n });
    }
  });
});
