import pg from 'pg';
import { AfterwordError } from '../../errors.ts';
import { noteLostNames } from './prepared.ts';

/**
 * SQLSTATE classes in which the data itself is refused: cardinality (21), data
 * exceptions (22), constraints (23), program limits (54). Everything else may pass.
 */
const refusedClasses = new Set(['21', '22', '23', '54']);

/**
 * Translates what pg throws. The driver's message and detail can quote values, so only
 * the SQLSTATE and the names of table and constraint are kept; the stack goes with the cause.
 */
export function translateDatabaseError(error: unknown): AfterwordError {
  if (error instanceof AfterwordError) return error;
  if (error instanceof pg.DatabaseError) {
    const sqlstate = error.code ?? 'unknown';
    noteLostNames(sqlstate);
    const details = {
      sqlstate,
      ...(error.table === undefined ? {} : { table: error.table }),
      ...(error.constraint === undefined ? {} : { constraint: error.constraint }),
    };
    return refusedClasses.has(sqlstate.slice(0, 2))
      ? new AfterwordError('DATABASE_REFUSED', `the database refused the data (SQLSTATE ${sqlstate})`, {
          details,
          cause: error,
        })
      : new AfterwordError('DATABASE_UNAVAILABLE', messageFor(sqlstate), {
          details,
          cause: error,
          retryable: true,
          hint: hintFor(sqlstate),
        });
  }
  if (!isConnectionError(error)) return faultOfOurs(error);
  if (isUnanswered(error)) {
    return new AfterwordError('DATABASE_UNAVAILABLE', 'the database does not answer', {
      cause: error,
      retryable: true,
      hint: 'check that Postgres at DATABASE_URL is not suspended, overloaded or cut off by the network',
    });
  }
  return new AfterwordError('DATABASE_UNAVAILABLE', 'the database cannot be reached', {
    cause: error,
    retryable: true,
    hint: 'check that Postgres at DATABASE_URL is running and reachable',
  });
}

function messageFor(sqlstate: string): string {
  if (sqlstate === '42501') return 'the database user lacks a right (SQLSTATE 42501)';
  return `the database answered SQLSTATE ${sqlstate}`;
}

/** What a person can do about it. */
function hintFor(sqlstate: string): string {
  if (sqlstate.startsWith('28')) return 'check the user name and the password in DATABASE_URL';
  if (sqlstate === '3D000') return 'there is no such database: create it, or check its name in DATABASE_URL';
  if (sqlstate === '42501') {
    return 'let the user of DATABASE_URL create in the database, or own the schema afterword';
  }
  if (sqlstate === '26000' || sqlstate === '42P05') {
    return 'a pooler before the database loses prepared statements: this process goes on without them, slower; to have them, let the pooler keep them (PgBouncer: max_prepared_statements) or pool by session';
  }
  if (sqlstate === '53300') return 'the server has no connection left: raise its max_connections';
  return 'check that Postgres at DATABASE_URL is running, reachable and not full';
}

/** Sockets and pg's own pool: an errno code, or one of the driver's sentences. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') return true;
  return /connection|timeout|client was closed|not queryable|pool/i.test(error.message);
}

/** The statement was sent and no answer came in time: nothing more can be asked on its connection. */
export function isUnanswered(error: unknown): boolean {
  const origin = error instanceof AfterwordError ? error.cause : error;
  return origin instanceof Error && origin.message === 'Query read timeout';
}

/** A fault inside a transaction must not look like an outage that passes. */
function faultOfOurs(error: unknown): AfterwordError {
  return new AfterwordError('INVARIANT_BROKEN', 'a transaction failed for a fault of ours', { cause: error });
}

export async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateDatabaseError(error);
  }
}
