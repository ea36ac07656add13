import type { Rule } from '../seen.ts';

/** What a deleted message said stands nowhere in Postgres, events that wait included. */
export const deletedTextGone: Rule = ({ leaks }) =>
  leaks.map(
    ({ table, column, rows, ofMessage }) =>
      `${table}.${column}: ${rows} rows, one with words of ${ofMessage}`,
  );
