import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createPostgresCallLedger } from '../../src/adapters/postgres/call-ledger.ts';
import type { ExtractDeps } from '../../src/extract/extract-window.ts';
import { ExtractWorker } from '../../src/extract/extract-worker.ts';
import type { ModelClient } from '../../src/extract/model-client.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import { summaryStage } from '../../src/extract/stages/summary.ts';
import { toNanoUsd } from '../../src/model/model-cost.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import * as replies from '../support/anthropic-replies.ts';
import type { Question } from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { closeAll, openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { endGrace, extractDeps, likesOf, storeValues, words } from './settle-harness.ts';

// A window of 500 messages that is read in parts: the real worker, SDK and Postgres.

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
  server.byDefault = replies.answer(everything);
});

/** A word of its own for each number. */
function thing(number: number): string {
  const letters = 'bdfgklmnprtvz';
  const at = (place: number): string =>
    letters.charAt(Math.floor(number / letters.length ** place) % letters.length);
  return `${at(0)}a${at(1)}o${at(2)}u`;
}

const everything = (question: Question): unknown => ({
  ...replies.honestDrafts(question),
  ...(likesOf(question) as object),
});

async function storeLongWindow(): Promise<void> {
  const said = Array.from({ length: 500 }, (_, n) =>
    n % 2 === 0
      ? words(n, `I like ${thing(n / 2)}, and this is what I think of on days that are like this one`)
      : words(n, 'You do? Tell me more about it, for I have never heard of that before', {
          role: 'assistant',
        }),
  );
  await storeValues(harness, ...said);
  await closeAll(harness.closing);
}

const price = { inputUsdPerMillion: 1, cachedInputUsdPerMillion: 0.1, outputUsdPerMillion: 5 };

interface WorkerSetup {
  readonly ask?: (real: ModelClient) => ModelClient['ask'];
  readonly leaseMs?: number;
  readonly budgetUsd?: number;
}

function openWorker({ ask, leaseMs = 60_000, budgetUsd = 100 }: WorkerSetup = {}): ExtractWorker {
  const deps: ExtractDeps = extractDeps(harness.pool, server, 'one');
  const { model } = deps;
  if (model === undefined) throw new Error('no model');
  return new ExtractWorker({
    ...deps,
    forBot: () => ({ stages: [summaryStage, factsStage], model: 'any', ignoresUser: () => false }),
    model: {
      gate: model.gate,
      client: ask === undefined ? model.client : { ...model.client, ask: ask(model.client) },
    },
    transcriptTokens: 4_000,
    costs: {
      priceOf: () => price,
      ledgerFor: (claim) =>
        createPostgresCallLedger(harness.pool, claim, { all: toNanoUsd(budgetUsd), bot: null }),
      resumeDeferred: () => Promise.resolve(0),
    },
    concurrency: 1,
    leaseMs,
    logger: silentLogger,
    metrics: createMetrics(),
    onSettled: () => undefined,
    onFree: () => undefined,
  });
}

async function extract(worker: ExtractWorker): Promise<void> {
  await endGrace(harness);
  expect(await worker.claim()).toBe(1);
  await until('the window is done with', () => worker.inFlight === 0, { everyMs: 5 });
}

const purposes = async (): Promise<string[]> => {
  const rows = await harness.rows<{ call: string }>(
    `select purpose || ' ' || outcome as call from afterword.model_calls order by called_at`,
  );
  return rows.map(({ call }) => call);
};

