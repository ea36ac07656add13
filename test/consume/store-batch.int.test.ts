import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { dumpState } from '../adapters/postgres/dump-state.ts';
import {
  closeAll,
  dayMs,
  edited,
  logOf,
  message,
  minuteMs,
  openStoreHarness,
  sessionEnd,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(async () => {
  await harness.close();
});

const at = (minutes: number): number => dayMs + minutes * minuteMs;

/** Of every kind a record can be. */
const everyKind: readonly LogRecord[] = logOf([
  message({ id: 'm1', atMs: at(0) }),
  message({ id: 'm2', atMs: at(1), user: 'bob' }),
  message({ id: 'm1', atMs: at(0), content: 'something else' }),
  edited({ id: 'm2', atMs: at(2), user: 'bob', content: 'better' }),
  sessionEnd({ atMs: at(3) }),
  { type: 'typing', bot_id: 'aria', user_id: 'ann' },
  Buffer.from('not JSON'),
]);

describe('edits by a clock far ahead, all drawn back to one moment', () => {
  it('leave the text that was the last by that clock, in whatever order and batches they come', async () => {
    const ahead = Date.UTC(2026, 5, 1, 2);
    const said = message({ id: 'm', atMs: at(0) });
    const edits = [3, 0, 5, 1, 7, 2, 6, 4].map((turn) =>
      edited({ id: 'm', atMs: ahead + turn, content: `turn ${turn}` }),
    );
    for (const values of [
      [said, ...edits],
      [...edits.toReversed(), said],
    ]) {
      for (const size of [values.length, 3, 1]) {
        await harness.begin();
        for (let from = 0; from < values.length; from += size) {
          await storeRecords(harness.store, logOf(values.slice(from, from + size), { firstOffset: from }));
        }
        const { rows } = await harness.pool.query<{ content: string; times: string }>(
          `select content, (select count(distinct changed_at_ms) from afterword.message_changes) as times
           from afterword.messages`,
        );
        expect(rows).toEqual([{ content: 'turn 7', times: '1' }]);
      }
    }
  });
});

describe('a batch that is known entirely', () => {
  it('changes no row and waits for nobody', async () => {
    await harness.begin();
    await storeRecords(harness.store, everyKind);
    const before = await rowVersions();
    const other = await harness.pool.connect();
    try {
      await other.query('begin');
      await other.query('select 1 from afterword.user_keys for update');
      await other.query('select 1 from afterword.partition_progress for update');
      await other.query('select 1 from afterword.windows for update');
      // It would wait for ever: nobody ends the other transaction but this test, afterwards.
      const impatient = harness.openPool(1);
      await impatient.query(`set lock_timeout = '500ms'`);
      const [outcome] = await storeRecords(createPostgresMessageStore(impatient), everyKind);
      expect(outcome).toMatchObject({ messages: 0, duplicates: everyKind.length, deadLetters: [] });
    } finally {
      await other.query('rollback');
      other.release();
    }
    expect(await rowVersions()).toEqual(before);
  });

  it('moves only the position when it ends beyond the stored one', async () => {
    await harness.begin();
    await storeRecords(harness.store, everyKind);
    const before = await dumpState(harness);
    const [again] = logOf([message({ id: 'm1', atMs: at(0) })], { firstOffset: 100 });
    if (again === undefined) throw new Error('no record');
    await storeRecords(harness.store, [again]);
    const after = await dumpState(harness);
    expect(after['progress']).toMatchObject([{ next_offset: '101' }]);
    expect({ ...after, progress: before['progress'] }).toEqual(before);
  });
});

const writtenTables = [
  'messages',
  'message_changes',
  'session_ends',
  'dead_letters',
  'outbox',
  'ignored_records',
  'partition_progress',
  'user_keys',
  'windows',
  'extractions',
  'closed_windows',
];

/** Each row by the transaction that wrote this version of it, and its place. */
async function rowVersions(): Promise<unknown[]> {
  const versions = await Promise.all(
    writtenTables.map((table) =>
      harness.rows(`select '${table}' as name, ctid::text, xmin::text from afterword.${table} order by ctid`),
    ),
  );
  return versions.flat();
}

describe('a batch that another process overtakes between look-up and insert', () => {
  const first = message({ id: 'm', atMs: at(0), content: 'first' });
  const second = message({ id: 'm', atMs: at(0), content: 'second' });

  /** Stores the batch; the other process stores its own once this one has looked up what is known. */
  async function storeOvertaken(
    values: readonly unknown[],
    overtaking: readonly LogRecord[],
  ): Promise<readonly unknown[]> {
    await harness.begin();
    const { store } = harness;
    const overtaken = {
      ...store,
      lookUp: async (...question: Parameters<typeof store.lookUp>) => {
        const known = await store.lookUp(...question);
        await storeRecords(store, overtaking);
        return known;
      },
    };
    const [outcome] = await storeRecords(overtaken, logOf(values));
    const letters = await harness.rows<{ offset: number }>(
      'select record_offset::int as offset from afterword.dead_letters order by 1',
    );
    return [outcome?.messages, outcome?.duplicates, letters.map(({ offset }) => offset)];
  }

  it('takes the stored text for the first, though it is the second in the batch', async () => {
    const overtaking = logOf([second], { firstOffset: 1 });
    expect(await storeOvertaken([first, second], overtaking)).toEqual([0, 1, [0]]);
  });

  it('takes a repeat of the text that lost for a conflict as well', async () => {
    const overtaking = logOf([second], { partition: 1, firstOffset: 7 });
    expect(await storeOvertaken([first, first], overtaking)).toEqual([0, 0, [0, 1]]);
  });

  it('takes everything for duplicates where both read the same records', async () => {
    const values = [first, first];
    expect(await storeOvertaken(values, logOf(values))).toEqual([0, 2, []]);
  });

  it('counts a conflict once that stands twice in the batch', async () => {
    await harness.begin();
    const records = logOf([first, second]);
    const [outcome] = await storeRecords(harness.store, [...records, ...records.slice(1)]);
    expect(outcome).toMatchObject({ messages: 1, duplicates: 1, deadLetters: ['conflicting-content'] });
  });
});

describe('a batch with a record that the database refuses', () => {
  const poisoned = logOf(
    Array.from({ length: 100 }, (_, index) =>
      message({ id: index === 61 ? 'poison' : `m${index}`, atMs: at(index), user: `u${index % 7}` }),
    ),
  );

  async function withPoison(work: () => Promise<void>): Promise<void> {
    await harness.pool.query(
      `create function afterword.refuse_poison() returns trigger language plpgsql as $$
       begin raise exception using errcode = '22000', message = 'refused: ' || new.content; end $$;
       create trigger refuse_poison before insert on afterword.messages
         for each row when (new.message_id = 'poison') execute function afterword.refuse_poison()`,
    );
    try {
      await work();
    } finally {
      await harness.pool.query('drop function afterword.refuse_poison cascade');
    }
  }

  it('sends that one to the dead letters and stores the other ninety-nine', async () => {
    await harness.begin();
    await withPoison(async () => {
      const outcomes = await storeRecords(harness.store, poisoned);
      const letters = outcomes.flatMap((outcome) => outcome.deadLetters);
      expect(letters).toEqual(['refused-by-database']);
      expect(outcomes.reduce((sum, outcome) => sum + outcome.messages, 0)).toBe(99);
    });
    const state = await dumpState(harness);
    expect(state['messages']).toHaveLength(99);
    expect(state['deadLetters']).toMatchObject([{ reason: 'refused-by-database', detail: 'SQLSTATE 22000' }]);
    expect(state['progress']).toMatchObject([{ next_offset: '100' }]);
    const [letter] = await harness.rows<{ record_offset: string; record_value: Buffer }>(
      'select record_offset, record_value from afterword.dead_letters',
    );
    expect(letter?.record_offset).toBe('61');
    expect(letter?.record_value).toEqual(poisoned[61]?.value);
  });

  it('ends in the same state when it is delivered again', async () => {
    await harness.begin();
    await withPoison(async () => {
      await storeRecords(harness.store, poisoned);
      const before = await dumpState(harness);
      const versions = await rowVersions();
      const [outcome] = await storeRecords(harness.store, poisoned);
      expect(outcome).toMatchObject({ duplicates: 100, deadLetters: [] });
      expect(await dumpState(harness)).toEqual(before);
      expect(await rowVersions()).toEqual(versions);
    });
    // Not in a second place either, once the database would take it.
    await storeRecords(harness.store, poisoned);
    expect((await dumpState(harness))['messages']).toHaveLength(99);
  });

  it('never moves the position past a part that was not stored', async () => {
    await harness.begin();
    await withPoison(async () => {
      // The second half meets an outage: the first is durable, and the position says so.
      let transactions = 0;
      const store = {
        ...harness.store,
        transaction: ((work) => {
          transactions += 1;
          if (transactions === 3) throw new Error('the database went away');
          return harness.store.transaction(work);
        }) as typeof harness.store.transaction,
      };
      await expect(storeRecords(store, poisoned)).rejects.toThrow('went away');
    });
    const [{ stored, position } = { stored: '', position: '' }] = await harness.rows<{
      stored: string;
      position: string;
    }>(
      `select (select max(source_offset) from afterword.messages) as stored, next_offset as position
       from afterword.partition_progress`,
    );
    expect(Number(position)).toBe(Number(stored) + 1);
    await storeRecords(harness.store, poisoned);
    expect((await dumpState(harness))['messages']).toHaveLength(100);
  });
});

describe('writers that come together', () => {
  it('never wait for each other in a circle, whatever the order of their keys', async () => {
    await harness.begin();
    const stores = [1, 2, 3].map(() => createPostgresMessageStore(harness.openPool(1)));
    const rounds = 60;
    const users = 12;
    for (let round = 0; round < rounds; round += 1) {
      // New keys in every third round: rows that nobody can lock before they are made.
      const name = (user: number): string => `${round % 3 === 0 ? round : 'old'}-${user}`;
      const values = Array.from({ length: users }, (_, user) =>
        message({ id: `m${round}`, atMs: at(round), user: name(user) }),
      );
      const orders = [values, values.toReversed(), [...values.slice(6), ...values.slice(0, 6)]];
      await Promise.all(
        orders.map((order, writer) => {
          const store = stores[writer];
          if (store === undefined) throw new Error('an order without a writer');
          return storeRecords(store, logOf(order, { partition: writer, firstOffset: round * users }));
        }),
      );
    }
    const [count] = await harness.rows(
      `select count(*)::int as messages, count(distinct key_id)::int as keys from afterword.messages`,
    );
    expect(count).toEqual({ messages: rounds * users, keys: (rounds / 3) * users + users });
    expect(await deadlocks()).toBe(0);
  });

  it('make one row and one conflict of two texts under one id', async () => {
    await harness.begin();
    const stores = [1, 2].map(() => createPostgresMessageStore(harness.openPool(1)));
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(
        stores.map((store, writer) => {
          const said = message({ id: `m${round}`, atMs: at(round), content: `text of ${writer}` });
          return storeRecords(store, logOf([said], { partition: writer, firstOffset: round }));
        }),
      );
    }
    const state = await dumpState(harness);
    expect(state['messages']).toHaveLength(30);
    expect(state['deadLetters']).toHaveLength(30);
  });

  it('close each window once when two closers come together', async () => {
    await harness.begin();
    const pools = [harness.openPool(1), harness.openPool(1)];
    const values = Array.from({ length: 40 }, (_, user) =>
      message({ id: 'm', atMs: at(0), user: `u${user}` }),
    );
    await storeRecords(harness.store, logOf(values));
    await harness.closing.holdLeases([{ topic: 'bot.messages', partition: 7 }], 'a', 60_000);
    await harness.closing.holdLeases([{ topic: 'bot.messages', partition: 8 }], 'b', 60_000);
    await harness.pool.query(`update afterword.windows set due_reason = 'idle', check_at_ms = 0`);
    const batches = await Promise.all(
      ['a', 'b', 'a', 'b'].map((owner, index) => {
        const pool = pools[index % 2];
        if (pool === undefined) throw new Error('no pool');
        return createPostgresClosingStore(pool).closeDue(Date.now(), 25, owner);
      }),
    );
    const closed = batches.flatMap((batch) => batch.windows.map((window) => window.windowId));
    expect(new Set(closed).size).toBe(closed.length);
    await closeAll(harness.closing, 'a');
    const state = await dumpState(harness);
    expect(state['closed']).toHaveLength(40);
    expect(state['outbox']).toHaveLength(40);
    expect(state['extractions']).toHaveLength(40);
  });
});

async function deadlocks(): Promise<number> {
  const [row] = await harness.rows<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  return Number(row?.deadlocks);
}
