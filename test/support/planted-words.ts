import type { StoreHarness } from './store-harness.ts';

/** Tables that hold any of the words, in whatever column and row; in either case. */
export async function tablesWith(harness: StoreHarness, ...planted: readonly string[]): Promise<string[]> {
  const tables = await harness.rows<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'afterword' and table_type = 'BASE TABLE' order by 1`,
  );
  const patterns = planted.map((word) => `%${word}%`);
  const holding: string[] = [];
  for (const { name } of tables) {
    const found = await harness.rows(
      `select 1 from afterword.${name} t where t::text ilike any($1::text[]) limit 1`,
      [patterns],
    );
    if (found.length > 0) holding.push(name);
  }
  return holding;
}
