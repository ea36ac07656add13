import type { DecodedRecord } from '../model/decoded-record.ts';
import type { LogRecord } from '../model/record.ts';
import type { DecodedEntry } from './plan-batch.ts';

/** What a record is, or what each of its events is; never none. */
export type DecodeRecord = (record: LogRecord) => DecodedRecord | readonly DecodedRecord[];

/** In the order of the records, and of the events in each. */
export function decodeAll(records: readonly LogRecord[], decode: DecodeRecord): DecodedEntry[] {
  const entries: DecodedEntry[] = [];
  for (const record of records) {
    const decoded = decode(record);
    if ('kind' in decoded) entries.push({ record, decoded });
    else for (const event of decoded) entries.push({ record, decoded: event });
  }
  return entries;
}
