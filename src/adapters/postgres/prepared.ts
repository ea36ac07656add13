import { createHash } from 'node:crypto';
import type pg from 'pg';

const names = new Map<string, string>();

/** Unknown to the server, or known to it already: a pooler gave our connection another backend. */
const lostNames = new Set(['26000', '42P05']);
let areNamesKept = true;

/**
 * A statement that the server parses and plans once for each connection, instead of every
 * time. For the small statements that each window needs: planning takes longer than they do.
 * Not for those of a batch, whose arrays hold thousands: they are worth a plan of their own.
 */
export function prepared(text: string, values: unknown[]): pg.QueryConfig {
  return areNamesKept ? { name: nameOf(text), text, values } : { text, values };
}

/**
 * After an error by which a pooler shows that it does not keep statements, none of this process
 * is named any more: slower, and right. The error itself passes with the next try.
 */
export function noteLostNames(sqlstate: string): void {
  if (lostNames.has(sqlstate)) areNamesKept = false;
}

/** By what it says, so that two statements never share a name; the server takes 63 bytes. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `afterword-${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}
