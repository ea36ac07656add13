import pg from 'pg';
import type { Logger } from '../../telemetry/logger.ts';

export interface PoolOptions {
  readonly size?: number;
  /** A statement without an answer for so long counts as an outage, and its connection is thrown away. */
  readonly answerWithinMs?: number;
}

/**
 * A pool that notices a server that is there and says nothing (suspended, or behind a
 * network that drops packets): no statement and no connecting waits for ever. Statements
 * that may rightly take long say so themselves, see `unhurried`.
 */
export function createPool(
  url: string,
  logger: Logger,
  { size = 10, answerWithinMs = 30_000 }: PoolOptions = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 5_000,
    query_timeout: answerWithinMs,
    // Finds connections whose other end is gone while nothing is asked.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
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

/** The longest that a timer can wait: 24 days. */
const noTimeoutMs = 2_147_483_647;

/** A statement that may take as long as it needs: changes of the schema, waiting for another process's. */
export function unhurried(text: string, values?: unknown[]): pg.QueryConfig {
  const query: pg.QueryConfig & { query_timeout: number } = { text, query_timeout: noTimeoutMs };
  return values === undefined ? query : { ...query, values };
}
