import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createPostgresOutbox } from '../../../src/adapters/postgres/outbox-store.ts';
import { openStoreHarness, type StoreHarness } from '../../support/store-harness.ts';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});

const minuteMs = 60_000;

/** A row that was sent so many seconds ago; null: not yet. */
async function addRow(name: string, sentSecondsAgo: number | null): Promise<void> {
  await harness.pool.query(
    `insert into afterword.outbox (destination, record_key, created_at, sent_at)
     values ('vectors', $1, clock_timestamp() - interval '1 day',
       clock_timestamp() - $2::int * interval '1 second')`,
    [name, sentSecondsAgo],
  );
}

async function left(): Promise<string[]> {
  const rows = await harness.rows<{ name: string }>(
    'select record_key as name from afterword.outbox order by outbox_id',
  );
  return rows.map(({ name }) => name);
}

describe('removing sent rows of the outbox, on Postgres', () => {
  beforeEach(async () => {
    await harness.begin();
    await addRow('sent long ago', 3_600);
    await addRow('never sent', null);
    await addRow('sent two minutes ago', 120);
    await addRow('sent just now', 0);
  });

  it('takes those that were sent longer ago, and leaves the unsent and the recent', async () => {
    const outbox = createPostgresOutbox(harness.pool);
    expect(await outbox.removeSent(minuteMs, 100)).toBe(2);
    expect(await left()).toEqual(['never sent', 'sent just now']);
    expect(await outbox.removeSent(minuteMs, 100)).toBe(0);
  });

  it('takes the oldest first, so many at a time', async () => {
    const outbox = createPostgresOutbox(harness.pool);
    expect(await outbox.removeSent(minuteMs, 1)).toBe(1);
    expect(await left()).toEqual(['never sent', 'sent two minutes ago', 'sent just now']);
  });

  it('waits for no row that is locked, and takes it once it is free', async () => {
    const outbox = createPostgresOutbox(harness.pool);
    const other = await harness.pool.connect();
    await other.query('begin');
    await other.query(`select from afterword.outbox where record_key = 'sent long ago' for update`);
    expect(await outbox.removeSent(minuteMs, 100)).toBe(1);
    await other.query('rollback');
    other.release();
    expect(await left()).toEqual(['sent long ago', 'never sent', 'sent just now']);
    expect(await outbox.removeSent(minuteMs, 100)).toBe(1);
  });
});
