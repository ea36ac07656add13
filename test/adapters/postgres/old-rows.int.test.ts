import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { removeOldAnswers, removeOldCalls } from '../../../src/adapters/postgres/old-rows.ts';
import {
  closeAll,
  dayMs as morningMs,
  logOf,
  message,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../../support/store-harness.ts';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});
beforeEach(() => harness.begin());

const days = (count: number): number => count * 24 * 60 * 60_000;

describe('kept answers, on Postgres', () => {
  /** A closed window of a user of that name, its work in that state, and an answer kept for it. */
  async function keep(name: string, status: string, keptDays: number): Promise<void> {
    await harness.pool.query(
      `with worked as (
         update afterword.extractions e
         set status = $2, lease_expires_at = case when $2 = 'running' then clock_timestamp() end
         from afterword.user_keys k where k.key_id = e.key_id and k.user_id = $1
         returning e.window_id, e.key_id
       )
       insert into afterword.kept_answers
         (answer_key, key_id, window_id, members_from_ms, members_to_ms, model, answer, usage, created_at)
       select convert_to($1, 'UTF8'), key_id, window_id, 0, 0, 'any', 'words', '{}',
         clock_timestamp() - $3::int * interval '1 day'
       from worked`,
      [name, status, keptDays],
    );
  }

  async function prepare(rows: Readonly<Record<string, readonly [string, number]>>): Promise<void> {
    const said = Object.keys(rows).map((user) => message({ id: 'm', atMs: morningMs, user }));
    await storeRecords(harness.store, logOf(said));
    await closeAll(harness.closing);
    for (const [name, [status, keptDays]] of Object.entries(rows)) await keep(name, status, keptDays);
    expect(await left()).toHaveLength(said.length);
  }

  async function left(): Promise<string[]> {
    const rows = await harness.rows<{ name: string }>(
      `select convert_from(answer_key, 'UTF8') as name from afterword.kept_answers order by 1`,
    );
    return rows.map(({ name }) => name);
  }

  it('go when they are old, but never those of windows whose work is not done', async () => {
    await prepare({
      done: ['done', 31],
      skipped: ['skipped', 400],
      young: ['done', 29],
      pending: ['pending', 31],
      running: ['running', 31],
      retrying: ['retrying', 31],
      deferred: ['deferred', 31],
      failed: ['failed', 31],
    });
    expect(await removeOldAnswers(harness.pool, days(30), 100)).toBe(2);
    expect(await left()).toEqual(['deferred', 'failed', 'pending', 'retrying', 'running', 'young']);
    expect(await removeOldAnswers(harness.pool, days(30), 100)).toBe(0);
  });

  it('go the oldest first, so many at a time, and none is waited for', async () => {
    await prepare({ a: ['done', 40], b: ['done', 39], c: ['done', 38], d: ['done', 37] });
    const other = await harness.pool.connect();
    await other.query('begin');
    await other.query(
      `select from afterword.kept_answers where answer_key = convert_to('a', 'UTF8') for update`,
    );
    expect(await removeOldAnswers(harness.pool, days(30), 2)).toBe(2);
    expect(await left()).toEqual(['a', 'd']);
    await other.query('rollback');
    other.release();
    expect(await removeOldAnswers(harness.pool, days(30), 2)).toBe(2);
    expect(await left()).toEqual([]);
  });
});

describe('calls of a model, on Postgres', () => {
  async function addCall(strategy: string, agoDays: number, outcome: string | null): Promise<void> {
    await harness.pool.query(
      `insert into afterword.model_calls (call_id, day, called_at, run_id, bot_id, window_id, strategy, model,
         purpose, stages, outcome, estimate_nano_usd, cost_nano_usd, stage_usage, reserved_until)
       values (gen_random_uuid(), (clock_timestamp() at time zone 'UTC')::date - $2::int, clock_timestamp(), 1, 'aria',
         gen_random_uuid(), $1, 'any', 'first', '{}', $3, 5, 5, '[]',
         case when $3::text is null then clock_timestamp() end)`,
      [strategy, agoDays, outcome],
    );
  }

  it('go with their UTC day when it is over for so long; their sums and calls under way stay', async () => {
    await addCall('old', 402, 'ok');
    await addCall('old and failed', 900, 'MODEL_TIMEOUT');
    await addCall('old and under way', 402, null);
    await addCall('within the time', 399, 'ok');
    await addCall('of today', 0, 'ok');
    await harness.pool.query(
      `insert into afterword.budget_days (day, bot_id, spent_nano_usd)
       values ((clock_timestamp() at time zone 'UTC')::date - 402, '', 5)`,
    );
    expect(await removeOldCalls(harness.pool, days(400), 1)).toBe(1);
    expect(await removeOldCalls(harness.pool, days(400), 100)).toBe(1);
    expect(await removeOldCalls(harness.pool, days(400), 100)).toBe(0);
    expect(await harness.rows('select strategy from afterword.model_calls order by day, strategy')).toEqual([
      { strategy: 'old and under way' },
      { strategy: 'within the time' },
      { strategy: 'of today' },
    ]);
    expect(await harness.rows('select spent_nano_usd::int as spent from afterword.budget_days')).toEqual([
      { spent: 5 },
    ]);
  });

  it('of today stay whatever the age, since a budget may begin with their sum', async () => {
    await addCall('of today', 0, 'ok');
    expect(await removeOldCalls(harness.pool, 1, 100)).toBe(0);
  });
});
