import type pg from 'pg';

export interface StatementTime {
  readonly calls: number;
  readonly totalMs: number;
  readonly planMs: number;
  readonly meanMs: number;
  readonly rows: number;
  readonly walMb: number;
  readonly sharedReads: number;
  readonly statement: string;
}

/** False: this server does not count statements. */
export async function beginStatements(pool: pg.Pool): Promise<boolean> {
  try {
    await pool.query('create extension if not exists pg_stat_statements');
    await pool.query('select pg_stat_statements_reset()');
    return true;
  } catch {
    return false;
  }
}

/** The statements of this database that took the most time. */
export async function readStatements(pool: pg.Pool, limit: number): Promise<readonly StatementTime[]> {
  const { rows } = await pool.query<Record<keyof StatementTime, string>>(
    `select calls, total_exec_time as "totalMs", total_plan_time as "planMs", mean_exec_time as "meanMs", rows,
       wal_bytes / 1048576.0 as "walMb", shared_blks_read as "sharedReads",
       regexp_replace(query, '\\s+', ' ', 'g') as statement
     from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database())
     order by total_exec_time + total_plan_time desc limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    calls: Number(row.calls),
    totalMs: Number(row.totalMs),
    planMs: Number(row.planMs),
    meanMs: Number(row.meanMs),
    rows: Number(row.rows),
    walMb: Number(row.walMb),
    sharedReads: Number(row.sharedReads),
    statement: row.statement,
  }));
}
