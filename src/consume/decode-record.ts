import type { DecodedRecord } from '../model/decoded-record.ts';
import type { LogRecord } from '../model/record.ts';
import { openRecord, type OpenedRecord } from './cloud-events.ts';
import { defaultMaxRecordBytes, refuse, type Refused } from './decode-bytes.ts';
import { decodeFields, isRefused } from './decode-fields.ts';
import { countedTypeName, eventTypeOf, isMessageEventType } from './event-type.ts';

export interface DecodeOptions {
  /** Greatest size of a record's value in bytes; 1 MiB unless told. */
  readonly maxRecordBytes?: number;
}

/**
 * What a record is (contract 3.1). Total: never throws, and every record becomes exactly
 * one of the outcomes. Pure: the same record always decodes to the same. A dead letter's
 * detail names fields and faults and never quotes what was sent.
 */
export function decodeRecord(record: LogRecord, options: DecodeOptions = {}): DecodedRecord {
  const opened = openRecord(record, options.maxRecordBytes ?? defaultMaxRecordBytes);
  return opened.ok ? decodeOpened(opened, record) : deadLetter(opened);
}

function decodeOpened(opened: OpenedRecord, record: LogRecord): DecodedRecord {
  const ownType = opened.fields['type'] ?? undefined;
  const type = eventTypeOf(ownType, opened.envelopeType);
  if (type === undefined) return deadLetter(refuse('invalid-fields', 'type: not text'));
  if (!isMessageEventType(type)) return { kind: 'ignored', type: countedTypeName(type) };
  const typed =
    ownType === undefined && type !== 'message' ? { ...opened, fields: { ...opened.fields, type } } : opened;
  const decoded = decodeFields(type, typed, record);
  return isRefused(decoded) ? deadLetter(decoded) : decoded;
}

function deadLetter({ reason, detail }: Refused): DecodedRecord {
  return { kind: 'dead-letter', reason, detail };
}
