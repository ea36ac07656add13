import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runStatus } from '../../src/cli/status.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { fact, seedMemory, seedPerson, seedWindow } from '../migrations/seed.ts';
import { commandHarness } from './command-harness.ts';

const secret = 'PLANTED-SECRET-WORDS';

describeWithPostgres('afterword status', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const ann = await seedPerson(pool, 'aria', `user-${secret}`);
    const ben = await seedPerson(pool, 'bruno', 'ben');
    await seedWindow(pool, ann, {
      startedAt: '2026-03-01T10:00:00Z',
      work: 'done',
      summary: { summary_text: secret },
    });
    await seedWindow(pool, ann, { startedAt: '2026-03-02T10:00:00Z', work: 'pending' });
    await seedWindow(pool, ann, { startedAt: '2026-03-03T10:00:00Z', work: 'failed' });
    await seedWindow(pool, ben, { startedAt: '2026-03-04T10:00:00Z', status: 'open' });
    await seedMemory(pool, ann, { facts: [fact({ relation: 'likes', entity_name: secret })] });
    await seedReading();
    await seedOutgoing(ann.keyId);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  /** The embedded log with two partitions: one read to offset 7 of 10, one not read at all. */
  async function seedReading(): Promise<void> {
    await pool.query(`
      insert into afterword.log_topics (topic, partitions) values ('bot.messages', 2);
      insert into afterword.log_partitions (topic_id, partition, start_offset, next_offset)
        select topic_id, n, 0, 10 from afterword.log_topics, generate_series(0, 1) n;
      insert into afterword.log_offsets (group_id, topic_id, partition, committed_offset)
        select 'afterword', topic_id, 0, 7 from afterword.log_topics;
      insert into afterword.partition_progress (topic, partition, next_offset, stream_time_ms, caught_up_at)
        values ('bot.messages', 0, 8, 1772600000000, now() - interval '90 seconds');
      insert into afterword.ignored_records values ('bot.messages', 0, 'typing', 5);
      insert into afterword.log_gaps (topic, partition, from_offset, to_offset, reason)
        values ('bot.messages', 0, 1, 3, 'retention')`);
  }

  async function seedOutgoing(keyId: string): Promise<void> {
    await pool.query(
      `insert into afterword.dead_letters (dead_letter_id, topic, partition, record_offset, record_at_ms, record_value,
         headers, reason, detail)
       values (gen_random_uuid(), 'bot.messages', 0, 4, 0, $1, '[]', 'not-json', 'x')`,
      [Buffer.from(secret)],
    );
    await pool.query(
      `insert into afterword.outbox (destination, key_id, event_id, event_type, sequence, record_key, event, created_at)
       values ('results', $1, gen_random_uuid(), 'x', 1, $2, $3, now() - interval '3 minutes')`,
      [keyId, secret, JSON.stringify({ text: secret })],
    );
  }

  const status = async (environment: Record<string, string> = {}): Promise<Record<string, unknown>> => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url, ...environment });
    expect(await runStatus(context, { json: true })).toBe(0);
    expect(out).toHaveLength(1);
    return JSON.parse(out[0] ?? '') as Record<string, unknown>;
  };

  it('tells of a partition that held nothing with an event time, such as dead letters only', async () => {
    await pool.query(
      `insert into afterword.partition_progress (topic, partition, next_offset, stream_time_ms)
       values ('bot.messages', 1, 4, $1)`,
      [Number.MIN_SAFE_INTEGER],
    );
    try {
      const { partitions } = await status();
      expect(partitions).toMatchObject([{}, { partition: 1, stored: '4', stream_time: null }]);
      const { context, out } = commandHarness({ DATABASE_URL: database.url });
      expect(await runStatus(context, { json: false })).toBe(0);
      expect(out.join('\n')).toMatch(/partition 1: .*no message yet, caught up never/);
    } finally {
      await pool.query('delete from afterword.partition_progress where partition = 1');
    }
  });

  it('counts windows, work, results, what waits to be sent and what could not be used', async () => {
    expect(await status()).toMatchObject({
      people: 2,
      windows: { enriched: 1, closed: 1, failed: 1, open: 1 },
      extractions: { done: 1, pending: 1, failed: 1 },
      due: { count: 1 },
      results: { 'summary, offline': 1 },
      outbox: { results: { count: 1, oldest_seconds: expect.closeTo(180, -2) as number } },
      dead_letters: { 'not-json': 1 },
      ignored: { typing: 5 },
      log_gaps: 1,
    });
  });

  it('tells for each partition where reading stands and how far it is behind', async () => {
    const { lag, partitions } = await status();
    expect(lag).toBe(13);
    expect(partitions).toMatchObject([
      {
        partition: 0,
        committed: '7',
        stored: '8',
        end: '10',
        lag: 3,
        stream_time: '2026-03-04T04:53:20.000Z',
      },
      { partition: 1, committed: null, stored: null, end: '10', lag: 10, stream_time: null },
    ]);
  });

  it('tells the settings in force, and where this process is configured otherwise', async () => {
    expect(await status()).toMatchObject({ settings: { gap_ms: 1_800_000 }, settings_differ: false });
    expect(await status({ SESSION_GAP: '5m' })).toMatchObject({ settings_differ: true });
    const { context, text } = commandHarness({ DATABASE_URL: database.url, SESSION_GAP: '5m' });
    await runStatus(context, { json: false });
    expect(text()).toContain('SESSION_GAP is configured as 5m; 30m is in force');
  });

  it('fits one screen', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runStatus(context, { json: false })).toBe(0);
    expect(out.length).toBeLessThanOrEqual(20);
    expect(out.join('\n')).toMatch(/reading +bot.messages as afterword, 2 partitions, 13 records behind/);
    expect(out.join('\n')).toMatch(
      /partition 0: at 7 of 10, 3 behind, stored up to 8, newest message .*, caught up 1 min ago/,
    );
    expect(out.join('\n')).toMatch(/to be sent +1 to results, the oldest for 3 min/);
  });

  it('goes on when the log cannot be asked, and says so', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url, KAFKA_BROKERS: '127.0.0.1:1' });
    expect(await runStatus(context, { json: false })).toBe(0);
    expect(out.join('\n')).toMatch(/log +kafka 127.0.0.1:1: cannot be asked \(LOG_UNAVAILABLE\)/);
    expect(out.join('\n')).toMatch(/windows +1 closed/);
  });

  it('tells each bot apart', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runStatus(context, { json: true, byBot: true })).toBe(0);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        bot_id: 'aria',
        people: 1,
        windows: 3,
        pending: 1,
        failed: 1,
        summaries: { model: 0, offline: 1 },
        first: '2026-03-01T10:00:00.000Z',
        latest: '2026-03-03T10:12:00.000Z',
      },
      expect.objectContaining({ bot_id: 'bruno', windows: 1, pending: 1 }),
    ]);
    const people = commandHarness({ DATABASE_URL: database.url });
    await runStatus(people.context, { json: false, byBot: true });
    expect(people.out[1]).toMatch(/^aria +1 +3 +1 +1 +1 +1 +2026-03-01 +2026-03-03$/);
  });

  it.each([{ json: false }, { json: true }, { json: false, byBot: true }, { json: true, byBot: true }])(
    'prints no word of anybody, and nobody’s name: %o',
    async (options) => {
      const { context, text } = commandHarness({ DATABASE_URL: database.url });
      await runStatus(context, options);
      expect(text()).not.toContain(secret);
      expect(text()).not.toContain(new URL(database.url).password);
    },
  );
});
