import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { AfterwordError } from '../../errors.ts';
import { translating } from './database-errors.ts';
import { unhurried } from './pool.ts';
import { inTransaction } from './transaction.ts';

/** Works from `src/` and from `dist/` alike: both lie beside `migrations/`. */
const migrationsFolder = new URL('../../../migrations/', import.meta.url);

/** Any fixed number: only migrating processes take it, and only inside a transaction. */
const migrationLock = 4_117_000_001;

interface Migration {
  readonly version: number;
  readonly name: string;
}

export interface MigrationReport {
  readonly from: number;
  readonly to: number;
  readonly applied: readonly string[];
  /** What a person should know, such as names that were already taken. */
  readonly notices: readonly string[];
}

export interface SchemaVersions {
  /** 0: nothing was ever migrated here. */
  readonly database: number;
  readonly binary: number;
}

function applying(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  return translating(() => inTransaction(pool, work));
}

async function listMigrations(): Promise<readonly Migration[]> {
  const files = await readdir(migrationsFolder);
  return files
    .filter((file) => /^\d{6}_.+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 6)), name: file }));
}

/**
 * Brings the schema `afterword` up to this binary's version, one transaction per
 * file. Several processes may call it at once: each waits for the other and then
 * finds the work done.
 *
 * @throws AfterwordError SCHEMA_TOO_NEW when the database was migrated by a newer binary;
 *   DATABASE_UNAVAILABLE, also for a right that is missing
 */
export async function migrate(pool: pg.Pool): Promise<MigrationReport> {
  const migrations = await listMigrations();
  const applied: string[] = [];
  const notices: string[] = [];
  let from: number | undefined;
  for (const migration of migrations) {
    const sql = await readFile(new URL(migration.name, migrationsFolder), 'utf8');
    await applying(pool, async (client) => {
      const onNotice = (notice: { message: string | undefined }): void => {
        if (notice.message?.startsWith('afterword:') === true) notices.push(notice.message);
      };
      client.on('notice', onNotice);
      try {
        // Must come first: whoever comes second sees what the first one committed.
        await client.query(unhurried('select pg_advisory_xact_lock($1)', [migrationLock]));
        const current = await readVersion(client);
        from ??= current;
        refuseNewer(current, newest(migrations));
        if (current >= migration.version) return;
        await client.query(unhurried(sql));
        await client.query('insert into afterword.schema_migrations (version, name) values ($1, $2)', [
          migration.version,
          migration.name,
        ]);
        applied.push(migration.name);
      } finally {
        client.off('notice', onNotice);
      }
    });
  }
  return { from: from ?? 0, to: newest(migrations), applied, notices };
}

export async function readSchemaVersions(pool: pg.Pool): Promise<SchemaVersions> {
  const binary = newest(await listMigrations());
  return { database: await translating(() => inTransaction(pool, readVersion)), binary };
}

/**
 * Refuses a schema that this binary cannot work with.
 *
 * @throws AfterwordError SCHEMA_TOO_NEW or SCHEMA_NOT_MIGRATED, naming both versions.
 */
export async function requireSchema(pool: pg.Pool): Promise<void> {
  const versions = await readSchemaVersions(pool);
  refuseNewer(versions.database, versions.binary);
  if (versions.database < versions.binary) {
    throw new AfterwordError(
      'SCHEMA_NOT_MIGRATED',
      `the database schema is at version ${versions.database}, this binary needs version ${versions.binary}`,
      { hint: 'run `afterword migrate`, or start `afterword run` without --no-migrate' },
    );
  }
}

function refuseNewer(database: number, binary: number): void {
  if (database <= binary) return;
  throw new AfterwordError(
    'SCHEMA_TOO_NEW',
    `the database schema is at version ${database}, this binary knows versions up to ${binary}`,
    { hint: 'use a binary of the newer version; migrations only go forward' },
  );
}

function newest(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

async function readVersion(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>(
    `select to_regclass('afterword.schema_migrations') is not null as present`,
  );
  if (rows[0]?.present !== true) return 0;
  const versions = await client.query<{ version: number }>(
    'select coalesce(max(version), 0)::int as version from afterword.schema_migrations',
  );
  return versions.rows[0]?.version ?? 0;
}
