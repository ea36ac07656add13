import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plainArray, sparseTextArray, textArray } from '../../../src/adapters/postgres/array-text.ts';
import { describeWithPostgres } from '../../support/kafka-suite.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts';

describeWithPostgres('arrays written for Postgres', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('are read back as they were, whatever text they hold', async () => {
    // What the decoder lets through: no U+0000, no half of a surrogate pair.
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));
    const awkward = fc.constantFrom(
      '',
      'NULL',
      'null',
      '{}',
      '",',
      '\\',
      '\\"',
      ' a ',
      '\n\t',
      '{"a"}',
      "'",
      '🦊',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.oneof(text, awkward))), async (values) => {
        const { rows } = await pool.query<{ values: (string | null)[] }>('select $1::text[] as values', [
          textArray(values),
        ]);
        expect(rows[0]?.values).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  it('are read back as numbers, UUIDs, booleans and nulls', async () => {
    const id = 'b3d6e5a8-8f0e-4a8e-9d7e-2f5a6c7b8d9e';
    const { rows } = await pool.query<Record<string, unknown>>(
      'select $1::bigint[] as numbers, $2::uuid[] as ids, $3::boolean[] as flags, $4::text[] as nothing',
      [plainArray([1, -2n, null]), plainArray([id]), plainArray([true, false]), plainArray([])],
    );
    expect(rows).toEqual([{ numbers: ['1', '-2', null], ids: [id], flags: [true, false], nothing: [] }]);
  });

  it('need not be sent where all of it is null', async () => {
    const { rows } = await pool.query('select * from unnest($1::int[], $2::text[]) as t (number, text)', [
      plainArray([1, 2]),
      sparseTextArray([null, null]),
    ]);
    expect(rows).toEqual([
      { number: 1, text: null },
      { number: 2, text: null },
    ]);
    expect(sparseTextArray([null, 'a'])).toBe('{NULL,"a"}');
  });
});
