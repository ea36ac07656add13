import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { readStatus } from '../../src/adapters/postgres/read-status.ts';
import type { ExtractDeps } from '../../src/extract/extract-window.ts';
import { ExtractWorker } from '../../src/extract/extract-worker.ts';
import type { Stage } from '../../src/extract/stage.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import * as replies from '../support/anthropic-replies.ts';
import type { Question, Reply } from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { messagesTopic, openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { closedWindow, currentFacts, endGrace, eventTypes, extractDeps, likesOf } from './settle-harness.ts';

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
});
afterEach(() => {
  expect(server.refusals).toEqual([]);
});

/** A plug-in that passes on whatever the model says. */
const moodsStage: Stage = {
  name: 'moods',
  version: '1',
  minMessages: 1,
  draftSchema: z.strictObject({ now: z.string() }),
  resultSchema: z.strictObject({ now: z.string() }),
  prompt: 'Name the mood.',
  check: (draft) => ({ result: draft, rejected: {} }),
};

interface Fault {
  readonly stage: string;
  readonly code: unknown;
}

const faults: Fault[] = [];

function openWorker(): ExtractWorker {
  faults.length = 0;
  const deps: ExtractDeps = {
    ...extractDeps(harness.openPool(2), server, 'one'),
    forBot: () => ({ stages: [factsStage, moodsStage], model: 'any', ignoresUser: () => false }),
  };
  return new ExtractWorker({
    ...deps,
    concurrency: 4,
    leaseMs: 60_000,
    logger: {
      ...silentLogger,
      failure: (event, error, fields) => {
        const stage = 'stage' in fields ? String(fields['stage']) : event;
        faults.push({ stage, code: (error as { code?: unknown }).code });
      },
    },
    metrics: createMetrics(),
    onSettled: () => undefined,
    onFree: () => undefined,
  });
}

/** One claim of everything that waits, taken to its end. */
async function extractOnce(): Promise<void> {
  const worker = openWorker();
  await worker.claim();
  await until('the window is done with', () => worker.inFlight === 0, { everyMs: 5 });
}

const withMoods =
  (moods: unknown) =>
  (question: Question): unknown => ({ ...(likesOf(question) as object), moods });

const work = (): Promise<unknown[]> =>
  harness.rows('select status, error_code, revision from afterword.extractions');

const tasks = (): Promise<unknown[]> =>
  harness.rows('select stage, status, error_code, result from afterword.stage_tasks order by stage');

/** Text and escapes that JSON allows and Postgres does not. */
const unstorable = 'calm\u0000 \ud800 and \udc00';

describe('an answer with characters that Postgres cannot store', () => {
  const rawText = (question: Question): string =>
    // As characters of the answer itself, not as escapes in its JSON.
    JSON.stringify(withMoods({ now: 'CALM' })(question)).replace('CALM', unstorable);
  const question: Question = {
    lines: [{ number: 1, role: 'user', time: '09:00', text: 'I like plums' }],
    fields: [],
    repair: undefined,
  };

  it.each<[string, Reply]>([
    ['as escapes in its JSON', replies.answer(withMoods({ now: unstorable }))],
    ['as they are', { kind: 'text', text: rawText(question) }],
  ])('is kept, used and told with U+FFFD in their place: %s', async (_, reply) => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = reply;
    await extractOnce();
    expect(faults).toEqual([]);
    expect(await work()).toEqual([{ status: 'done', error_code: null, revision: 1 }]);
    expect(await currentFacts(harness)).toEqual(['plums']);
    const told = await harness.rows<{ result: Record<string, string> }>(
      `select event -> 'result' as result from afterword.outbox where event ->> 'stage' = 'moods'`,
    );
    expect(told[0]?.result).toMatchObject({ now: 'calm\ufffd \ufffd and \ufffd' });
    expect(await harness.rows('select 1 from afterword.kept_answers')).toHaveLength(1);
    expect(server.calls).toHaveLength(1);
  });

  it('of which the raw text is no JSON is asked for again, once', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.script({ kind: 'text', text: `{"facts": \u0000\ud800` });
    server.byDefault = replies.answer(withMoods({ now: 'calm' }));
    await extractOnce();
    expect(await work()).toEqual([{ status: 'done', error_code: null, revision: 1 }]);
    // One for both stages, one repair for each.
    expect(server.calls).toHaveLength(3);
  });

  it('and nested without end is no answer, and ends as failed', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = { kind: 'text', text: `{"facts": ${'['.repeat(50_000)}${']'.repeat(50_000)}}` };
    await extractOnce();
    expect(await work()).toEqual([{ status: 'failed', error_code: 'MODEL_OUTPUT_INVALID', revision: 1 }]);
  });
});

describe('results that the database refuses', () => {
  async function refusing(table: string, condition: string, test: () => Promise<void>): Promise<void> {
    await harness.pool.query(
      `alter table afterword.${table} add constraint refused_in_test check (${condition}) not valid`,
    );
    try {
      await test();
    } finally {
      await harness.pool.query(`alter table afterword.${table} drop constraint refused_in_test`);
    }
  }

  beforeEach(async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = replies.answer(withMoods({ now: 'calm' }));
  });

  it('fail the stage they come from, and its siblings are stored', async () => {
    await refusing('stage_tasks', `stage <> 'moods' or status <> 'done'`, async () => {
      await extractOnce();
      expect(await work()).toEqual([{ status: 'failed', error_code: 'DATABASE_REFUSED', revision: 1 }]);
      expect(await tasks()).toMatchObject([
        { stage: 'facts', status: 'done' },
        { stage: 'moods', status: 'failed', error_code: 'DATABASE_REFUSED', result: null },
      ]);
      expect(await currentFacts(harness)).toEqual(['plums']);
      expect(faults).toEqual([{ stage: 'moods', code: 'DATABASE_REFUSED' }]);
      expect((await eventTypes(harness)).slice(1)).toEqual([
        'stage.completed',
        'memory.changed',
        'window.enriched',
      ]);
    });
  });

  it('of every stage leave all of them failed', async () => {
    await refusing('stage_tasks', `status <> 'done'`, async () => {
      await extractOnce();
      expect(await tasks()).toMatchObject([
        { stage: 'facts', status: 'failed', result: null },
        { stage: 'moods', status: 'failed', result: null },
      ]);
      expect(await currentFacts(harness)).toEqual([]);
    });
  });

  it('for what is no stage’s doing end the window as failed, with nothing stored, seen in the status', async () => {
    await refusing('profiles', 'sequence < 0', async () => {
      await extractOnce();
      expect(await work()).toEqual([{ status: 'failed', error_code: 'DATABASE_REFUSED', revision: 0 }]);
      expect(await tasks()).toEqual([]);
      expect(faults).toEqual([{ stage: 'window.failed', code: 'DATABASE_REFUSED' }]);
      const status = await readStatus(harness.pool, messagesTopic);
      expect(status).toMatchObject({ windows: { failed: 1 }, failures: { DATABASE_REFUSED: 1 } });
      // Not tried for ever.
      await endGrace(harness);
      expect(await openWorker().claim()).toBe(0);
      expect(server.calls).toHaveLength(1);
    });
  });
});