describe('a window of 500 messages above the limit', () => {
  it('is read in parts after a crash between two of them as well, each part paid for once', async () => {
    await storeLongWindow();
    let calls = 0;
    const dying = openWorker({
      ask: (real) => (request, signal) => {
        calls += 1;
        return calls === 3 ? Promise.reject(new Error('died')) : real.ask(request, signal);
      },
    });
    await extract(dying);
    expect(await harness.rows('select status from afterword.extractions')).toEqual([{ status: 'retrying' }]);
    expect(await harness.rows('select 1 from afterword.stage_tasks')).toEqual([]);
    expect(server.calls).toHaveLength(2);

    await extract(openWorker());
    expect(await harness.rows('select status, error_code from afterword.extractions')).toEqual([
      { status: 'done', error_code: null },
    ]);
    const asked = server.calls.map(({ question }) => question.lines.map(({ number }) => number));
    expect(asked.length).toBeGreaterThan(3);
    // In order, each beginning with the last lines of the one before.
    for (const [index, lines] of asked.slice(1).entries()) {
      const before = asked[index] ?? [];
      expect(lines[0]).toBeLessThanOrEqual(before.at(-1) ?? 0);
      expect(lines[0]).toBeGreaterThan((before.at(-1) ?? 0) - 5);
    }
    expect(new Set(asked.flat()).size).toBe(500);

    const facts = await harness.rows<{ entity_name: string; evidence: { message_id: string }[] }>(
      `select fact ->> 'entity_name' as entity_name, fact -> 'evidence' as evidence
       from afterword.stage_tasks, jsonb_array_elements(result -> 'facts') fact where stage = 'facts'`,
    );
    expect(
      facts.map(({ entity_name, evidence }) => [entity_name, evidence.map((one) => one.message_id)]),
    ).toEqual(Array.from({ length: 250 }, (_, n) => [thing(n), [`at ${n * 2}`]]));
    const [summary] = await harness.rows<{ result: { key_topics: string[] } }>(
      `select result from afterword.stage_tasks where stage = 'summary'`,
    );
    expect(summary?.result.key_topics).toHaveLength(5);

    const made = await purposes();
    expect(made.filter((call) => call === 'first ok')).toHaveLength(1);
    expect(made.filter((call) => call === 'part ok')).toHaveLength(asked.length - 1);
    const [sums] = await harness.rows<Record<'answered' | 'results' | 'tokens' | 'told', string>>(
      `select (select sum(cost_nano_usd) from afterword.model_calls where outcome = 'ok') as answered,
         (select sum((usage ->> 'cost_usd')::numeric * 1000000000)::bigint from afterword.stage_tasks) as results,
         (select sum(input_tokens) from afterword.model_calls) as tokens,
         (select sum((usage ->> 'input_tokens')::bigint) from afterword.stage_tasks) as told`,
    );
    expect(sums?.results).toBe(sums?.answered);
    expect(sums?.told).toBe(sums?.tokens);
  }, 60_000);

  it('waits for a budget that has no room for its next part, and then pays for the rest', async () => {
    await storeLongWindow();
    // Room for the most that one call can cost, and for little more.
    await extract(openWorker({ budgetUsd: 0.08 }));
    expect(await harness.rows('select status, error_code from afterword.extractions')).toEqual([
      { status: 'deferred', error_code: 'MODEL_BUDGET_SPENT' },
    ]);
    const before = server.calls.length;
    expect(before).toBeGreaterThan(0);
    const asked = (from: number): number[] =>
      server.calls
        .slice(from)
        .flatMap(({ question }) => question.lines.slice(0, 1).map(({ number }) => number));
    await extract(openWorker());
    expect(await harness.rows('select status from afterword.extractions')).toEqual([{ status: 'done' }]);
    expect(Math.min(...asked(before))).toBeGreaterThan(Math.max(...asked(0).slice(0, before)));
    expect(new Set(asked(0)).size).toBe(server.calls.length);
  }, 60_000);

  it('lets go of its request when the lease is lost at a later part', async () => {
    await storeLongWindow();
    server.script(replies.answer(everything), replies.hang());
    const worker = openWorker({ leaseMs: 1 });
    await endGrace(harness);
    await worker.claim();
    await until('the second part is asked about', () => server.calls.length === 2, { everyMs: 5 });
    await harness.pool.query(`update afterword.extractions set lease_epoch = lease_epoch + 1`);
    await worker.renew();
    await until('the request is cancelled', () => server.calls[1]?.aborted === true, { everyMs: 5 });
    await until('the window is let go', () => worker.inFlight === 0, { everyMs: 5 });
    expect(await harness.rows('select 1 from afterword.kept_answers')).toHaveLength(1);
    expect(await purposes()).toEqual(['first ok', 'part aborted']);
  }, 60_000);
});
