import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate, readSchemaVersions, requireSchema } from '../../../src/adapters/postgres/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts';
import { describeWithPostgres } from '../../support/kafka-suite.ts';

const program = fileURLToPath(new URL('migrate-process.ts', import.meta.url));
const migrations = new URL('../../../migrations/', import.meta.url);
const files = (await readdir(migrations)).sort();
const newest = Number(files.at(-1)?.slice(0, 6));

async function migrateInProcess(url: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, url]);
  return JSON.parse(stdout) as string[];
}

describeWithPostgres('migrating', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeEach(async () => {
    database = await createEmptyDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 6 });
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  const recorded = async (): Promise<string[]> =>
    (
      await pool.query<{ name: string }>('select name from afterword.schema_migrations order by version')
    ).rows.map(({ name }) => name);

  it('numbers its files one after the other, so that none is skipped', () => {
    expect(files.map((file) => Number(file.slice(0, 6)))).toEqual(files.map((_, index) => index + 1));
  });

  it('applies each file once, in order, and nothing the second time', async () => {
    expect(await migrate(pool)).toEqual({ from: 0, to: newest, applied: files, notices: [] });
    expect(await migrate(pool)).toEqual({ from: newest, to: newest, applied: [], notices: [] });
    expect(await recorded()).toEqual(files);
  });

  it('applies each file once when four processes migrate at the same time', async () => {
    const reports = await Promise.all([1, 2, 3, 4].map(() => migrateInProcess(database.url)));
    expect(reports.flat().sort()).toEqual(files);
    expect(await recorded()).toEqual(files);
  });

  it('applies each file once when many connections of one process migrate at the same time', async () => {
    const reports = await Promise.all([1, 2, 3, 4, 5, 6].map(() => migrate(pool)));
    expect(reports.flatMap(({ applied }) => applied).sort()).toEqual(files);
  });

  it('goes on where an older binary stopped', async () => {
    for (const file of files.slice(0, 2)) await applyByHand(pool, file);
    const { from, applied } = await migrate(pool);
    expect({ from, applied }).toEqual({ from: 2, applied: files.slice(2) });
  });

  it('leaves nothing of a file that failed half-way, and can be run again', async () => {
    // A relation of the second file's name: its transaction fails.
    await pool.query('create schema afterword; create table afterword.log_topics (mine text)');
    await expect(migrate(pool)).rejects.toMatchObject({ details: { sqlstate: '42P07' } });
    expect(await recorded()).toEqual(files.slice(0, 1));
    const { rows } = await pool.query(`select to_regclass('afterword.log_records') as half`);
    expect(rows).toEqual([{ half: null }]);
    await pool.query('drop table afterword.log_topics');
    expect((await migrate(pool)).applied).toEqual(files.slice(1));
  });

  it('refuses a schema that was never migrated, naming both versions', async () => {
    expect(await readSchemaVersions(pool)).toEqual({ database: 0, binary: newest });
    await expect(requireSchema(pool)).rejects.toMatchObject({
      code: 'SCHEMA_NOT_MIGRATED',
      message: `the database schema is at version 0, this binary needs version ${newest}`,
    });
  });

  it('accepts its own schema and refuses a newer one, naming both versions', async () => {
    await migrate(pool);
    await expect(requireSchema(pool)).resolves.toBeUndefined();
    await pool.query(
      `insert into afterword.schema_migrations (version, name) values (${newest + 7}, 'of tomorrow')`,
    );
    const refusal = {
      code: 'SCHEMA_TOO_NEW',
      message: `the database schema is at version ${newest + 7}, this binary knows versions up to ${newest}`,
    };
    await expect(requireSchema(pool)).rejects.toMatchObject(refusal);
    await expect(migrate(pool)).rejects.toMatchObject(refusal);
  });
});

/** As the binary did whose newest file this was. */
async function applyByHand(pool: pg.Pool, file: string): Promise<void> {
  await pool.query(await readFile(new URL(file, migrations), 'utf8'));
  await pool.query('insert into afterword.schema_migrations (version, name) values ($1, $2)', [
    Number(file.slice(0, 6)),
    file,
  ]);
}
