import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { AfterwordError } from '../../src/errors.ts';
import type { ModelAccess } from '../../src/extract/extract-window.ts';
import { ExtractWorker } from '../../src/extract/extract-worker.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import {
  closeAll,
  dayMs,
  edited,
  message,
  minuteMs,
  openStoreHarness,
  type StoreHarness,
} from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { endGrace, extractDeps, likesOf, storeValues } from './settle-harness.ts';

// Windows that time out at the model, over a real Postgres.

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

/** Whoever speaks of `endless` things times out, after what `meanwhile` waits for. */
function openWorker(meanwhile: (model: ModelAccess) => Promise<void>): {
  worker: ExtractWorker;
  timeouts: () => number;
} {
  const deps = extractDeps(harness.openPool(2), server, 'one');
  const { model } = deps;
  if (model === undefined) throw new Error('no model');
  let timeouts = 0;
  const access: ModelAccess = {
    gate: model.gate,
    client: {
      verifyCredentials: (name, signal) => model.client.verifyCredentials(name, signal),
      ask: async (request, signal) => {
        if (!request.user.includes('endless')) return model.client.ask(request, signal);
        await meanwhile(model);
        timeouts += 1;
        throw new AfterwordError('MODEL_TIMEOUT', 'timed out', { retryable: true });
      },
    },
  };
  const worker = new ExtractWorker({
    ...deps,
    model: access,
    concurrency: 4,
    leaseMs: 60_000,
    logger: silentLogger,
    metrics: createMetrics(),
    onSettled: () => undefined,
    onFree: () => undefined,
  });
  return { worker, timeouts: () => timeouts };
}

async function closedWindowOf(user: string, content: string): Promise<void> {
  await storeValues(harness, message({ id: `of ${user}`, atMs: dayMs, user, content }));
  await closeAll(harness.closing);
}

async function claimOnce(worker: ExtractWorker): Promise<number> {
  await endGrace(harness);
  const claimed = await worker.claim();
  await until('all are done with', () => worker.inFlight === 0, { everyMs: 5 });
  return claimed;
}

const endlessWork = (): Promise<unknown[]> =>
  harness.rows(
    `select e.status, e.error_code, e.timeouts from afterword.extractions e
     join afterword.user_keys k using (key_id) where k.user_id = 'ann'`,
  );

it('ends as failed after three timeouts while others are answered, and costs nothing more', async () => {
  let answered = 0;
  const { worker, timeouts } = openWorker(async ({ gate }) => {
    await until('somebody else is answered', () => gate.state().answered > answered, { everyMs: 5 });
  });
  await closedWindowOf('ann', 'I like endless things');
  for (const round of [1, 2, 3]) {
    answered = round - 1;
    await closedWindowOf(`other ${round}`, 'I like plums');
    expect(await claimOnce(worker)).toBe(2);
    const status = round < 3 ? 'retrying' : 'failed';
    expect(await endlessWork()).toMatchObject([{ status, error_code: 'MODEL_TIMEOUT' }]);
  }
  const tasks = await harness.rows(
    `select t.stage, t.status, t.error_code from afterword.stage_tasks t
     join afterword.user_keys k using (key_id) where k.user_id = 'ann'`,
  );
  expect(tasks).toEqual([{ stage: 'facts', status: 'failed', error_code: 'MODEL_TIMEOUT' }]);
  const spent = timeouts();
  expect(await claimOnce(worker)).toBe(0);
  expect(timeouts()).toBe(spent);

  // Its words changed: counted anew.
  await storeValues(
    harness,
    edited({ id: 'of ann', atMs: dayMs + 200 * minuteMs, content: 'I like endless days' }),
  );
  answered = 3;
  await closedWindowOf('other 4', 'I like plums');
  await claimOnce(worker);
  expect(await endlessWork()).toEqual([{ status: 'retrying', error_code: 'MODEL_TIMEOUT', timeouts: 1 }]);
});

it('waits for ever while nobody is answered', async () => {
  await closedWindowOf('ann', 'I like endless things');
  // Many processes, none of which sees enough of the outage to stop its calls.
  for (let process = 0; process < 5; process += 1) {
    const { worker } = openWorker(() => Promise.resolve());
    expect(await claimOnce(worker)).toBe(1);
  }
  expect(await endlessWork()).toEqual([{ status: 'retrying', error_code: 'MODEL_TIMEOUT', timeouts: 0 }]);
});
