import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  bothPartitions,
  closeAll,
  closeOnce,
  dayMs,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  sessionEnd,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';

let harness: StoreHarness;
let nextOffset = 0;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});
beforeEach(async () => {
  await harness.begin();
  nextOffset = 0;
});

const hourMs = 60 * minuteMs;
const at = (minutes: number): number => dayMs + minutes * minuteMs;

async function store(graceMs: number, ...values: unknown[]): Promise<void> {
  await storeRecords(harness.store, logOf(values, { firstOffset: nextOffset }), graceMs);
  nextOffset += values.length;
}

/** Lets wall time pass for what was stored so far, without waiting for it. */
async function passQuietly(ms: number): Promise<void> {
  await harness.pool.query(
    `update afterword.windows set touched_at_ms = touched_at_ms - $1,
       check_at_ms = case when due_reason is null then check_at_ms else check_at_ms - $1 end
     where status = 'open'`,
    [ms],
  );
}

const reasons = (pass: Awaited<ReturnType<typeof closeOnce>>): string[] =>
  pass.closed.map((window) => window.closeReason);

describe('closing', () => {
  it('never happens by the clock while the consumer lags', async () => {
    await store(0, message({ id: 'a', atMs: at(0) }));
    expect(reasons(await closeOnce(harness.closing))).toEqual([]);
    await harness.closing.markCaughtUp(bothPartitions);
    expect(reasons(await closeOnce(harness.closing))).toEqual(['idle']);
  });

  it('tells how long until the clock passes the next gap, so that nobody need look before', async () => {
    const said = Date.now() - 29 * minuteMs;
    await storeRecords(
      harness.store,
      logOf([message({ id: 'a', atMs: said }), message({ id: 'b', atMs: said + 10_000, user: 'bob' })], {
        timestampMs: Date.now(),
      }),
    );
    expect((await closeOnce(harness.closing)).nextDueInMs).toBeNull();
    await harness.closing.markCaughtUp(bothPartitions);
    const { closed, nextDueInMs } = await closeOnce(harness.closing);
    expect(closed).toEqual([]);
    expect(nextDueInMs).toBeGreaterThan(0);
    expect(nextDueInMs).toBeLessThanOrEqual(minuteMs + 1);
  });

  it('trusts that it is caught up for five seconds only', async () => {
    await store(0, message({ id: 'a', atMs: at(0) }));
    await harness.closing.markCaughtUp(bothPartitions);
    await harness.pool.query(
      `update afterword.partition_progress set caught_up_at = clock_timestamp() - interval '5.5 seconds'`,
    );
    expect(reasons(await closeOnce(harness.closing))).toEqual([]);
  });

  it('follows the stream time of the partition, beyond exactly one gap', async () => {
    await store(0, message({ id: 'a', atMs: at(0) }), message({ id: 'b', atMs: at(30), user: 'bob' }));
    expect(reasons(await closeOnce(harness.closing))).toEqual([]);
    await store(0, message({ id: 'c', atMs: at(30) + 1, user: 'bob' }));
    expect(reasons(await closeOnce(harness.closing))).toEqual(['stream-time']);
  });

  it('waits for the grace after the last arrival, and tells how long', async () => {
    await store(hourMs, message({ id: 'a', atMs: at(0) }), message({ id: 'b', atMs: at(40) }));
    const early = await closeOnce(harness.closing, { graceMs: hourMs });
    expect(reasons(early)).toEqual([]);
    expect(early.nextDueInMs).toBeGreaterThan(hourMs - minuteMs);
    await passQuietly(hourMs);
    expect(reasons(await closeOnce(harness.closing, { graceMs: hourMs }))).toEqual(['gap']);
  });

  it('begins to wait anew when a message arrives during the grace', async () => {
    await store(hourMs, message({ id: 'a', atMs: at(0) }), message({ id: 'b', atMs: at(40) }));
    await passQuietly(hourMs);
    await store(hourMs, message({ id: 'late', atMs: at(5) }));
    expect(reasons(await closeOnce(harness.closing, { graceMs: hourMs }))).toEqual([]);
  });

  it('waits two seconds after a session.end, whatever the grace', async () => {
    await store(hourMs, message({ id: 'a', atMs: at(0) }), sessionEnd({ atMs: at(1) }));
    const early = await closeOnce(harness.closing, { graceMs: hourMs });
    expect(reasons(early)).toEqual([]);
    expect(early.nextDueInMs).toBeGreaterThan(0);
    expect(early.nextDueInMs).toBeLessThanOrEqual(2_000);
    await passQuietly(2_000);
    expect(reasons(await closeOnce(harness.closing, { graceMs: hourMs }))).toEqual(['end']);
  });

  it('waits two seconds after a session.end that comes when its message is stored already', async () => {
    await store(hourMs, message({ id: 'a', atMs: at(0) }));
    await store(hourMs, sessionEnd({ atMs: at(1) }));
    const { nextDueInMs } = await closeOnce(harness.closing, { graceMs: hourMs });
    expect(nextDueInMs).toBeLessThanOrEqual(2_000);
  });

  it('is left to whoever holds the lease', async () => {
    await store(0, message({ id: 'a', atMs: at(0) }), message({ id: 'b', atMs: at(40) }));
    await harness.closing.holdLeases(bothPartitions, 'holder', 60_000);
    expect(reasons(await closeOnce(harness.closing, { owner: 'other' }))).toEqual([]);
    expect((await harness.closing.closeDue(Date.now() + hourMs, 10, 'other')).windows).toEqual([]);
    await harness.closing.releaseLeases('holder');
    expect(reasons(await closeOnce(harness.closing, { owner: 'other' }))).toEqual(['gap']);
  });

  it('renews its lease when half of the time is over, and writes nothing before', async () => {
    const left = async (): Promise<number> => {
      const { rows } = await harness.pool.query<{ ms: string }>(
        `select min(extract(epoch from expires_at - clock_timestamp())) * 1000 as ms from afterword.leases`,
      );
      return Number(rows[0]?.ms);
    };
    const expires = async (): Promise<unknown> =>
      (await harness.pool.query('select name, epoch, expires_at, xmin from afterword.leases order by name'))
        .rows;
    const ttlMs = 2 * hourMs;
    await harness.closing.holdLeases(bothPartitions, 'holder', ttlMs);
    const before = await expires();
    expect(await harness.closing.holdLeases(bothPartitions, 'holder', ttlMs)).toEqual(bothPartitions);
    expect(await expires()).toEqual(before);
    expect(await harness.closing.holdLeases(bothPartitions, 'other', ttlMs)).toEqual([]);

    await harness.pool.query(`update afterword.leases set expires_at = expires_at - interval '61 minutes'`);
    expect(await harness.closing.holdLeases(bothPartitions, 'other', ttlMs)).toEqual([]);
    expect(await left()).toBeLessThan(hourMs);
    expect(await harness.closing.holdLeases(bothPartitions, 'holder', ttlMs)).toHaveLength(2);
    expect(await left()).toBeGreaterThan(hourMs);
  });

  it('leaves a window open that grew between being looked at and being judged', async () => {
    await store(0, message({ id: 'a', atMs: at(0) }));
    const [window] = await harness.closing.overdue([{ partition: 0, effectiveMs: at(1_000) }], 10);
    if (window === undefined) throw new Error('no window to judge');
    await store(0, message({ id: 'b', atMs: at(20) }));
    const { windowId, endedAtMs } = window;
    await harness.closing.applyVerdicts([{ windowId, endedAtMs, kind: 'due', reason: 'idle', checkAtMs: 0 }]);
    expect((await harness.closing.closeDue(Date.now() + hourMs, 10, 'closer-1')).windows).toEqual([]);
  });

  it('does not close a due window twice, nor one that a message has just reopened', async () => {
    await store(0, message({ id: 'a', atMs: at(0) }));
    const closed = await closeAll(harness.closing);
    expect(closed).toHaveLength(1);
    expect(await closeAll(harness.closing)).toEqual([]);
    await store(0, message({ id: 'b', atMs: at(10) }));
    const again = await closeAll(harness.closing);
    expect(again.map(({ windowId, revision }) => [windowId, revision])).toEqual([[closed[0]?.windowId, 1]]);
  });
});

