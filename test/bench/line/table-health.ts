import type pg from 'pg';

/**
 * How the tables that change most stand: updates that stayed on their page, rows left dead, how
 * often autovacuum came, and what table and indexes take. Named `<what>Of<Table>`.
 */
export async function readTableHealth(
  pool: pg.Pool,
  tables: readonly string[],
): Promise<Record<string, number>> {
  const { rows } = await pool.query<{
    table: string;
    hot: number | null;
    dead: string;
    live: string;
    vacuums: string;
    table_mb: number;
    index_mb: number;
  }>(
    `select relname as table, n_tup_hot_upd::float8 / nullif(n_tup_upd, 0) as hot, n_dead_tup as dead,
       n_live_tup as live, autovacuum_count as vacuums,
       pg_table_size(relid) / 1e6 as table_mb, pg_indexes_size(relid) / 1e6 as index_mb
     from pg_stat_user_tables where schemaname = 'afterword' and relname = any($1::text[])
     order by relname`,
    [tables],
  );
  const entries = rows.flatMap((row) => {
    const name = row.table.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
    return [
      ...(row.hot === null ? [] : [[`hotShareOf${name}`, round(row.hot)] as const]),
      [`deadRowsOf${name}`, Number(row.dead)] as const,
      [`liveRowsOf${name}`, Number(row.live)] as const,
      [`autovacuumsOf${name}`, Number(row.vacuums)] as const,
      [`tableMbOf${name}`, round(row.table_mb)] as const,
      [`indexMbOf${name}`, round(row.index_mb)] as const,
    ];
  });
  return Object.fromEntries(entries);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
