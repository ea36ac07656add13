import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { extractWindow, type ExtractDeps } from '../../src/extract/extract-window.ts';
import { factsStage } from '../../src/extract/stages/facts.ts';
import type { Usage } from '../../src/model/results.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { claimOne, closedWindow, endGrace, extractDeps, likesOf } from './settle-harness.ts';

// What a kept answer cost, as a real Postgres tells it: counted with results, once.

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
  await closedWindow(harness, 0, 'I like plums');
});

const deps = (owner: string): ExtractDeps => extractDeps(harness.pool, server, owner);

async function extract(by: ExtractDeps): Promise<void> {
  await extractWindow(by, await claimOne(by), new AbortController().signal);
}

/** Of each revision's result, in order, as its event and as its row tell it. */
async function usages(): Promise<Usage[]> {
  const told = await harness.rows<{ usage: Usage }>(
    `select event -> 'usage' as usage from afterword.outbox
     where event_type = 'afterword.stage.completed.v1' order by outbox_id`,
  );
  const stored = await harness.rows<{ usage: Usage }>(
    'select usage from afterword.stage_tasks order by revision',
  );
  expect(told).toEqual(stored);
  return told.map(({ usage }) => usage);
}

const free: Usage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, calls: 0 };

async function reviseUnchanged(): Promise<void> {
  await harness.pool.query(`update afterword.extractions set status = 'pending'`);
  await endGrace(harness);
}

it('is told by the process that finds the answer, when the one that paid died before it settled', async () => {
  const dying = deps('dying');
  const died = extract({
    ...dying,
    store: { ...dying.store, settle: () => Promise.reject(new Error('died')) },
  });
  await expect(died).rejects.toThrow('died');
  await harness.pool.query(
    `update afterword.extractions set lease_expires_at = clock_timestamp() - interval '1 second'`,
  );
  await extract(deps('other'));
  expect(server.calls).toHaveLength(1);
  const [usage, ...others] = await usages();
  expect(others).toEqual([]);
  expect(usage).toMatchObject({ calls: 1 });
  expect(usage?.input_tokens).toBeGreaterThan(0);
});

it('is zeros where results of the same members were stored before, and have gone since', async () => {
  await extract(deps('one'));
  // As when the window was superseded, and has come back: otherwise nothing would be asked.
  await harness.pool.query('update afterword.stage_tasks set superseded_at = clock_timestamp()');
  await reviseUnchanged();
  await extract(deps('one'));
  expect(server.calls).toHaveLength(1);
  const [first, second] = await usages();
  expect(first).toMatchObject({ calls: 1 });
  expect(second).toEqual(free);
});

it('is told in full by an answer that was asked for anew', async () => {
  await extract(deps('one'));
  await reviseUnchanged();
  const newer: ExtractDeps = {
    ...deps('one'),
    forBot: () => ({
      stages: [{ ...factsStage, version: 'next' }],
      model: 'any',
      ignoresUser: () => false,
    }),
  };
  await extract(newer);
  expect((await usages()).map(({ calls }) => calls)).toEqual([1, 1]);
});
