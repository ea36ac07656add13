import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';

import { migrate } from '../../src/adapters/postgres/migrate.ts';

export interface TestDatabase {
  readonly url: string;
  /** Drops the database. Rejects when somebody is still connected to it: a pool that was not ended. */
  drop(): Promise<void>;
  /**
   * Copies it as it is now, and returns what puts the copy in its place, as a restore from a
   * backup does. Nobody may be connected, both times.
   */
  copy(): Promise<() => Promise<void>>;
}

const migrationsFolder = new URL('../../migrations/', import.meta.url);

/** Any fixed number; held for a session, on this server that only tests use. */
const templateLock = 4_117_000_900;

/** How long a connection that its client has ended may take to vanish from the server's list. */
const closingMs = 5_000;

/** A fresh, migrated database for one test file. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase({ migrated: true });
}

/** A fresh database without a schema, for tests of the migrations themselves. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase({ migrated: false });
}

async function createDatabase({ migrated }: { migrated: boolean }): Promise<TestDatabase> {
  const server = requireServer();
  const name = `afterword_test_${randomBytes(8).toString('hex')}`;
  await withClient(server, async (client) => {
    // template0 for the empty one: template1 may hold what somebody once put there.
    const template = migrated ? await prepareTemplate(client, server) : 'template0';
    await client.query(`create database ${name} template ${template}`);
  });
  return {
    url: urlOf(server, name),
    drop: () => dropDatabase(server, name),
    copy: () => copyDatabase(server, name),
  };
}

async function copyDatabase(server: string, name: string): Promise<() => Promise<void>> {
  const copy = `${name}_copy`;
  await withClient(server, async (client) => {
    await waitUntilUnused(client, name);
    await client.query(`create database ${copy} template ${name}`);
  });
  return () =>
    withClient(server, async (client) => {
      await waitUntilUnused(client, name);
      await client.query(`drop database ${name}`);
      await client.query(`alter database ${copy} rename to ${name}`);
    });
}

function requireServer(): string {
  const url = inject('postgresUrl');
  if (url === undefined) throw new Error(`there is no Postgres for this test: ${inject('postgresMissing')}`);
  return url;
}

/** Migrates once for each state of the migrations' files; every database is then a copy of the files. */
async function prepareTemplate(client: pg.Client, server: string): Promise<string> {
  const template = `afterword_template_${await hashMigrations()}`;
  await client.query('select pg_advisory_lock($1)', [templateLock]);
  try {
    const known = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (known.rowCount === 0) await buildTemplate(client, server, template);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [templateLock]);
  }
  return template;
}

/** Under another name until it is whole: a run that dies on the way leaves no half template. */
async function buildTemplate(client: pg.Client, server: string, template: string): Promise<void> {
  const unfinished = `${template}_new`;
  await client.query(`drop database if exists ${unfinished} with (force)`);
  await client.query(`create database ${unfinished} template template0`);
  const pool = new pg.Pool({ connectionString: urlOf(server, unfinished), max: 1 });
  try {
    await migrate(pool);
  } finally {
    await pool.end();
  }
  await waitUntilUnused(client, unfinished);
  await client.query(`alter database ${unfinished} rename to ${template}`);
}

async function hashMigrations(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(migrationsFolder)).sort()) {
    hash.update(file).update(await readFile(new URL(file, migrationsFolder)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function dropDatabase(server: string, name: string): Promise<void> {
  await withClient(server, async (client) => {
    const leaks = await waitUntilUnused(client, name);
    await client.query(`drop database if exists ${name} with (force)`);
    if (leaks.length > 0) {
      throw new Error(`${leaks.length} connections were left open: ${leaks.join('; ')}`);
    }
  });
}

/** What is still connected when the time is over: its application, state and last statement. */
async function waitUntilUnused(client: pg.Client, name: string): Promise<string[]> {
  const deadline = Date.now() + closingMs;
  for (;;) {
    const { rows } = await client.query<{ seen: string }>(
      `select format('%s %s: %s', application_name, state, left(query, 200)) as seen
       from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [name],
    );
    if (rows.length === 0 || Date.now() > deadline) return rows.map((row) => row.seen);
    await sleep(20);
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'afterword test support' });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
