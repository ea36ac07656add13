import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { ModelGate } from '../../src/extract/model-gate/model-gate.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { ManualTiming } from '../support/extraction.ts';
import { dayMs, edited, minuteMs, openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import {
  claimOne,
  closedWindow,
  currentFacts,
  endGrace,
  eventTypes,
  extractDeps,
  likesOf,
  storeValues,
  work,
} from './settle-harness.ts';

/** On a real Postgres, with the offline analyser; the provider's machines and the time of an outage stand in. */
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
  server.byDefault = replies.overloaded();
});
afterEach(() => {
  expect(server.refusals).toEqual([]);
});

const fallbackAfterMs = 15 * minuteMs;
const facts = builtInStages.filter(({ name }) => name === 'facts');

/** One process in whose eyes calls have been stopped for so long. */
async function processInOutage(awayMs: number): Promise<ExtractDeps & { readonly timing: ManualTiming }> {
  const timing = new ManualTiming();
  const gate = new ModelGate({ maxConcurrency: 1, timing, breaker: { outagesToStop: 1 } });
  const real = extractDeps(harness.pool, server, 'one');
  if (real.model === undefined) throw new Error('no model');
  const deps = {
    ...real,
    forBot: () => ({ stages: facts, model: 'any', ignoresUser: () => false }),
    model: { client: real.model.client, gate },
    timing,
    fallbackAfterMs,
  };
  await extract(deps);
  expect(gate.state().mode).toBe('stopped');
  timing.advance(awayMs);
  await endGrace(harness);
  return deps;
}

async function extract(deps: ExtractDeps): Promise<void> {
  await extractWindow(deps, await claimOne(deps), new AbortController().signal);
}

async function results(): Promise<unknown[]> {
  return harness.rows(
    `select revision, status, method, superseded_at is null as current from afterword.stage_tasks order by revision`,
  );
}

describe('a model that is away', () => {
  it('leaves windows waiting for as long as is set', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const deps = await processInOutage(fallbackAfterMs - minuteMs);
    await extract(deps);
    expect(await results()).toEqual([]);
    expect(await work(harness)).toMatchObject([{ status: 'retrying', revision: 0 }]);
  });

  it('for longer gets windows provisional results, once, which a subscriber sees, and the window waits on', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const deps = await processInOutage(fallbackAfterMs);
    await extract(deps);
    const provisional = [{ revision: 1, status: 'done', method: 'offline', current: true }];
    expect(await results()).toEqual(provisional);
    expect(await currentFacts(harness)).toEqual(['plums']);
    expect(await eventTypes(harness)).toEqual([
      'window.closed',
      'stage.completed',
      'memory.changed',
      'window.enriched',
    ]);
    expect(await work(harness)).toMatchObject([{ status: 'retrying', revision: 1 }]);
    expect(await harness.rows('select language from afterword.extractions')).toEqual([{ language: 'en' }]);
    await endGrace(harness);
    await extract(deps);
    expect(await results()).toEqual(provisional);
    // Nobody claims it again and again meanwhile.
    const [waiting] = await harness.rows<{ far: boolean }>(
      `select not_before > clock_timestamp() + interval '30 minutes' as far from afterword.extractions`,
    );
    expect(waiting?.far).toBe(true);
  });

  it('and comes back takes the place of what was provisional, with one call', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const deps = await processInOutage(fallbackAfterMs);
    await extract(deps);
    server.byDefault = replies.answer(() => ({ facts: { facts: [] } }));
    const callsBefore = server.calls.length;
    deps.timing.advance(60 * minuteMs);
    expect(await deps.store.releaseWaiting()).toBe(1);
    await extract(deps);
    expect(server.calls.length - callsBefore).toBe(1);
    expect(await results()).toEqual([
      { revision: 1, status: 'done', method: 'offline', current: false },
      { revision: 2, status: 'done', method: 'model', current: true },
    ]);
    expect(await currentFacts(harness)).toEqual([]);
    expect(await work(harness)).toMatchObject([{ status: 'done', revision: 2 }]);
  });

  it('never has what it found replaced by rules', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = replies.answer(likesOf);
    await extract({ ...extractDeps(harness.pool, server, 'one') });
    await storeValues(harness, edited({ id: 'at 0', atMs: dayMs + 200 * minuteMs, content: 'I like figs' }));
    await endGrace(harness);
    server.byDefault = replies.overloaded();
    const deps = await processInOutage(fallbackAfterMs);
    await extract(deps);
    expect(await results()).toMatchObject([{ revision: 1, method: 'model', current: true }]);
    expect(await work(harness)).toMatchObject([{ status: 'retrying', revision: 1 }]);
  });
});

describe('work that waits for the model', () => {
  it('is due when somebody hears that it is back, and nothing else is', async () => {
    for (const minutes of [0, 100, 200]) await closedWindow(harness, minutes, `I like plums ${minutes}`);
    const [one, two, three] = await harness.rows<{ window_id: string }>(
      'select window_id from afterword.extractions order by window_id',
    );
    const putOff = `update afterword.extractions set status = $2, error_code = $3,
      not_before = clock_timestamp() + interval '1 hour' where window_id = $1`;
    await harness.pool.query(putOff, [one?.window_id, 'retrying', 'MODEL_OVERLOADED']);
    await harness.pool.query(putOff, [two?.window_id, 'deferred', 'MODEL_CREDENTIALS']);
    await harness.pool.query(putOff, [three?.window_id, 'pending', null]);
    const deps = extractDeps(harness.pool, server, 'one');
    expect(await deps.store.releaseWaiting()).toBe(2);
    const claims = await deps.store.claim('one', 10, 60_000);
    expect(claims.map(({ windowId }) => windowId).sort()).toEqual([one?.window_id, two?.window_id]);
  });
});
