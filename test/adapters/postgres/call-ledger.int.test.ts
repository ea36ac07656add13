import { randomUUID } from 'node:crypto';

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createPostgresCallLedger } from '../../../src/adapters/postgres/call-ledger.ts';
import type { CallLedger, EndedCall, PlannedCall } from '../../../src/extract/call-ledger.ts';
import { noUsage } from '../../../src/model/results.ts';
import { openStoreHarness, type StoreHarness } from '../../support/store-harness.ts';
import { until } from '../../support/until.ts';
import { CrashingPool, crashPoints } from './crashing-pool.ts';

// Budgets as a real Postgres keeps them, whoever asks and whoever dies.

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});
beforeEach(async () => {
  await harness.begin();
});

interface Limits {
  readonly all?: number;
  readonly bot?: number;
  readonly botId?: string;
  readonly lastsMs?: number;
}

function ledger(limits: Limits, pool: pg.Pool = harness.pool): CallLedger {
  const { all = null, bot = null, botId = 'aria', lastsMs } = limits;
  const window = { runId: 1, keyId: '1', botId, windowId: randomUUID(), revision: 1 };
  return createPostgresCallLedger(pool, window, { all, bot }, lastsMs);
}

function plan(mostNanoUsd: number): PlannedCall {
  return {
    callId: randomUUID(),
    model: 'any',
    strategy: 'default',
    purpose: 'first',
    stages: ['facts'],
    mostNanoUsd,
    shares: [{ stage: 'facts', usage: noUsage }],
  };
}

function end(call: PlannedCall, costNanoUsd: number): EndedCall {
  return { ...call, outcome: 'ok', usage: noUsage, costNanoUsd, costIsEstimate: false, tookMs: 1 };
}

/** Whether it was granted. */
async function isGranted(by: CallLedger, call: PlannedCall): Promise<boolean> {
  try {
    await by.reserve(call);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'MODEL_BUDGET_SPENT', retryable: true });
    return false;
  }
}

async function days(): Promise<unknown[]> {
  return harness.rows(
    `select bot_id, spent_nano_usd::int as spent, reserved_nano_usd::int as reserved
     from afterword.budget_days order by day, bot_id`,
  );
}

/** Rows of days that are not the sum of their calls. */
async function wrongDays(): Promise<unknown[]> {
  return harness.rows(
    `select d.* from afterword.budget_days d
     left join lateral (
       select coalesce(sum(cost_nano_usd) filter (where outcome is not null), 0) as spent,
         coalesce(sum(estimate_nano_usd) filter (where outcome is null), 0) as reserved
       from afterword.model_calls c where c.day = d.day and (d.bot_id = '' or c.bot_id = d.bot_id)) c on true
     where d.spent_nano_usd <> c.spent or d.reserved_nano_usd <> c.reserved`,
  );
}

async function untilLost(): Promise<void> {
  await until('the reservation has run out by the database’s clock', async () => {
    const alive = await harness.rows(
      `select from afterword.model_calls where outcome is null and reserved_until >= clock_timestamp()`,
    );
    return alive.length === 0;
  });
}

