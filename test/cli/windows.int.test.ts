import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runWindows, type WindowsOptions } from '../../src/cli/windows.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { seedPerson, seedWindow, type Person, type SeededWindow } from '../migrations/seed.ts';
import { commandHarness } from './command-harness.ts';

describeWithPostgres('afterword windows', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let ann: Person;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    ann = await seedPerson(pool, 'aria', 'ann');
    const works: SeededWindow['work'][] = [
      'done',
      'pending',
      'running',
      'retrying',
      'deferred',
      'skipped',
      'failed',
    ];
    for (const [index, work] of works.entries()) {
      await seedWindow(pool, ann, { startedAt: `2026-03-0${index + 1}T10:00:00Z`, work, channelId: 'c1' });
    }
    await seedWindow(pool, ann, { startedAt: '2026-03-08T10:00:00Z', status: 'superseded', work: 'done' });
    await seedWindow(pool, ann, { startedAt: '2026-03-09T10:00:00Z', status: 'open' });
    await seedWindow(pool, ann, { startedAt: '2026-03-10T10:00:00Z', work: 'done', runId: ann.runId + 1 });
    const ben = await seedPerson(pool, 'bruno', 'b\u001b[2Jen');
    await seedWindow(pool, ben, { startedAt: '2026-02-01T10:00:00Z', work: 'done' });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const list = async (options: Partial<WindowsOptions> = {}): Promise<Record<string, unknown>[]> => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runWindows(context, { json: true, ...options })).toBe(0);
    return out.map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it('prints one object a line with the window fields of the contract and where it stands', async () => {
    const [window] = await list({ bot: 'aria', status: 'enriched' });
    expect(window).toEqual({
      window_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      revision: 1,
      bot_id: 'aria',
      user_id: 'ann',
      run_id: String(ann.runId),
      channel_id: 'c1',
      channel_type: 'dm',
      started_at: '2026-03-01T10:00:00.000Z',
      ended_at: '2026-03-01T10:12:00.000Z',
      message_count: 8,
      close_reason: 'gap',
      status: 'enriched',
      language: null,
      stages: {},
      cost_usd: 0,
    });
  });

  it('lists live windows of the active run only, newest last, and tells where each stands', async () => {
    const windows = await list();
    expect(windows.map(({ user_id, status }) => `${String(user_id).slice(0, 1)} ${String(status)}`)).toEqual([
      'b enriched',
      'a enriched',
      'a closed',
      'a closed',
      'a retrying',
      'a deferred',
      'a skipped',
      'a failed',
      'a open',
    ]);
  });

  it('calls a closed window without a row of work closed, never enriched', async () => {
    const cleo = await seedPerson(pool, 'aria', 'cleo');
    await seedWindow(pool, cleo, { startedAt: '2026-03-01T10:00:00Z' });
    expect(await list({ user: 'cleo' })).toMatchObject([{ status: 'closed', revision: 0 }]);
    await pool.query('delete from afterword.windows where key_id = $1', [cleo.keyId]);
  });

  it('shows superseded windows and those of other runs only when asked', async () => {
    expect(await list({ user: 'ann', status: 'superseded' })).toMatchObject([{ status: 'superseded' }]);
    expect(await list({ user: 'ann' })).toHaveLength(8);
    expect(await list({ user: 'ann', all: true })).toHaveLength(10);
  });

  it('filters by bot, by user and by the newest so many', async () => {
    expect(await list({ bot: 'bruno' })).toHaveLength(1);
    expect(await list({ user: 'nobody' })).toEqual([]);
    expect(await list({ user: 'ann', limit: 2 })).toMatchObject([{ status: 'failed' }, { status: 'open' }]);
  });

  it('has a window that is open say that nothing closed it', async () => {
    expect(await list({ status: 'open' })).toMatchObject([{ close_reason: null }]);
  });

  it('tells what the calls about each window cost, and of one without a known cost that nobody knows', async () => {
    const eve = await seedPerson(pool, 'aria', 'eve');
    const [priced, half, none] = await Promise.all(
      ['2026-04-01', '2026-04-02', '2026-04-03'].map((day) =>
        seedWindow(pool, eve, { startedAt: `${day}T10:00:00Z`, work: 'done' }),
      ),
    );
    const call = (window: string | undefined, cost: number | null, outcome: string | null = 'ok') =>
      pool.query(
        `insert into afterword.model_calls (call_id, day, called_at, run_id, bot_id, window_id, strategy, model,
           purpose, stages, outcome, estimate_nano_usd, cost_nano_usd, reserved_until, stage_usage)
         values (gen_random_uuid(), now(), now(), $1, 'aria', $2, 'default', 'm', 'first', '{facts}', $4::text, 9, $3,
           case when $4::text is null then now() end, '[]')`,
        [eve.runId, window, cost, outcome],
      );
    await call(priced, 1_500_000);
    await call(priced, 500_000, 'MODEL_CUT_OFF');
    // Under way: nothing is known of it yet.
    await call(priced, null, null);
    await call(half, 2_000_000);
    await call(half, null);
    expect(none).toBeDefined();
    expect((await list({ user: 'eve' })).map(({ cost_usd }) => cost_usd)).toEqual([0.002, null, 0]);
    expect(await list({ user: 'eve', limit: 2 })).toMatchObject([{ cost_usd: null }, { cost_usd: 0 }]);
    await pool.query('delete from afterword.model_calls where window_id = any($1::uuid[])', [[priced, half]]);
    await pool.query('delete from afterword.extractions where key_id = $1', [eve.keyId]);
    await pool.query('delete from afterword.windows where key_id = $1', [eve.keyId]);
  });

  it('refuses a status that there is not, naming those that there are', async () => {
    const { context } = commandHarness({ DATABASE_URL: database.url });
    await expect(runWindows(context, { json: true, status: 'done' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      hint: expect.stringContaining('enriched') as string,
    });
  });

  it('prints every window for a program, and for people the newest fifty, saying so', async () => {
    const dora = await seedPerson(pool, 'aria', 'dora');
    await pool.query(
      `insert into afterword.windows (window_id, run_id, key_id, session_key, started_at_ms, ended_at_ms,
         message_count, status, check_at_ms, touched_at_ms, partition, close_reason)
       select gen_random_uuid(), $1, $2, $2, n * 10000000::bigint, n * 10000000::bigint, 1, 'closed', 0, 0, 0, 'gap'
       from generate_series(1, 2345) n`,
      [dora.runId, dora.keyId],
    );
    const windows = await list({ user: 'dora' });
    const starts = windows.map(({ started_at }) => String(started_at));
    expect(starts).toHaveLength(2_345);
    expect(starts).toEqual([...starts].sort());
    const { context, out, notes } = commandHarness({ DATABASE_URL: database.url });
    await runWindows(context, { json: false, user: 'dora' });
    expect(out).toHaveLength(51);
    expect(notes.join()).toContain('newest 50');
    await pool.query('delete from afterword.windows where key_id = $1', [dora.keyId]);
  });

  it('lets no id command the terminal', async () => {
    const { context, text } = commandHarness({ DATABASE_URL: database.url });
    await runWindows(context, { json: false });
    expect(text()).not.toContain('\u001b');
    expect(text()).toContain('ann');
  });

  it('refuses a database that was never migrated, naming both versions', async () => {
    const empty = await createEmptyDatabase();
    const { context } = commandHarness({ DATABASE_URL: empty.url });
    await expect(runWindows(context, { json: true })).rejects.toMatchObject({ code: 'SCHEMA_NOT_MIGRATED' });
    await empty.drop();
  });
});
