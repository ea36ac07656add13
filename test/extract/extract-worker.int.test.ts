import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import { ExtractWorker } from '../../src/extract/extract-worker.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import * as replies from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import {
  bothPartitions,
  closeAll,
  closeOnce,
  dayMs,
  edited,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { closedWindow, currentFacts, extractDeps, likesOf, storeValues } from './settle-harness.ts';

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

function openWorker(owner: string, whileThinking?: () => Promise<void>, leaseMs = 60_000): ExtractWorker {
  return new ExtractWorker({
    ...extractDeps(harness.openPool(2), server, owner, whileThinking),
    concurrency: 4,
    leaseMs,
    logger: silentLogger,
    metrics: createMetrics(),
    onSettled: () => undefined,
    onFree: () => undefined,
  });
}

/** Lets workers claim side by side until nothing waits and nothing is under way. */
async function workUntilDone(workers: readonly ExtractWorker[]): Promise<void> {
  await until(
    'no window waits',
    async () => {
      await Promise.all(workers.map((worker) => worker.claim()));
      const waiting = await harness.rows(
        `select 1 from afterword.extractions e join afterword.windows w using (window_id)
         where e.status in ('pending', 'retrying', 'running') and w.status <> 'open' limit 1`,
      );
      return waiting.length === 0 && workers.every((worker) => worker.inFlight === 0);
    },
    { everyMs: 5 },
  );
}

describe('two workers over the same windows', () => {
  it('store the results of each window once, and tell each of them once', async () => {
    const users = Array.from({ length: 24 }, (_, index) => `u${index}`);
    await storeValues(
      harness,
      ...users.map((user) => message({ id: 'm', atMs: dayMs, user, content: 'I like plums' })),
    );
    await closeAll(harness.closing);
    const workers = [openWorker('one'), openWorker('two')];
    await workUntilDone(workers);
    const [count] = await harness.rows(
      `select (select count(*)::int from afterword.stage_tasks where status = 'done') as results,
         (select count(*)::int from afterword.observations) as observations,
         (select count(*)::int from afterword.facts) as facts,
         (select count(*)::int from afterword.outbox where event_type = 'afterword.stage.completed.v1') as told`,
    );
    expect(count).toEqual({ results: 24, observations: 24, facts: 24, told: 24 });
    expect(server.calls).toHaveLength(24);
  });
});

describe('a worker whose lease was taken over', () => {
  it('aborts the request that is under way, on the wire', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.script(replies.hang());
    const slow = openWorker('slow', undefined, 1);
    expect(await slow.claim()).toBe(1);
    await until('the model is asked', () => server.calls.length === 1, { everyMs: 5 });
    const quick = openWorker('quick');
    await until('another worker has the window', async () => (await quick.claim()) === 1, { everyMs: 5 });
    await until('the other worker is done', () => quick.inFlight === 0, { everyMs: 5 });
    expect(server.calls.map(({ aborted }) => aborted)).toEqual([false, false]);
    await slow.renew();
    await until('the request is aborted', () => server.calls[0]?.aborted === true, { everyMs: 5 });
    await until('its worker is free', () => slow.inFlight === 0, { everyMs: 5 });
    // One that had timed out would have been sent again.
    expect(server.calls).toHaveLength(2);
    expect(await harness.rows('select revision from afterword.stage_tasks')).toEqual([{ revision: 1 }]);
    expect(await currentFacts(harness)).toEqual(['plums']);
  });

  it('does not store an answer that had come by then', async () => {
    await closedWindow(harness, 0, 'I like plums');
    let answer: () => void = () => undefined;
    const thinking = new Promise<void>((resolve) => (answer = resolve));
    const slow = openWorker('slow', () => thinking, 1);
    expect(await slow.claim()).toBe(1);
    const quick = openWorker('quick');
    await until(
      'the lease has run out and another worker has the window',
      async () => (await quick.claim()) === 1,
      {
        everyMs: 5,
      },
    );
    await until('the other worker is done', () => quick.inFlight === 0, { everyMs: 5 });
    await slow.renew();
    answer();
    await slow.stop(60_000, () => new Promise(() => undefined));
    const tasks = await harness.rows('select revision from afterword.stage_tasks');
    expect(tasks).toEqual([{ revision: 1 }]);
    expect(await currentFacts(harness)).toEqual(['plums']);
    const [work] = await harness.rows<{ status: string }>('select status from afterword.extractions');
    expect(work?.status).toBe('done');
  });
});

