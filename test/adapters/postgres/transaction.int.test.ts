import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inTransaction } from '../../../src/adapters/postgres/transaction.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('a transaction', () => {
  it('rejects, and nothing else happens, when its connection dies while it waits for something else', async () => {
    const work = inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const died = new Promise((resolve) => client.once('end', resolve));
      await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await died;
      await client.query('select 1');
    });
    await expect(work).rejects.toThrow();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('throws a connection away whose rollback fails, and puts a healthy one back', async () => {
    const pids = new Set<number>();
    for (let round = 0; round < 3; round += 1) {
      const failing = inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        pids.add(rows[0]?.pid ?? 0);
        throw new Error('given up');
      });
      await expect(failing).rejects.toThrow('given up');
    }
    expect(pids.size).toBe(1);
    expect(pool.waitingCount).toBe(0);
  });
});