describe('a window that the database refuses to close', () => {
  const users = ['ann', 'bob', 'cid', 'dot', 'eve', 'fay', 'gus'];

  /** Takes the span of this person's window, as only a fault of ours could. */
  async function takeSpanOf(user: string): Promise<string> {
    const taken = await harness.rows<{ window_id: string }>(
      `insert into afterword.closed_windows (window_id, run_id, session_key, span)
       select other.window_id, w.run_id, w.session_key, int8range(w.started_at_ms, w.ended_at_ms, '[]')
       from afterword.windows w join afterword.user_keys k using (key_id),
         lateral (select window_id from afterword.windows o where o.key_id <> w.key_id
           order by o.started_at_ms desc limit 1) other
       where k.user_id = $1
       returning (select w.window_id from afterword.windows w join afterword.user_keys k using (key_id)
         where k.user_id = $1) as window_id`,
      [user],
    );
    return taken[0]?.window_id ?? '';
  }

  async function overlapOf(user: string): Promise<string> {
    await store(0, ...users.map((name) => message({ id: 'a', atMs: at(0), user: name })));
    await store(0, message({ id: 'open', atMs: at(100_000), user: 'last' }));
    return takeSpanOf(user);
  }

  it('is named and put off, while all others close', async () => {
    const windowId = await overlapOf('dot');
    const pass = await closeOnce(harness.closing);
    expect(pass.closed.map(({ userId }) => userId).sort()).toEqual(users.filter((name) => name !== 'dot'));
    expect(pass.refused).toMatchObject([{ windowId, error: { code: 'DATABASE_REFUSED' } }]);
    expect(pass.refused[0]?.error.details).toMatchObject({ sqlstate: '23P01' });
    // No second try at once, and a closer that does not spin.
    const next = await closeOnce(harness.closing);
    expect(next).toMatchObject({ closed: [], refused: [], full: false });
    expect(next.nextDueInMs).toBeGreaterThan(minuteMs);
    const events = await harness.rows(
      `select 1 from afterword.outbox where event_type = 'afterword.window.closed.v1'`,
    );
    expect(events).toHaveLength(users.length - 1);
  });

  it('closes when the fault is mended', async () => {
    const windowId = await overlapOf('dot');
    await closeOnce(harness.closing);
    await harness.pool.query(
      'delete from afterword.closed_windows c using afterword.windows w where w.window_id = c.window_id and w.key_id <> c.session_key',
    );
    await passQuietly(hourMs);
    const pass = await closeOnce(harness.closing);
    expect(pass.closed.map((window) => window.windowId)).toEqual([windowId]);
    expect(pass.refused).toEqual([]);
  });
});
