import pg from 'pg';
import { createPostgresVectorIndex } from '../../../src/adapters/postgres/vector-index.ts';
import { defineVectorIndexContract } from '../../contracts/vector-index-contract.ts';
import { createTestDatabase } from '../../support/database.ts';
import { describeWithPostgres } from '../../support/kafka-suite.ts';

describeWithPostgres('vectors in Postgres as a vector index', () => {
  defineVectorIndexContract(async () => {
    const dimension = 8;
    const database = await createTestDatabase();
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    return {
      dimension,
      open: (embedderName) => createPostgresVectorIndex(pool, embedderName, dimension),
      close: async () => {
        await pool.end();
        await database.drop();
      },
    };
  });
});
