import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { decodeAll } from '../../src/consume/decode-all.ts';
import { decodeWith, type RawRecord } from '../../src/consume/decode-with.ts';
import { storeBatch, type BatchOutcome } from '../../src/consume/store-batch.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { dayMs, logOf, message, openStoreHarness, type StoreHarness } from '../support/store-harness.ts';

/** Records that hold several events each, through the batch transaction on a real Postgres. */
describeWithPostgres('records of several events', () => {
  let harness: StoreHarness;

  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterAll(() => harness.close());
  beforeEach(() => harness.begin());

  const decode = decodeWith((record: RawRecord) => JSON.parse(String(record.value)) as object[]);

  function store(records: readonly LogRecord[]): Promise<readonly BatchOutcome[]> {
    const first = records[0] as LogRecord;
    const nextOffset = (records.at(-1) ?? first).offset + 1n;
    return storeBatch(harness.store, first, decodeAll(records, decode), nextOffset, { graceMs: 0 });
  }

  const said = (id: string, minute: number, content?: string) =>
    message({ id, atMs: dayMs + minute * 60_000, ...(content === undefined ? {} : { content }) });

  const stored = async (): Promise<string[]> => {
    const rows = await harness.rows<{ message_id: string }>(
      'select message_id from afterword.messages order by sent_at_ms',
    );
    return rows.map(({ message_id: id }) => id);
  };
  const letters = () =>
    harness.rows<{ reason: string; record_offset: string; value: string }>(
      `select reason, record_offset, convert_from(record_value, 'UTF8') as value from afterword.dead_letters`,
    );
  const position = async (): Promise<string | undefined> => {
    const [row] = await harness.rows<{ next_offset: string }>(
      'select next_offset from afterword.partition_progress',
    );
    return row?.next_offset;
  };

  it('store each event once, and nothing more when they are read again', async () => {
    const records = logOf([[said('m1', 1), said('m2', 2)], [], [said('m3', 3)]]);
    expect(await store(records)).toMatchObject([{ messages: 3, ignored: 1, duplicates: 0 }]);
    expect(await store(records)).toMatchObject([{ messages: 0, ignored: 0, duplicates: 4 }]);
    expect(await stored()).toEqual(['m1', 'm2', 'm3']);
    const ignored = await harness.rows('select type, records::int from afterword.ignored_records');
    expect(ignored).toEqual([{ type: 'decoded-to-nothing', records: 1 }]);
  });

  it('keep the good events beside a dead letter of the whole record', async () => {
    const records = logOf([[said('m1', 1), { bot_id: 'aria' }, said('m2', 2), { user_id: 'ann' }]]);
    expect(await store(records)).toMatchObject([{ messages: 2, deadLetters: ['invalid-fields'] }]);
    expect(await store(records)).toMatchObject([{ messages: 0, deadLetters: [], duplicates: 3 }]);
    expect(await stored()).toEqual(['m1', 'm2']);
    expect(await letters()).toEqual([
      { reason: 'invalid-fields', record_offset: '0', value: records[0]?.value?.toString() },
    ]);
  });

  it('keep the first of two that share an id, and a dead letter of the other’s record', async () => {
    const records = logOf([[said('m1', 1, 'one'), said('m1', 1, 'two'), said('m2', 2)]]);
    expect(await store(records)).toMatchObject([{ messages: 2, deadLetters: ['conflicting-content'] }]);
    expect(await store(records)).toMatchObject([{ messages: 0, deadLetters: [], duplicates: 3 }]);
    expect(await stored()).toEqual(['m1', 'm2']);
  });

  it('lose only the event that the database refuses, and never pass a record before its last event', async () => {
    await harness.pool.query(
      `alter table afterword.messages add constraint refuse_one check (message_id <> 'm2')`,
    );
    try {
      const records = logOf([[said('m1', 1), said('m2', 2), said('m3', 3)], [said('m4', 4)]]);
      const positions: (string | undefined)[] = [];
      const watching = {
        ...harness.store,
        lookUp: async (...args: Parameters<typeof harness.store.lookUp>) => {
          positions.push(await position());
          return harness.store.lookUp(...args);
        },
      };
      const first = records[0] as LogRecord;
      const outcomes = await storeBatch(watching, first, decodeAll(records, decode), 2n, { graceMs: 0 });
      expect(outcomes.flatMap(({ deadLetters }) => deadLetters)).toEqual(['refused-by-database']);
      expect(await stored()).toEqual(['m1', 'm3', 'm4']);
      expect(await letters()).toMatchObject([{ reason: 'refused-by-database', record_offset: '0' }]);
      // While m3, the last event of the first record, was still to come.
      expect(positions).toContain('0');
      expect(await position()).toBe('2');
      expect(await store(records)).toMatchObject([{ messages: 0, deadLetters: [], duplicates: 4 }]);
    } finally {
      await harness.pool.query('alter table afterword.messages drop constraint refuse_one');
    }
  });
});
