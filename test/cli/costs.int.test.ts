import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCosts } from '../../src/cli/costs.ts';
import { runStatus } from '../../src/cli/status.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { commandHarness } from './command-harness.ts';

describeWithPostgres('afterword costs', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  /** A window that was asked about twice. */
  const twice = '5f0c6c1e-0f5e-4b0a-9d2c-2f6f3c1d7a10';

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    await seedCall({ day: '2026-03-01', bot: 'aria', cost: 1_500_000_000 });
    await seedCall({
      day: '2026-03-02',
      bot: 'aria',
      cost: 2_000_000,
      outcome: 'MODEL_CUT_OFF',
      window: twice,
    });
    await seedCall({ day: '2026-03-02', bot: 'hal', cost: null, model: 'own-model' });
    await seedCall({ day: null, bot: 'hal', cost: 3_000_000, strategy: 'terse', window: twice });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  interface Seeded {
    /** Null: today. */
    readonly day: string | null;
    readonly bot: string;
    readonly cost: number | null;
    readonly outcome?: string;
    readonly model?: string;
    readonly strategy?: string;
    /** Else one of its own. */
    readonly window?: string;
  }

  async function seedCall(seeded: Seeded): Promise<void> {
    const { day, bot, cost, outcome = 'ok', model = 'm', strategy = 'default', window } = seeded;
    const shares = ['facts', 'summary'].map((stage, index) => ({
      stage,
      input_tokens: 50,
      cached_input_tokens: 0,
      cache_write_input_tokens: 0,
      output_tokens: 5,
      cost_nano_usd: cost === null ? null : index === 0 ? 1_000_000 : cost - 1_000_000,
    }));
    await pool.query(
      `insert into afterword.model_calls (call_id, day, called_at, run_id, bot_id, window_id, strategy, model, purpose,
         stages, outcome, input_tokens, output_tokens, cost_nano_usd, stage_usage)
       values (gen_random_uuid(), coalesce($1::date, (clock_timestamp() at time zone 'UTC')::date), now(), 1, $2,
         coalesce($7::uuid, gen_random_uuid()), $8, $3, 'first', '{facts,summary}', $4, 100, 10, $5, $6)`,
      [day, bot, model, outcome, cost, JSON.stringify(shares), window, strategy],
    );
  }

  async function costs(options: Partial<Parameters<typeof runCosts>[1]>): Promise<Record<string, unknown>[]> {
    const { context, out } = commandHarness({ DATABASE_URL: database.url });
    expect(await runCosts(context, { by: 'day', json: true, ...options })).toBe(0);
    return out.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('tells money, tokens and calls by day, failed ones too', async () => {
    const [first, second] = await costs({});
    expect(first).toEqual({
      day: '2026-03-01',
      calls: 1,
      failed: 0,
      input_tokens: 100,
      cached_input_tokens: 0,
      cache_write_input_tokens: 0,
      output_tokens: 10,
      cost_usd: 1.5,
      estimated_usd: 0,
      unpriced_calls: 0,
    });
    expect(second).toMatchObject({
      day: '2026-03-02',
      calls: 2,
      failed: 1,
      cost_usd: 0.002,
      unpriced_calls: 1,
    });
  });

  it('does not know what a model without a price cost', async () => {
    expect(await costs({ by: 'model' })).toMatchObject([
      { model: 'm' },
      { model: 'own-model', cost_usd: null },
    ]);
  });

  it('shares a call among its stages', async () => {
    expect(await costs({ by: 'stage', since: '2026-03-02' })).toMatchObject([
      { stage: 'facts', calls: 3, cost_usd: 0.002 },
      { stage: 'summary', calls: 3, cost_usd: 0.003 },
    ]);
  });

  it('tells the strategies apart, and every window', async () => {
    expect(await costs({ by: 'strategy', since: '2026-03-02' })).toMatchObject([
      { strategy: 'default', calls: 2, failed: 1, cost_usd: 0.002, unpriced_calls: 1 },
      { strategy: 'terse', calls: 1, failed: 0, cost_usd: 0.003, unpriced_calls: 0 },
    ]);
    const byWindow = await costs({ by: 'window', since: '2026-03-02' });
    expect(byWindow).toHaveLength(2);
    expect(byWindow.find(({ window }) => window === twice)).toMatchObject({
      calls: 2,
      cost_usd: 0.005,
      output_tokens: 20,
    });
  });

  it('begins where it is told to', async () => {
    expect(await costs({ by: 'bot', since: '2026-03-02' })).toMatchObject([
      { bot: 'aria', cost_usd: 0.002 },
      { bot: 'hal', cost_usd: 0.003 },
    ]);
  });

  it('shows people a table with its sum, and says what is not in it', async () => {
    const { context, out, notes } = commandHarness({ DATABASE_URL: database.url });
    expect(await runCosts(context, { by: 'bot', json: false })).toBe(0);
    expect(out.at(-1)).toMatch(/^total +4 +1 +400 +0 +0 +40 +\$1\.5\d$/);
    expect(notes.join()).toContain('1 calls of models without a price');
  });

  it('is told by status for today, beside the budget', async () => {
    const { context, out } = commandHarness({
      DATABASE_URL: database.url,
      BUDGET_USD_PER_DAY: '5',
    });
    expect(await runStatus(context, { json: true })).toBe(0);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      spending: { spent_usd: 0.003, reserved_usd: 0, budget_usd: 5, deferred: 0, deferred_until: null },
    });
    const people = commandHarness({ DATABASE_URL: database.url, BUDGET_USD_PER_DAY: '5' });
    expect(await runStatus(people.context, { json: false })).toBe(0);
    expect(people.out.join('\n')).toContain('$0.0030 of $5.00 today (UTC)');
  });
});