describe('a budget', () => {
  it('takes calls up to the last nano-dollar, and says when there is more', async () => {
    const by = ledger({ all: 1_000 });
    expect(await isGranted(by, plan(600))).toBe(true);
    expect(await isGranted(by, plan(400))).toBe(true);
    await expect(by.reserve(plan(1))).rejects.toMatchObject({ retryAfterMs: 0, details: { budget: 'all' } });
    const tooMuch = by.reserve(plan(1_001));
    // Nothing under way is in its place: the next day.
    await expect(tooMuch).rejects.toSatisfy(
      (error: { retryAfterMs: number }) => error.retryAfterMs > 0 && error.retryAfterMs <= 86_400_000,
    );
    expect(await wrongDays()).toEqual([]);
  });

  it('has room again for what calls cost less than was reserved', async () => {
    const by = ledger({ all: 1_000 });
    const call = plan(1_000);
    await by.reserve(call);
    expect(await isGranted(by, plan(900))).toBe(false);
    await by.record(end(call, 100));
    expect(await isGranted(by, plan(900))).toBe(true);
    expect(await days()).toEqual([{ bot_id: '', spent: 100, reserved: 900 }]);
  });

  it('of a bot holds beside that of all', async () => {
    const aria = ledger({ all: 1_000, bot: 300 });
    await aria.reserve(plan(300));
    await expect(aria.reserve(plan(1))).rejects.toMatchObject({ details: { budget: 'bot' } });
    const hal = ledger({ all: 1_000, botId: 'hal' });
    expect(await isGranted(hal, plan(700))).toBe(true);
    expect(await isGranted(hal, plan(1))).toBe(false);
    expect(await wrongDays()).toEqual([]);
  });

  it('counts what was spent and reserved that day before it was set', async () => {
    await ledger({}).record(end(plan(500), 400));
    await ledger({ all: 5_000 }).reserve(plan(100));
    const aria = ledger({ all: 5_000, bot: 700 });
    expect(await isGranted(aria, plan(201))).toBe(false);
    expect(await isGranted(aria, plan(200))).toBe(true);
    expect(await days()).toEqual([
      { bot_id: '', spent: 400, reserved: 300 },
      { bot_id: 'aria', spent: 400, reserved: 300 },
    ]);
  });

  it('counts a call once that is recorded twice, and one that was never sent not at all', async () => {
    const by = ledger({ all: 1_000 });
    const [made, unsent] = [plan(500), plan(500)];
    await by.reserve(made);
    await by.reserve(unsent);
    for (let times = 0; times < 2; times += 1) {
      await by.record(end(made, 70));
      await by.release(unsent.callId);
    }
    expect(await days()).toEqual([{ bot_id: '', spent: 70, reserved: 0 }]);
    expect(await harness.rows('select outcome from afterword.model_calls')).toEqual([{ outcome: 'ok' }]);
  });

  it('counts what ends on the next day for the day of its reservation', async () => {
    const by = ledger({ all: 1_000 });
    const call = plan(500);
    await by.reserve(call);
    await harness.pool.query('update afterword.model_calls set day = day - 1');
    await harness.pool.query('update afterword.budget_days set day = day - 1');
    expect(await isGranted(by, plan(1_000))).toBe(true);
    await by.record(end(call, 100));
    expect(await days()).toEqual([
      { bot_id: '', spent: 100, reserved: 0 },
      { bot_id: '', spent: 0, reserved: 1_000 },
    ]);
  });

  it('asks the database nothing where there is none', async () => {
    const call = plan(500);
    await ledger({}).reserve(call);
    expect(await harness.rows('select from afterword.model_calls')).toEqual([]);
    expect(await days()).toEqual([]);
  });
});

describe('a process that dies with a call', () => {
  it('has spent the most that it can cost, once its time is over', async () => {
    await ledger({ all: 1_000, lastsMs: 1 }).reserve(plan(600));
    await untilLost();
    const by = ledger({ all: 1_000 });
    expect(await isGranted(by, plan(500))).toBe(false);
    expect(await isGranted(by, plan(400))).toBe(true);
    expect(await days()).toEqual([{ bot_id: '', spent: 600, reserved: 400 }]);
    expect(
      await harness.rows(
        `select outcome, cost_is_estimate from afterword.model_calls where outcome is not null`,
      ),
    ).toEqual([{ outcome: 'lost', cost_is_estimate: true }]);
  });

  it('puts the true cost in its place when it was only slow', async () => {
    const slow = ledger({ all: 1_000, lastsMs: 1 });
    const call = plan(600);
    await slow.reserve(call);
    await untilLost();
    expect(await isGranted(ledger({ all: 1_000 }), plan(400))).toBe(true);
    await slow.record(end(call, 50));
    expect(await days()).toEqual([{ bot_id: '', spent: 50, reserved: 400 }]);
    expect(await wrongDays()).toEqual([]);
  });

  it('loses no known cost and counts nothing twice, wherever it dies', async () => {
    const limits: Limits = { all: 1_000, bot: 900, lastsMs: 1 };
    for (const crash of crashPoints(2)) {
      await harness.begin();
      const pool = new CrashingPool(harness.url, crash);
      const by = ledger(limits, pool.asPool());
      const call = plan(600);
      await by
        .reserve(call)
        .then(() => by.record(end(call, 100)))
        .catch(() => undefined);
      await pool.end();
      await untilLost();
      // Anybody's next reservation finds what the dead have left.
      expect(await isGranted(ledger(limits), plan(1))).toBe(true);
      const [all] = await harness.rows<{ spent: string }>(
        `select spent_nano_usd as spent from afterword.budget_days where bot_id = ''`,
      );
      const spent = Number(all?.spent);
      const isRecorded = crash.statement === 2 && crash.when === 'after';
      const isUnasked = crash.statement === 1 && crash.when === 'before';
      // In between the call may have been made.
      expect(spent, JSON.stringify(crash)).toBe(isUnasked ? 0 : isRecorded ? 100 : 600);
      expect(await wrongDays(), JSON.stringify(crash)).toEqual([]);
    }
  });
});

