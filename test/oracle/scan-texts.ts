import type pg from 'pg';
import { fragmentsOfEscaped } from './text-fragments.ts';

/** A column of some rows that holds words which should be nowhere. */
export interface Leak {
  readonly table: string;
  readonly column: string;
  readonly rows: number;
  /** Of one of them. */
  readonly ofMessage: string;
}

/** Dead letters keep their bytes, and the embedded log its records, until their age; neither is made from messages. */
const keptElsewhere = ['dead_letters', 'log_records'];
const rowsAtOnce = 2_000;

/**
 * Looks for words in every column of text or JSON of every table.
 *
 * @param client within a transaction
 * @param wanted by fragment, the message whose words they are
 */
export async function scanTexts(client: pg.Client, wanted: ReadonlyMap<string, string>): Promise<Leak[]> {
  if (wanted.size === 0) return [];
  const { rows: columns } = await client.query<{ table: string; columns: string[] }>(
    `select c.table_name as table, array_agg(c.column_name::text order by c.ordinal_position) as columns
     from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'afterword' and t.table_type = 'BASE TABLE' and c.table_name <> all($1)
       and c.data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY')
     group by c.table_name order by 1`,
    [keptElsewhere],
  );
  const leaks: Leak[] = [];
  for (const { table, columns: names } of columns)
    leaks.push(...(await scanTable(client, table, names, wanted)));
  return leaks;
}

/** A part of the rows at a time: a table may be larger than memory. The names are the catalogue's own. */
async function scanTable(
  client: pg.Client,
  table: string,
  columns: readonly string[],
  wanted: ReadonlyMap<string, string>,
): Promise<Leak[]> {
  const found = new Map<string, { rows: number; ofMessage: string }>();
  const list = columns.map((column) => `"${column}"::text`).join(', ');
  await client.query(`declare scanned no scroll cursor for select ${list} from afterword."${table}"`);
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      text: `fetch ${rowsAtOnce} from scanned`,
      rowMode: 'array',
    });
    for (const row of rows) {
      columns.forEach((column, index) => {
        const ofMessage = firstWanted(row[index] ?? '', wanted);
        if (ofMessage === undefined) return;
        found.set(column, { ofMessage, rows: (found.get(column)?.rows ?? 0) + 1 });
      });
    }
    if (rows.length < rowsAtOnce) break;
  }
  await client.query('close scanned');
  return [...found].map(([column, leak]) => ({ table, column, ...leak }));
}

function firstWanted(text: string, wanted: ReadonlyMap<string, string>): string | undefined {
  for (const fragment of fragmentsOfEscaped(text)) {
    const ofMessage = wanted.get(fragment);
    if (ofMessage !== undefined) return ofMessage;
  }
  return undefined;
}
