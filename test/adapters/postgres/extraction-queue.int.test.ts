import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createPostgresExtractionStore } from '../../../src/adapters/postgres/extraction-store.ts';
import { createPostgresMessageStore } from '../../../src/adapters/postgres/message-store.ts';
import {
  closeAll,
  dayMs,
  edited,
  logOf,
  message,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../../support/store-harness.ts';
import { until } from '../../support/until.ts';

let harness: StoreHarness;
let large: pg.Pool;
beforeAll(async () => {
  harness = await openStoreHarness();
  large = harness.openPool(4);
});
afterAll(async () => {
  await harness.close();
});

describe('renewing claims', () => {
  it('waits for no batch that changes the same windows, so never in a circle, and renews the rest', async () => {
    await harness.begin();
    const users = ['a', 'b', 'c'];
    await storeRecords(harness.store, logOf(users.map((user) => message({ id: 'm', atMs: dayMs, user }))));
    await closeAll(harness.closing);
    await addFinishedWindows(20_000);
    const extraction = createPostgresExtractionStore(large);
    const claims = await extraction.claim('one', 10, 60_000);
    let edits = 0;
    for (const order of everyOrder(claims)) {
      await expireInOrder(order.map((claim) => claim.windowId));
      // The batch gets its first row and waits for the middle one.
      const release = await hold(order[1]?.windowId);
      edits += 1;
      const better = users.map((user) => edited({ id: 'm', atMs: dayMs + edits, user, content: `${edits}` }));
      const batch = storeRecords(
        createPostgresMessageStore(large),
        logOf(better, { firstOffset: edits * users.length }),
      );
      await until('the batch waits', async () => (await waiting()) === 1, { everyMs: 5 });
      // All claims stand; what is locked just now is renewed the next time.
      expect((await extraction.renew(order, 'one', 60 * 60_000)).size).toBe(3);
      expect(await renewedFor(30)).toBeLessThan(3);
      await release();
      await batch;
      expect((await extraction.renew(order, 'one', 60 * 60_000)).size).toBe(3);
      expect(await renewedFor(30)).toBe(3);
    }
    const changed = await harness.rows('select 1 from afterword.extractions where changed');
    expect(changed).toHaveLength(3);
  });
});

describe('claiming', () => {
  it('takes windows that closed together in the order they were lived, so that folds go on', async () => {
    await harness.begin();
    const days = Array.from({ length: 60 }, (_, day) => (day * 37) % 60);
    const said = days.map((day) => message({ id: `m${day}`, atMs: dayMs + day * 86_400_000 }));
    await storeRecords(harness.store, logOf(said));
    await closeAll(harness.closing);
    const extraction = createPostgresExtractionStore(harness.pool);
    const started: number[] = [];
    while (started.length < days.length) {
      const claims = await extraction.claim('one', 1, 60_000);
      started.push(...claims.map(({ startedAtMs }) => startedAtMs));
    }
    expect(started).toEqual([...started].sort((a, b) => a - b));
  });

  it('tells the revision that another worker stored while the claim waited, and that the user is a bot', async () => {
    await harness.begin();
    await storeRecords(harness.store, logOf([message({ id: 'm', atMs: dayMs, user: 'zed' })]));
    await closeAll(harness.closing);
    const other = await harness.pool.connect();
    await other.query('begin');
    // The claim's statement begins, and waits; what is committed then is newer than its snapshot.
    await other.query('lock table afterword.extractions in access exclusive mode');
    const claiming = createPostgresExtractionStore(large).claim('one', 10, 60_000);
    await until('the claim waits', async () => (await waiting()) === 1, { everyMs: 5 });
    await other.query('update afterword.windows set revision = 1');
    await other.query(`insert into afterword.bots (bot_id) values ('zed')`);
    await other.query('commit');
    other.release();
    const [claim] = await claiming;
    expect(claim).toMatchObject({ storedRevision: 1, revision: 2, userIsBot: true });
  });
});

/**
 * Postgres may find what is running by the end of its lease, and what a batch changes by its
 * place in the table: here the one is the other backwards.
 */
async function expireInOrder(windowIds: readonly string[]): Promise<void> {
  for (const windowId of windowIds.toReversed()) {
    await harness.pool.query(
      `update afterword.extractions set lease_expires_at = clock_timestamp() + $2 * interval '1 minute'
       where window_id = $1`,
      [windowId, 1 + windowIds.indexOf(windowId)],
    );
  }
}

function everyOrder<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => everyOrder(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

/** Locks the work of a window until released. */
async function hold(windowId: string | undefined): Promise<() => Promise<void>> {
  const holder = await harness.pool.connect();
  await holder.query('begin');
  await holder.query('select 1 from afterword.extractions where window_id = $1 for update', [windowId]);
  return async () => {
    await holder.query('rollback');
    holder.release();
  };
}

/** Work that is done: with it Postgres finds rows one by one, in the order in which they are asked for. */
async function addFinishedWindows(count: number): Promise<void> {
  await harness.pool.query(
    `with made as (
       insert into afterword.windows (window_id, run_id, key_id, session_key, started_at_ms, ended_at_ms,
         message_count, status, check_at_ms, touched_at_ms, partition, close_reason)
       select gen_random_uuid(), 1, 0, 0, n, n, 1, 'closed', 0, 0, 0, 'gap' from generate_series(1, ${count}) as n
       returning window_id
     )
     insert into afterword.extractions (window_id, run_id, key_id, status)
     select window_id, 1, 0, 'done' from made`,
  );
  await harness.pool.query('analyze afterword.windows, afterword.extractions');
}

/** Claims whose lease lasts longer than that. */
async function renewedFor(minutes: number): Promise<number> {
  const rows = await harness.rows(
    `select 1 from afterword.extractions
     where status = 'running' and lease_expires_at > clock_timestamp() + $1 * interval '1 minute'`,
    [minutes],
  );
  return rows.length;
}

async function waiting(): Promise<number> {
  const rows = await harness.rows(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length;
}
