import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import type { EmbeddedLogEvent } from '../../../../src/adapters/embedded/log/log-event.ts';
import { createEmbeddedRecordSink } from '../../../../src/adapters/embedded/log/record-sink.ts';
import { createEmbeddedRecordSource } from '../../../../src/adapters/embedded/log/record-source.ts';
import { createEmbeddedTopicAdmin } from '../../../../src/adapters/embedded/log/topic-admin.ts';
import type { RecordSource } from '../../../../src/consume/record-source.ts';
import { LogRecorder, until } from '../../../contracts/log-recorder.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { describeWithPostgres, uniqueTopic } from '../../../support/kafka-suite.ts';

describeWithPostgres('the embedded log', () => {
  let database: TestDatabase;
  const pools: pg.Pool[] = [];
  let sources: RecordSource[] = [];

  const openPool = (max: number): pg.Pool => {
    const pool = new pg.Pool({ connectionString: database.url, max });
    pools.push(pool);
    return pool;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    sources = [];
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  });

  async function makeTopic(partitions: number): Promise<string> {
    const topic = uniqueTopic('embedded');
    await createEmbeddedTopicAdmin({ pool: openPool(1) }).ensureTopic(topic, partitions);
    return topic;
  }

  async function read(pool: pg.Pool, topic: string, recorder = new LogRecorder(), leaseMs = 1_500) {
    const events: EmbeddedLogEvent[] = [];
    const onEvent = (event: EmbeddedLogEvent): void => void events.push(event);
    const source = createEmbeddedRecordSource({ pool, topic, groupId: 'g', leaseMs, pollMs: 20, onEvent });
    sources.push(source);
    await source.start(recorder);
    return { source, recorder, events };
  }

  it('never passes a record that commits late, however many write at once', async () => {
    const topic = await makeTopic(2);
    const { recorder } = await read(openPool(2), topic);
    const writers = Array.from({ length: 6 }, () => createEmbeddedRecordSink({ pool: openPool(1) }));
    await Promise.all(
      writers.map(async (sink, writer) => {
        for (let n = 0; n < 40; n++) {
          const value = `${String(writer)}-${String(n)}`;
          await sink.send([0, 1, 2].map((k) => ({ topic, key: `k${String(k)}`, value, headers: [] })));
        }
      }),
    );
    await until('all records', () => recorder.records.length === 720);
    for (const partition of [0, 1]) {
      const offsets = recorder.records.filter((record) => record.partition === partition);
      expect(offsets.map(({ offset }) => offset)).toEqual(offsets.map((_, n) => BigInt(n)));
    }
  });

  it('hands a record of this process on at once, without waiting for a poll', async () => {
    const topic = await makeTopic(1);
    const pool = openPool(2);
    const recorder = new LogRecorder();
    const source = createEmbeddedRecordSource({ pool, topic, groupId: 'g', pollMs: 60_000 });
    sources.push(source);
    await source.start(recorder);
    await createEmbeddedRecordSink({ pool }).send([{ topic, key: 'k', value: 'now', headers: [] }]);
    await until('the record', () => recorder.values().includes('now'), 5_000);
  });

  it('refuses the commit of a member whose partition changed hands, and delivers to the new one', async () => {
    const topic = await makeTopic(1);
    const pool = openPool(2);
    const slow = new LogRecorder();
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    slow.before = () => held;
    const first = await read(pool, topic, slow);
    await createEmbeddedRecordSink({ pool }).send([{ topic, key: 'k', value: '0', headers: [] }]);
    await until('a batch in hand', () => slow.offered.length === 1);
    // What happens to a process that was suspended for longer than its lease.
    await pool.query(
      `update afterword.log_offsets as o set owner = 'another', lease_epoch = lease_epoch + 1
       from afterword.log_topics t where t.topic_id = o.topic_id and t.topic = $1`,
      [topic],
    );
    goOn();
    await until(
      'the loss',
      () => first.events.some(({ type }) => type === 'commit-lost') || slow.assigned.length === 0,
    );
    const [offsets] = await createEmbeddedTopicAdmin({ pool }).offsets(topic, 'g');
    expect(offsets?.committed).toBeUndefined();
  });

  it('works over a single connection, as behind a pooler that gives each statement another one', async () => {
    const topic = await makeTopic(3);
    const pool = openPool(1);
    const { source, recorder } = await read(pool, topic);
    const sink = createEmbeddedRecordSink({ pool });
    const values = Array.from({ length: 50 }, (_, n) => String(n));
    await Promise.all(values.map((value) => sink.send([{ topic, key: value, value, headers: [] }])));
    await until('all records', () => recorder.records.length === 50);
    await until('caught up', async () =>
      (await source.progress()).every(({ position, endOffset }) => position === endOffset),
    );
  });

  it('leaves nothing of a member that stopped', async () => {
    const topic = await makeTopic(2);
    const pool = openPool(2);
    const { source, recorder } = await read(pool, topic);
    await until('both partitions', () => recorder.assigned.length === 2);
    await source.stop();
    const { rows } = await pool.query<{ owners: string; members: string }>(
      `select (select count(*) from afterword.log_offsets o where o.topic_id = t.topic_id and owner is not null)
                as owners,
              (select count(*) from afterword.log_members m where m.topic_id = t.topic_id) as members
       from afterword.log_topics t where topic = $1`,
      [topic],
    );
    expect(rows).toEqual([{ owners: '0', members: '0' }]);
  });
});
