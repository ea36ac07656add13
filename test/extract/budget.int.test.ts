import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createPostgresAnswerStore } from '../../src/adapters/postgres/answer-store.ts';
import { createPostgresCallLedger, resumeOverBudget } from '../../src/adapters/postgres/call-ledger.ts';
import { createPostgresExtractionStore } from '../../src/adapters/postgres/extraction-store.ts';
import { readCosts } from '../../src/adapters/postgres/read-costs.ts';
import { extractWindow, type Extracted, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import { summaryStage } from '../../src/extract/stages/summary.ts';
import { toNanoUsd } from '../../src/model/model-cost.ts';
import { CrashingPool, crashPoints, type CrashPoint } from '../adapters/postgres/crashing-pool.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import {
  claimOne,
  closedWindow,
  endGrace,
  extractDeps,
  likesOf,
  words,
  storeValues,
} from './settle-harness.ts';
import { closeAll } from '../support/store-harness.ts';

// What windows cost and what a budget does to them, on a real Postgres.

let harness: StoreHarness;
let server: AnthropicServer;
beforeAll(async () => {
  [harness, server] = await Promise.all([openStoreHarness(), AnthropicServer.start()]);
});
afterAll(async () => {
  await Promise.all([harness.close(), server.close()]);
});
beforeEach(async () => {
  await harness.begin();
  server.reset();
  server.byDefault = replies.answer(likesOf);
});

const price = { inputUsdPerMillion: 1, cachedInputUsdPerMillion: 0.1, outputUsdPerMillion: 5 };

function deps(budgetUsd: number | null, pool: pg.Pool = harness.pool, lastsMs?: number): ExtractDeps {
  const all = budgetUsd === null ? null : toNanoUsd(budgetUsd);
  return {
    ...extractDeps(pool, server, 'one'),
    costs: {
      priceOf: () => price,
      ledgerFor: (claim) => createPostgresCallLedger(pool, claim, { all, bot: null }, lastsMs),
      resumeDeferred: () => resumeOverBudget(pool, all, new Map()),
    },
  };
}

async function extract(by: ExtractDeps): Promise<Extracted> {
  return extractWindow(by, await claimOne(by), new AbortController().signal);
}

interface CallRow {
  readonly purpose: string;
  readonly outcome: string;
  readonly cost: number | null;
}

const calls = (): Promise<CallRow[]> =>
  harness.rows<{ purpose: string; outcome: string; cost: number | null }>(
    'select purpose, outcome, cost_nano_usd::int as cost from afterword.model_calls order by called_at, purpose',
  );

async function storedCostNano(): Promise<number> {
  const [row] = await harness.rows<{ nano: string }>(
    `select sum((usage ->> 'cost_usd')::numeric) * 1000000000 as nano from afterword.stage_tasks`,
  );
  return Number(row?.nano);
}

describe('what a window costs', () => {
  it('is a row for its call, and the same with its results, in rows and events', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract(deps(null));
    const [call, ...others] = await calls();
    expect(others).toEqual([]);
    expect(call).toMatchObject({ purpose: 'first', outcome: 'ok' });
    expect(call?.cost).toBeGreaterThan(0);
    expect(await storedCostNano()).toBe(call?.cost);
    const [event] = await harness.rows<{ usage: { cost_usd: number } }>(
      `select event -> 'usage' as usage from afterword.outbox where event_type = 'afterword.stage.completed.v1'`,
    );
    expect(toNanoUsd(event?.usage.cost_usd ?? 0)).toBe(call?.cost);
  });

  it('counts failed and repair calls, and adds up to the nano-dollar by stage, call and day', async () => {
    for (const minutes of [0, 1, 2, 3, 4, 5]) await storeValues(harness, words(minutes, 'I like plums'));
    await closeAll(harness.closing);
    server.byDefault = replies.honestly();
    // Cut off for both, then each alone; what the first of these answers is repaired.
    server.script(replies.cutOff(), replies.wrongShape());
    const both: ExtractDeps = {
      ...deps(null),
      forBot: () => ({ stages: [summaryStage, factsStage], model: 'any', ignoresUser: () => false }),
    };
    await extract(both);
    const rows = await calls();
    expect(rows.map(({ purpose, outcome }) => `${purpose} ${outcome}`).sort()).toEqual([
      'alone ok',
      'alone ok',
      'first MODEL_CUT_OFF',
      'repair ok',
    ]);
    const sum = rows.reduce((all, { cost }) => all + (cost ?? 0), 0);
    expect(await storedCostNano()).toBe(sum);
    for (const by of ['stage', 'day', 'bot', 'model', 'strategy'] as const) {
      const told = await readCosts(harness.pool, by, undefined);
      expect(
        told.reduce((all, { costNanoUsd }) => all + costNanoUsd, 0),
        by,
      ).toBe(sum);
      const tokens = await harness.rows<{ input: number; output: number }>(
        'select sum(input_tokens)::int as input, sum(output_tokens)::int as output from afterword.model_calls',
      );
      expect(
        {
          input: told.reduce((all, { inputTokens }) => all + inputTokens, 0),
          output: told.reduce((all, { outputTokens }) => all + outputTokens, 0),
        },
        by,
      ).toEqual(tokens[0]);
    }
  });

  it('is unknown, and not 0, without a price', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const by = deps(null);
    const costs = by.costs && { ...by.costs, priceOf: () => undefined };
    await extract({ ...by, costs });
    expect(await calls()).toEqual([{ purpose: 'first', outcome: 'ok', cost: null }]);
    expect(await harness.rows(`select usage -> 'cost_usd' as cost from afterword.stage_tasks`)).toEqual([
      { cost: null },
    ]);
  });

  it('is nothing where a kept answer is used again', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const by = deps(null);
    const died = extract({ ...by, store: { ...by.store, settle: () => Promise.reject(new Error('died')) } });
    await expect(died).rejects.toThrow('died');
    await harness.pool.query(
      `update afterword.extractions set lease_expires_at = clock_timestamp() - interval '1 second'`,
    );
    await extract(deps(null));
    expect(await calls()).toHaveLength(1);
    expect(await storedCostNano()).toBe((await calls())[0]?.cost);
  });
});

