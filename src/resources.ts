import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { openEmbeddedPostgres } from './adapters/embedded/postgres/open-embedded-postgres.ts';
import { createPool } from './adapters/postgres/pool.ts';
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
    return { pool, label: labelOf(url), embedded: false, stop: () => endPool(pool) };
  }
  const server = await openEmbeddedPostgres({ dataDir: config.dataDir });
  const pool = createPool(server.url, logger);
  return {
    pool,
    label: `embedded Postgres in ${config.dataDir}`,
    embedded: true,
    // The pool first: a server that shuts down under open connections makes them fail.
    stop: async () => {
      await endPool(pool);
      await server.stop();
    },
  };
}

const endDeadlineMs = 2_000;

/** A connection whose server hangs is never given back: the process must not wait for it. */
async function endPool(pool: pg.Pool): Promise<void> {
  await Promise.race([pool.end(), sleep(endDeadlineMs, undefined, { ref: false })]);
}

function labelOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `Postgres ${host}${pathname}`;
  } catch {
    return 'Postgres';
  }
}
