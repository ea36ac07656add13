import type { IHeaders } from 'kafkajs';

import type { RecordHeader } from '../../model/record.ts';

/**
 * kafkajs holds headers as an object: the values of a repeated name stand together,
 * at the place of the first, and names that look like integers come first. Values
 * and the order of one name's values are kept.
 */
export function toRecordHeaders(headers: IHeaders | undefined): readonly RecordHeader[] {
  let copied: RecordHeader[] | undefined;
  // Once for every record read: plain loops, and nothing made where there is nothing.
  for (const name in headers) {
    const held: unknown = headers[name];
    copied ??= [];
    for (const value of Array.isArray(held) ? (held as unknown[]) : [held]) {
      if (isHeaderValue(value)) copied.push({ name, value: copy(value) });
    }
  }
  return copied ?? noHeaders;
}

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

/** kafkajs can read a header without a value but not write one: it leaves as an empty value. */
export function toKafkaHeaders(headers: readonly RecordHeader[]): IHeaders {
  const values = new Map<string, Buffer[]>();
  for (const { name, value } of headers) {
    values.set(name, [...(values.get(name) ?? []), value ?? Buffer.alloc(0)]);
  }
  return Object.fromEntries(values);
}

/** A header named like a member of every object (`toString`) comes with that member in front of its values. */
function isHeaderValue(value: unknown): value is Buffer | string | null | undefined {
  return value === null || value === undefined || typeof value === 'string' || Buffer.isBuffer(value);
}

function copy(value: Buffer | string | null | undefined): Buffer | null {
  return value === null || value === undefined ? null : Buffer.from(value);
}
