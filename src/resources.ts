import pg from 'pg';
import { openEmbeddedPostgres } from './adapters/embedded/postgres/open-embedded-postgres.ts';
import type { Config } from './config/config.ts';
import type { Logger } from './telemetry/logger.ts';

/** An open database: the one of DATABASE_URL, or the embedded one of DATA_DIR. */
export interface OpenDatabase {
  readonly pool: pg.Pool;
  /** Where it runs, for people; never with a password. */
  readonly label: string;
  readonly embedded: boolean;
  stop(): Promise<void>;
}

const poolSize = 10;

/**
 * Opens the database. The embedded one is started where no process has done so yet,
 * and shared where one has.
 *
 * @throws AfterwordError EMBEDDED_POSTGRES with what to do
 */
export async function openDatabase(config: Config, logger: Logger): Promise<OpenDatabase> {
  if (config.databaseUrl !== null) {
    const url = config.databaseUrl.reveal();
    const pool = createPool(url, logger);
    return { pool, label: labelOf(url), embedded: false, stop: () => pool.end() };
  }
  const server = await openEmbeddedPostgres({ dataDir: config.dataDir });
  const pool = createPool(server.url, logger);
  return {
    pool,
    label: `embedded Postgres in ${config.dataDir}`,
    embedded: true,
    // The pool first: a server that shuts down under open connections makes them fail.
    stop: async () => {
      await pool.end();
      await server.stop();
    },
  };
}

function createPool(url: string, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    application_name: 'afterword',
  });
  // An idle connection that breaks is replaced with the next request; without a listener
  // it would end the process.
  pool.on('error', (error) => {
    // `end` does not wait for the sockets: a server that stops right after it may cut them.
    if (pool.ending) return;
    logger.failure('database.failed', error, {}, 'warn');
  });
  return pool;
}

function labelOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `Postgres ${host}${pathname}`;
  } catch {
    return 'Postgres';
  }
}