describe('a window over the budget', () => {
  const waiting = (): Promise<unknown[]> =>
    harness.rows(`select status, error_code, attempts from afterword.extractions`);

  it('waits for the next UTC day, unasked and without an attempt counted', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract(deps(0.001));
    expect(server.calls).toEqual([]);
    expect(await waiting()).toEqual([{ status: 'deferred', error_code: 'MODEL_BUDGET_SPENT', attempts: 0 }]);
    const [row] = await harness.rows<{ in_time: boolean }>(
      `select not_before between d.midnight and d.midnight + interval '12 minutes' as in_time
       from afterword.extractions,
         (select ((clock_timestamp() at time zone 'UTC')::date + 1)::timestamp at time zone 'UTC' as midnight) d`,
    );
    expect(row?.in_time).toBe(true);
    expect(await calls()).toEqual([]);
  });

  it('goes on by itself as soon as the budget has room for it, and not before', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract(deps(0.001));
    expect(await deps(0.001).costs?.resumeDeferred()).toBe(0);
    expect(await deps(0.001).store.claim('one', 10, 1_000)).toEqual([]);
    expect(await deps(1).costs?.resumeDeferred()).toBe(1);
    await extract(deps(1));
    expect(server.calls).toHaveLength(1);
    expect(await waiting()).toMatchObject([{ status: 'done' }]);
    expect(await deps(1).costs?.resumeDeferred()).toBe(0);
  });

  it('goes on when the budget is taken away', async () => {
    await closedWindow(harness, 0, 'I like plums');
    await extract(deps(0.001));
    expect(await deps(null).costs?.resumeDeferred()).toBe(1);
    await extract(deps(null));
    expect(await waiting()).toMatchObject([{ status: 'done' }]);
  });

  it('goes on within seconds when a call that is under way was in its place', async () => {
    await closedWindow(harness, 0, 'I like plums');
    // Room for one call at its most, and not for two.
    const one = deps(0.02);
    const claim = await claimOne(one);
    await storeValues(harness, words(1_000, 'I like pears'));
    await closeAll(harness.closing);
    await endGraceOfOthers();
    let ask = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = extractDeps(harness.pool, server, 'one', () => {
      ask();
      return answered;
    });
    const first = extractWindow({ ...one, model: slow.model }, claim, new AbortController().signal);
    await asked;
    const { finish } = await extract(one);
    expect(finish).toMatchObject({ status: 'deferred', errorCode: 'MODEL_BUDGET_SPENT' });
    expect(finish.delayMs).toBeLessThanOrEqual(11_000);
    expect(await one.costs?.resumeDeferred()).toBe(0);
    answer();
    await first;
    expect(await one.costs?.resumeDeferred()).toBe(1);
    await extract(one);
    expect(await calls()).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
  });

  async function endGraceOfOthers(): Promise<void> {
    await harness.pool.query(
      `update afterword.extractions set not_before = clock_timestamp() where status = 'pending'`,
    );
  }

  it('still takes an answer that was paid for', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const by = deps(1);
    const died = extract({ ...by, store: { ...by.store, settle: () => Promise.reject(new Error('died')) } });
    await expect(died).rejects.toThrow('died');
    await harness.pool.query(
      `update afterword.extractions set lease_expires_at = clock_timestamp() - interval '1 second'`,
    );
    await extract(deps(0.001));
    expect(server.calls).toHaveLength(1);
    expect(await waiting()).toMatchObject([{ status: 'done' }]);
  });

  it('keeps what its other stages have found', async () => {
    for (const minutes of [0, 1, 2, 3, 4, 5]) await storeValues(harness, words(minutes, 'I like plums'));
    await closeAll(harness.closing);
    server.byDefault = replies.honestly();
    const by = deps(0.08);
    const both: ExtractDeps = {
      ...by,
      forBot: () => ({ stages: [summaryStage, factsStage], model: 'any', ignoresUser: () => false }),
    };
    // The answer for all leaves facts to be repaired, and the budget has no room for that.
    server.script(
      replies.answer((question) => ({ ...replies.honestDrafts(question), facts: { facts: 'none' } })),
    );
    const shrinking = {
      ...both,
      answersFor: (...given: Parameters<ExtractDeps['answersFor']>) => {
        const store = createPostgresAnswerStore(harness.pool, ...given);
        return {
          ...store,
          keep: async (...kept: Parameters<typeof store.keep>) => {
            await store.keep(...kept);
            await harness.pool.query('update afterword.budget_days set spent_nano_usd = 80000000');
          },
        };
      },
    };
    await extract(shrinking);
    expect(server.calls).toHaveLength(1);
    expect(await waiting()).toMatchObject([{ status: 'deferred', error_code: 'MODEL_BUDGET_SPENT' }]);
    expect(
      await harness.rows('select stage, status, error_code from afterword.stage_tasks order by stage'),
    ).toEqual([
      { stage: 'facts', status: 'failed', error_code: 'MODEL_BUDGET_SPENT' },
      { stage: 'summary', status: 'done', error_code: null },
    ]);
  });
});

