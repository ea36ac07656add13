import pg from 'pg';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';

/** Migrates the database of its argument as a process of its own; prints what it applied. */
const pool = new pg.Pool({ connectionString: process.argv[2], max: 1 });
const { applied } = await migrate(pool);
await pool.end();
process.stdout.write(JSON.stringify(applied));
