import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { translateDatabaseError } from '../../../src/adapters/postgres/database-errors.ts';

function refusedWith(sqlstate: string): pg.DatabaseError {
  const error = new pg.DatabaseError('Ann said so', 10, 'error');
  error.code = sqlstate;
  return error;
}

describe('what the server answers', () => {
  it.each([
    ['28P01', 'the password in DATABASE_URL'],
    ['3D000', 'there is no such database'],
    ['42501', 'let the user of DATABASE_URL create'],
    ['53300', 'max_connections'],
    ['26000', 'a pooler before the database loses prepared statements'],
    ['42P05', 'a pooler before the database loses prepared statements'],
    ['57P01', 'running, reachable and not full'],
  ])('of SQLSTATE %s is an outage that says what to do', (sqlstate, hint) => {
    const error = translateDatabaseError(refusedWith(sqlstate));
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    expect(error.hint).toContain(hint);
  });

  it.each(['21000', '22P02', '23505', '54000'])(
    'of SQLSTATE %s is final, and told without its words',
    (sqlstate) => {
      const error = translateDatabaseError(refusedWith(sqlstate));
      expect(error).toMatchObject({ code: 'DATABASE_REFUSED', retryable: false });
      expect(error.message).toContain(sqlstate);
      expect(error.message).not.toContain('Ann');
    },
  );
});