describe('a worker that claims a window again whose lease ran out under it', () => {
  it('goes on with the new claim, and the end of the old one does not touch it', async () => {
    await closedWindow(harness, 0, 'I like plums');
    const answers: (() => void)[] = [];
    const worker = openWorker('one', () => new Promise((resolve) => answers.push(resolve)), 1);
    expect(await worker.claim()).toBe(1);
    await until('the model has answered', () => answers.length === 1, { everyMs: 5 });
    await until('the lease has run out', async () => (await worker.claim()) === 1, { everyMs: 5 });
    await until('the model has answered again', () => answers.length === 2, { everyMs: 5 });
    expect(worker.inFlight).toBe(2);
    answers[0]?.();
    await until('the old claim has ended', () => worker.inFlight < 2, { everyMs: 5 });
    expect(worker.inFlight).toBe(1);
    expect(await harness.rows('select 1 from afterword.stage_tasks')).toEqual([]);
    await worker.renew();
    answers[1]?.();
    await until('the new claim has ended', () => worker.inFlight === 0, { everyMs: 5 });
    expect(await harness.rows('select revision from afterword.stage_tasks')).toEqual([{ revision: 1 }]);
    expect(await currentFacts(harness)).toEqual(['plums']);
  });
});

describe('a worker that stops', () => {
  it('gives back what it cannot finish, so that another need not wait for the lease', async () => {
    await closedWindow(harness, 0, 'I like plums');
    server.byDefault = replies.hang();
    const worker = openWorker('one');
    await worker.claim();
    await until('the model is asked', () => server.calls.length === 1, { everyMs: 5 });
    await worker.stop(0, () => Promise.resolve());
    expect(worker.inFlight).toBe(0);
    server.byDefault = replies.answer(likesOf);
    await workUntilDone([openWorker('two')]);
    expect(await currentFacts(harness)).toEqual(['plums']);
  });
});

describe('everybody at once over the same people', { timeout: 240_000 }, () => {
  it('never waits in a circle: batches, closers, claims, renewals, settlements', async () => {
    const users = Array.from({ length: 10 }, (_, index) => `u${index}`);
    const said = (round: number): unknown[] =>
      users.map((user) =>
        message({ id: `m${round}`, atMs: dayMs + round * 40 * minuteMs, user, content: `I like plums` }),
      );
    const editedIn = (round: number, by: number): unknown[] =>
      users.map((user) =>
        edited({ id: `m${round - 1}`, atMs: dayMs + 9_000_000 + by, user, content: `I like figs ${by}` }),
      );
    const rounds = 25;
    const stores = [0, 1].map(() => createPostgresMessageStore(harness.openPool(2)));
    const workers = [openWorker('one'), openWorker('two')];
    const offsets = [0, 0];
    let live = true;
    const failures: unknown[] = [];
    const forAsLongAsTheyWrite = async (act: () => Promise<unknown>): Promise<void> => {
      while (live) {
        await act().catch((error: unknown) => failures.push(error));
        // Lets the others in: acting may need no I/O at all.
        await sleep(1);
      }
    };
    const others = [
      forAsLongAsTheyWrite(() => workers[0]?.renew() ?? Promise.resolve()),
      forAsLongAsTheyWrite(() => workers[1]?.renew() ?? Promise.resolve()),
      ...workers.map((worker) => forAsLongAsTheyWrite(() => worker.claim())),
      ...['a', 'b'].map((owner) => {
        const closing = createPostgresClosingStore(harness.openPool(2));
        return forAsLongAsTheyWrite(async () => {
          await closing.markCaughtUp(bothPartitions);
          await closeOnce(closing, { owner, leaseMs: 20 });
          await closing.releaseLeases(owner);
          // In the order of everybody who writes several of them, or the test itself closes a circle.
          await harness.pool.query(
            `with work as (select window_id from afterword.extractions order by window_id for update)
             update afterword.extractions e set not_before = clock_timestamp()
             from work where e.window_id = work.window_id`,
          );
        });
      }),
    ];
    try {
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(
          stores.map((store, partition) => {
            const values = [...said(round), ...(round > 0 ? editedIn(round, round * 2 + partition) : [])];
            const order = partition === 0 ? values : values.toReversed();
            const records = logOf(order, { partition, firstOffset: offsets[partition] ?? 0 });
            offsets[partition] = (offsets[partition] ?? 0) + order.length;
            return storeRecords(store, records);
          }),
        );
      }
    } finally {
      live = false;
    }
    await Promise.all(others);
    expect(failures).toEqual([]);
    await closeAll(harness.closing);
    await workUntilDone(workers);
    expect(await deadlocks()).toBe(0);
    const [count] = await harness.rows(
      `select count(*)::int as windows, count(*) filter (where e.status = 'done')::int as done
       from afterword.windows w join afterword.extractions e using (window_id)`,
    );
    expect(count).toEqual({ windows: users.length * rounds, done: users.length * rounds });
    expect(await currentFacts(harness)).toEqual([...users.map(() => 'figs'), ...users.map(() => 'plums')]);
  });
});

async function deadlocks(): Promise<number> {
  const [row] = await harness.rows<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  return Number(row?.deadlocks);
}
