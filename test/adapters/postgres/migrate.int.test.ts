import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate, readSchemaVersions, requireSchema } from '../../../src/adapters/postgres/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts';
import { describeWithPostgres } from '../../support/kafka-suite.ts';

describeWithPostgres('migrations on a real Postgres', () => {
  let database: TestDatabase;
  let pools: pg.Pool[];

  beforeEach(async () => {
    database = await createEmptyDatabase();
    pools = Array.from({ length: 4 }, () => new pg.Pool({ connectionString: database.url, max: 2 }));
  });

  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  });

  function firstPool(): pg.Pool {
    const [pool] = pools;
    if (pool === undefined) throw new Error('there is no pool');
    return pool;
  }

  it('applies each file once when several start together', async () => {
    const reports = await Promise.all(pools.map((pool) => migrate(pool)));
    const applied = reports.flatMap((report) => report.applied);
    expect(new Set(applied).size).toBe(applied.length);
    const versions = await readSchemaVersions(firstPool());
    expect(versions.database).toBe(versions.binary);
    expect(applied).toHaveLength(versions.binary);
  });

  it('finds nothing to do the second time', async () => {
    await migrate(firstPool());
    expect((await migrate(firstPool())).applied).toEqual([]);
    await expect(requireSchema(firstPool())).resolves.toBeUndefined();
  });

  it('refuses a database that nobody migrated, naming both versions', async () => {
    const { binary } = await readSchemaVersions(firstPool());
    await expect(requireSchema(firstPool())).rejects.toMatchObject({
      code: 'SCHEMA_NOT_MIGRATED',
      message: `the database schema is at version 0, this binary needs version ${binary}`,
    });
  });

  it('refuses a database of a newer binary, naming both versions, and changes nothing', async () => {
    await migrate(firstPool());
    await firstPool().query(
      `insert into afterword.schema_migrations (version, name) values (999, 'from the future')`,
    );
    const refusal = { code: 'SCHEMA_TOO_NEW', message: expect.stringContaining('version 999') as unknown };
    await expect(migrate(firstPool())).rejects.toMatchObject(refusal);
    await expect(requireSchema(firstPool())).rejects.toMatchObject(refusal);
  });

  it('leaves a table of a view’s name alone, says so, and makes the view in the schema beside', async () => {
    await firstPool().query(
      `create table public.fact_entities (id int); insert into public.fact_entities values (7)`,
    );
    const { notices } = await migrate(firstPool());
    expect(notices.join('\n')).toContain('fact_entities');
    const { rows } = await firstPool().query('select id from public.fact_entities');
    expect(rows).toEqual([{ id: 7 }]);
    await expect(firstPool().query('select * from afterword_compat.fact_entities')).resolves.toMatchObject({
      rowCount: 0,
    });
    await expect(firstPool().query('select * from public.universal_users')).resolves.toMatchObject({
      rowCount: 0,
    });
  });

  it('undoes a file that fails as a whole', async () => {
    // A table of the second file's name stands in its way.
    await firstPool().query('create schema afterword; create table afterword.log_topics (id int)');
    await expect(migrate(firstPool())).rejects.toThrow();
    expect((await readSchemaVersions(firstPool())).database).toBe(1);
    await firstPool().query('drop table afterword.log_topics');
    await migrate(firstPool());
    await expect(requireSchema(firstPool())).resolves.toBeUndefined();
  });
});