describe('many processes', { timeout: 240_000 }, () => {
  it('wait for each other: what one has reserved and not yet committed, another cannot have', async () => {
    await ledger({ all: 1_000 }).reserve(plan(1));
    const first = await harness.pool.connect();
    try {
      await first.query('begin');
      const one = { query: first.query.bind(first) };
      await ledger({ all: 1_000 }, one as unknown as pg.Pool).reserve(plan(600));
      const second = isGranted(ledger({ all: 1_000 }, harness.openPool(1)), plan(600));
      await until('the second waits for the first', async () => {
        const waiting = await harness.rows(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return waiting.length === 1;
      });
      await first.query('commit');
      expect(await second).toBe(false);
    } finally {
      first.release();
    }
    expect(await days()).toEqual([{ bot_id: '', spent: 0, reserved: 601 }]);
  });

  it('that ask at the same moment for the room of one call get one', async () => {
    const pools = Array.from({ length: 6 }, () => harness.openPool(1));
    for (let round = 0; round < 20; round += 1) {
      await harness.pool.query('delete from afterword.model_calls');
      await harness.pool.query('delete from afterword.budget_days');
      // Otherwise they would wait for whoever makes the day's row.
      await ledger({ all: 1_000 }).reserve(plan(1));
      const granted = await Promise.all(
        pools.map((pool) => isGranted(ledger({ all: 1_000 }, pool), plan(600))),
      );
      expect(granted.filter(Boolean)).toHaveLength(1);
    }
  });

  it('never spend and reserve more together than the budgets, and use them up', async () => {
    const [all, ofAria] = [60_000, 25_000];
    // The database itself watches: whoever went over a budget would be refused.
    await harness.pool.query(
      `alter table afterword.budget_days add constraint kept
       check (spent_nano_usd + reserved_nano_usd <= case bot_id when '' then ${all} else ${ofAria} end)`,
    );
    try {
      const processes = Array.from({ length: 8 }, (_, index) => runProcess(index, all, ofAria));
      const granted = await Promise.all(processes);
      await untilLost();
      // Takes no room, and finds those that died last.
      await isGranted(ledger({ all, bot: ofAria }), plan(0));
      expect(await wrongDays()).toEqual([]);
      const [total] = await harness.rows<{ spent: number; reserved: number }>(
        `select spent_nano_usd::int as spent, reserved_nano_usd::int as reserved
         from afterword.budget_days where bot_id = ''`,
      );
      expect(total?.reserved).toBe(0);
      // Nothing larger than the largest estimate is left over.
      expect(total?.spent).toBeGreaterThan(all - 1_500);
      expect(granted.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(40);
    } finally {
      await harness.pool.query('alter table afterword.budget_days drop constraint kept');
    }
  });

  /** Asks for calls until it is refused for the day; one in seven times it dies with its call. Returns how many it got. */
  async function runProcess(index: number, all: number, ofAria: number): Promise<number> {
    const pool = harness.openPool(2);
    let granted = 0;
    for (let turn = 0; turn < 400; turn += 1) {
      const isAria = (turn + index) % 2 === 0;
      const by = isAria
        ? ledger({ all, bot: ofAria, lastsMs: 40 }, pool)
        : ledger({ all, botId: 'hal', lastsMs: 40 }, pool);
      const call = plan(500 + ((turn * 37 + index * 101) % 1_000));
      if (!(await isGranted(by, call))) continue;
      granted += 1;
      if ((turn + index) % 7 !== 0) await by.record(end(call, (call.mostNanoUsd ?? 0) - (turn % 300)));
    }
    return granted;
  }
});
