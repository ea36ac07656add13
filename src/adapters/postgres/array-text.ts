/**
 * Arrays as Postgres reads them, for `unnest($1::bigint[])` and its like. The driver can
 * write arrays too; it looks at the type of every element and costs several times more,
 * which with thousands of rows a statement is most of what a batch costs this process.
 */

/** For what holds no quotes, commas, braces or blanks: numbers, UUIDs, hex, our own names. */
export function plainArray(values: readonly (string | number | bigint | boolean | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** For any text. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`;
}

/**
 * The same where nearly all are null; null when all of them are. Beside longer arrays
 * `unnest` fills a missing one up with nulls.
 */
export function sparseTextArray(values: readonly (string | null)[]): string | null {
  return values.every((value) => value === null) ? null : textArray(values);
}

const needsEscape = /["\\]/;

function quoted(text: string): string {
  return needsEscape.test(text) ? `"${text.replace(/["\\]/g, String.raw`\$&`)}"` : `"${text}"`;
}