describe('a process that dies while it extracts under a budget', { timeout: 240_000 }, () => {
  const budgetUsd = 1;

  async function extractThrough(crash?: CrashPoint): Promise<readonly string[]> {
    await harness.begin();
    server.reset();
    server.byDefault = replies.answer(likesOf);
    await closedWindow(harness, 0, 'I like plums');
    await endGrace(harness);
    const pool = new CrashingPool(harness.url, crash);
    const dying: ExtractDeps = {
      ...deps(budgetUsd, pool.asPool(), 1),
      store: createPostgresExtractionStore(harness.pool),
    };
    const claim = await claimOne(dying);
    await extractWindow(dying, claim, new AbortController().signal).catch(() => undefined);
    await pool.end();
    return pool.statements;
  }

  it('needs one statement more for its call than without, and has each call counted wherever it dies', async () => {
    const statements = await extractThrough();
    // Looked for, reserved, kept together with its cost.
    expect(statements).toHaveLength(3);
    for (const crash of crashPoints(statements.length)) {
      await extractThrough(crash);
      const madeBefore = server.calls.length;
      await until('the reservation has run out', async () => {
        const alive = await harness.rows(
          'select from afterword.model_calls where reserved_until >= clock_timestamp()',
        );
        return alive.length === 0;
      });
      await harness.pool.query(
        `update afterword.extractions set status = 'pending', lease_owner = null, lease_expires_at = null,
           not_before = clock_timestamp() where status = 'running'`,
      );
      const other = deps(budgetUsd);
      for (const claim of await other.store.claim('one', 10, 60_000)) {
        await extractWindow(other, claim, new AbortController().signal);
      }
      const rows = await calls();
      // Each request that reached the model has a row; one that may have been made counts as made.
      expect(rows.length, JSON.stringify(crash)).toBeGreaterThanOrEqual(server.calls.length);
      expect(rows.length - server.calls.length, JSON.stringify(crash)).toBeLessThanOrEqual(1);
      expect(madeBefore).toBeLessThanOrEqual(1);
      const [day] = await harness.rows<{ spent: string; reserved: string }>(
        `select spent_nano_usd as spent, reserved_nano_usd as reserved from afterword.budget_days where bot_id = ''`,
      );
      const cost = rows.reduce((sum, row) => sum + (row.cost ?? 0), 0);
      expect([Number(day?.spent), Number(day?.reserved)], JSON.stringify(crash)).toEqual([cost, 0]);
      expect(await harness.rows(`select status from afterword.extractions`)).toEqual([{ status: 'done' }]);
    }
  });
});
