import type pg from 'pg';
import { isUnanswered, translating } from './database-errors.ts';

/**
 * Runs `work` between begin and commit on one connection. A connection whose
 * rollback fails is thrown away, never put back with a transaction open.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await translating(() => pool.connect());
  // A connection that dies says so by an event as well as by the failure of its statement;
  // the pool listens only while it is idle, and an event without a listener ends the process.
  client.on('error', ignoreEvent);
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A server that does not answer would not answer this either.
    broken = isUnanswered(error) ? new Error('unanswered') : await rollback(client);
    throw error;
  } finally {
    client.release(broken);
    client.off('error', ignoreEvent);
  }
}

function ignoreEvent(): void {
  // The statement under way, or the next one, rejects with the same cause.
}

async function rollback(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error('rollback failed');
  }
}
