import { isUtf8 } from 'node:buffer';
import type { DeadLetterReason } from '../model/decoded-record.ts';
import { nestsDeeper } from '../model/storable-text.ts';

export interface Refused {
  readonly ok: false;
  readonly reason: DeadLetterReason;
  /** Names fields and codes only, never values. */
  readonly detail: string;
}

export interface JsonObject {
  readonly ok: true;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether texts in it can hold U+0000 or lone surrogates, which only an escape can write. */
  readonly escaped: boolean;
}

export const defaultMaxRecordBytes = 1024 * 1024;
const maxNestingLevels = 64;

export function refuse(reason: DeadLetterReason, detail: string): Refused {
  return { ok: false, reason, detail };
}

/** Reads a record's bytes as one JSON object. Never throws; `JSON.parse` errors quote their input and stay here. */
export function decodeJsonObject(bytes: Buffer | null, maxRecordBytes: number): JsonObject | Refused {
  if (bytes === null) return refuse('null-value', 'value: null');
  if (bytes.length > maxRecordBytes) {
    return refuse('record-too-large', `value: ${bytes.length} bytes, at most ${maxRecordBytes}`);
  }
  if (isRegistryFramed(bytes)) {
    return refuse('schema-registry-framing', 'value: starts with a schema registry id, send plain JSON');
  }
  if (!isUtf8(bytes)) return refuse('invalid-utf8', 'value: not UTF-8');
  return parseObject(textWithoutMark(bytes));
}

function parseObject(text: string): JsonObject | Refused {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('not-json', 'value: not JSON');
  }
  if (nestsDeeper(value, maxNestingLevels)) {
    return refuse('too-deeply-nested', `value: more than ${maxNestingLevels} levels`);
  }
  if (!isPlainObject(value)) return refuse('not-an-object', 'value: not an object');
  return { ok: true, fields: value, escaped: text.includes('\\u') };
}

/** Magic byte 0 and a schema id of four bytes; no JSON starts with a zero byte. */
function isRegistryFramed(bytes: Buffer): boolean {
  return bytes.length >= 5 && bytes[0] === 0;
}

function textWithoutMark(bytes: Buffer): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', marked ? 3 : 0);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
