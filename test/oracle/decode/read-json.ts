import { isUtf8 } from 'node:buffer';
import { refused, type Refused } from './decoded.ts';

export type Fields = Readonly<Record<string, unknown>>;

const mostBytes = 1024 * 1024;
const mostLevels = 64;

/** The bytes of a value as one JSON object, or why they are none. */
export function readJson(
  bytes: Buffer | null,
): { readonly kind: 'fields'; readonly fields: Fields } | Refused {
  if (bytes === null) return refused('null-value');
  if (bytes.length > mostBytes) return refused('record-too-large');
  // The zero byte and four of an id that schema registries put before what they frame.
  if (bytes[0] === 0 && bytes.length >= 5) return refused('schema-registry-framing');
  if (!isUtf8(bytes)) return refused('invalid-utf8');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return refused('not-json');
  }
  if (levelsOf(value) > mostLevels) return refused('too-deeply-nested');
  return isObject(value) ? { kind: 'fields', fields: value } : refused('not-an-object');
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Level by level, since a value may be deeper than the stack. */
function levelsOf(value: unknown): number {
  let level = [value].filter(isNested);
  let levels = 0;
  while (level.length > 0 && levels <= mostLevels) {
    levels += 1;
    level = level.flatMap((one) => Object.values(one) as unknown[]).filter(isNested);
  }
  return levels;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
