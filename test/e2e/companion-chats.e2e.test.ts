import { readFileSync } from 'node:fs';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { startAfterword, type AfterwordProcess } from '../support/afterword-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { ResultsReader } from '../support/results-reader.ts';
import { until } from '../support/until.ts';
import { createTopics } from '../../src/adapters/kafka/create-topics.ts';

const lines = readFileSync(new URL('../fixtures/companion-chats.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '');

/** The whole line, as processes of their own, on a real Kafka and a real Postgres. */
describeWithKafka('the companion chats on real Kafka and Postgres', () => {
  let kafka: Kafka;
  let admin: Admin;
  let database: { url: string; drop(): Promise<void> };
  let pool: pg.Pool;
  let running: AfterwordProcess[] = [];
  let topics: { messages: string; results: string; deadLetters: string; group: string };

  beforeAll(async () => {
    const brokers = [inject('kafkaBrokers') ?? ''];
    kafka = new kafkajs.Kafka({ brokers, clientId: 'e2e', logLevel: kafkajs.logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
  });

  afterAll(async () => {
    await admin.disconnect();
  });

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const id = Math.random().toString(36).slice(2, 8);
    topics = {
      messages: `messages-${id}`,
      results: `results-${id}`,
      deadLetters: `dead-${id}`,
      group: `group-${id}`,
    };
  });

  afterEach(async () => {
    await Promise.all(running.map((worker) => worker.kill()));
    running = [];
    await pool.end();
    await database.drop();
  });

  async function makeTopics(partitions: number): Promise<void> {
    await createTopics(admin, [
      { topic: topics.messages, numPartitions: partitions },
      { topic: topics.results, numPartitions: 3 },
      { topic: topics.deadLetters, numPartitions: 1 },
    ]);
  }

  function startWorkers(count: number): void {
    running = Array.from({ length: count }, () =>
      startAfterword(['run', '--roles', 'consume,extract,publish'], {
        KAFKA_BROKERS: inject('kafkaBrokers') ?? '',
        KAFKA_MESSAGES_TOPIC: topics.messages,
        KAFKA_RESULTS_TOPIC: topics.results,
        KAFKA_DEAD_LETTER_TOPIC: topics.deadLetters,
        KAFKA_GROUP_ID: topics.group,
        DATABASE_URL: database.url,
        SESSION_GRACE: '1s',
      }),
    );
  }

  async function stopWorkers(): Promise<void> {
    const ended = await Promise.all(running.map((worker) => worker.stop()));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual(running.map(() => 0));
    running = [];
  }

  /** Batches of so many records, so that the consumer sees other batches every time. */
  async function publish(batchSize: number): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    for (let from = 0; from < lines.length; from += batchSize) {
      await producer.send({
        topic: topics.messages,
        messages: lines.slice(from, from + batchSize).map((line) => ({ key: userOf(line), value: line })),
      });
    }
    await producer.disconnect();
  }

  function userOf(line: string): string {
    const { bot_id: botId, user_id: userId } = JSON.parse(line) as { bot_id: string; user_id: string };
    return `${botId}/${userId}`;
  }

  interface Standing {
    messages: number;
    live: number;
    settled: number;
    consumed: number;
    outbox: number;
  }

  async function standing(): Promise<Standing> {
    const { rows } = await pool.query<Record<keyof Standing, string>>(
      `select (select count(*) from afterword.messages) as messages,
         (select count(*) from afterword.windows where status in ('open', 'closed')) as live,
         (select count(*) from afterword.windows w join afterword.extractions e using (window_id)
          where w.status = 'closed' and e.status in ('done', 'skipped')) as settled,
         (select coalesce(sum(next_offset), 0) from afterword.partition_progress) as consumed,
         (select count(*) from afterword.outbox where sent_at is null and destination = 'results') as outbox`,
    );
    const row = rows[0];
    const read = (name: keyof Standing): number => Number(row?.[name] ?? -1);
    return {
      messages: read('messages'),
      live: read('live'),
      settled: read('settled'),
      consumed: read('consumed'),
      outbox: read('outbox'),
    };
  }

  /** Everything read, every window closed, extracted and sent. */
  async function settled(consumed: number): Promise<void> {
    await until(
      'all windows to be enriched and sent',
      async () => {
        const now = await standing();
        return now.consumed >= consumed && now.live === now.settled && now.outbox === 0;
      },
      { deadlineMs: 90_000 },
    );
  }

  async function snapshot(): Promise<unknown> {
    const { rows } = await pool.query(
      `select w.window_id, w.status, w.started_at_ms, w.ended_at_ms, w.message_count, w.revision, k.bot_id, k.user_id,
         k.last_sequence
       from afterword.windows w join afterword.user_keys k using (key_id) order by w.window_id`,
    );
    return rows;
  }

  /** The predecessor's three integrity checks, on views that are not empty. */
  async function expectIntactViews(): Promise<void> {
    const { rows } = await pool.query<Record<string, string>>(
      `select
         (select count(*) from conversation_summaries) as summaries,
         (select count(*) from universal_users where preferences <> '{}') as users,
         (select count(*) from user_fact_relationships) as facts,
         (select count(*) from conversation_summaries
          where bot_name is null or user_id is null or created_at is null or message_count < 1) as bad_summaries,
         (select count(*) from universal_users
          where preferences is not null and jsonb_typeof(preferences) <> 'object') as bad_preferences,
         (select count(*) from user_fact_relationships r
          left join fact_entities e on e.id = r.entity_id where e.id is null) as bad_facts`,
    );
    const count = (name: string): number => Number(rows[0]?.[name]);
    expect(count('summaries')).toBeGreaterThan(100);
    expect(count('users')).toBeGreaterThan(0);
    expect(count('facts')).toBeGreaterThanOrEqual(100);
    expect([count('bad_summaries'), count('bad_preferences'), count('bad_facts')]).toEqual([0, 0, 0]);
  }

  it.each([
    { partitions: 1, consumers: 1, batchSize: 1_000 },
    { partitions: 1, consumers: 3, batchSize: 20 },
    { partitions: 3, consumers: 3, batchSize: 7 },
    { partitions: 8, consumers: 3, batchSize: 333 },
  ])(
    'gives 149 windows with $partitions partitions, $consumers consumers, batches of $batchSize',
    async ({ partitions, consumers, batchSize }) => {
      await makeTopics(partitions);
      startWorkers(consumers);
      await publish(batchSize);
      await settled(lines.length);
      expect(await standing()).toMatchObject({ messages: lines.length, live: 149, settled: 149 });
      await stopWorkers();
    },
    180_000,
  );

  it('changes nothing when all is published again, after a restart, and after a reset to the earliest', async () => {
    await makeTopics(3);
    startWorkers(1);
    await publish(200);
    await settled(lines.length);
    const before = await snapshot();

    await publish(200);
    await settled(2 * lines.length);
    expect(await snapshot()).toEqual(before);

    await stopWorkers();
    await admin.resetOffsets({ groupId: topics.group, topic: topics.messages, earliest: true });
    startWorkers(2);
    await until('the group to have read to the end again', async () => {
      const [committed] = await admin.fetchOffsets({ groupId: topics.group, topics: [topics.messages] });
      const ends = await admin.fetchTopicOffsets(topics.messages);
      return ends.every(
        ({ partition, high }) =>
          committed?.partitions.find((row) => row.partition === partition)?.offset === high,
      );
    });
    await settled(2 * lines.length);
    expect(await snapshot()).toEqual(before);
    expect(await standing()).toMatchObject({ messages: lines.length, live: 149 });
    await stopWorkers();
  }, 240_000);

  it('shows an independent reader of the results topic every window enriched, in order and valid', async () => {
    await makeTopics(3);
    const reader = await ResultsReader.start(kafka, topics.results);
    startWorkers(2);
    await publish(100);
    await settled(lines.length);
    await until('every window to be enriched on the topic', () => reader.enrichedWindows().size === 149);
    await stopWorkers();
    await reader.stop();
    expect(reader.problems).toEqual([]);
    const stored = await pool.query<{ window_id: string }>(
      `select window_id from afterword.windows where status = 'closed'`,
    );
    expect([...reader.enrichedWindows()].sort()).toEqual(stored.rows.map((row) => row.window_id).sort());
    await expectIntactViews();
  }, 180_000);
});
