import type { DecodedRecord } from '../model/decoded-record.ts';
import { isLetGo } from '../let-go.ts';
import { derivedPartId } from '../model/identity.ts';
import type { LogRecord } from '../model/record.ts';
import { failureCode } from '../telemetry/failure.ts';
import { defaultMaxRecordBytes, isPlainObject } from './decode-bytes.ts';
import { decodeRecord } from './decode-record.ts';

/** A record as a decoder of a user's own is given it: a copy, which it may change. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The record's own timestamp, epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In the order of the wire; a name may repeat. */
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

/**
 * Makes message events (contract: schemas/message-event.v1.json) of a record of another
 * shape: one, several, or none (undefined, null, an empty list), which counts it as
 * ignored. Synchronous, and a function of the record alone: a record that is read again
 * must become the same events in the same order. What it throws makes a dead letter.
 */
export type DecodeFunction = (record: RawRecord) => object | readonly object[] | null | undefined;

const maxEvents = 10_000;
const maxDetails = 5;
const nothing: DecodedRecord = { kind: 'ignored', type: 'decoded-to-nothing' };

/**
 * The decoder of a user's own before the ordinary one: what it returns passes the same
 * lenient validation as a record's value does. Total, as `decodeRecord` is: never throws,
 * and never returns an empty list. Events that cannot be used become one dead letter
 * together, of the whole record, beside those that can.
 */
export function decodeWith(decode: DecodeFunction): (record: LogRecord) => readonly DecodedRecord[] {
  return (record) => {
    const size = record.value?.length ?? 0;
    if (size > defaultMaxRecordBytes) {
      const detail = `value: ${size} bytes, at most ${defaultMaxRecordBytes}`;
      return [{ kind: 'dead-letter', reason: 'record-too-large', detail }];
    }
    try {
      return decodeEvents(eventsOf(decode(copyOf(record))), record);
    } catch (thrown) {
      return [failed(`decode threw (${failureCode(thrown)})`)];
    }
  };
}

/** A decoder that writes into its bytes must not change what a dead letter keeps. */
function copyOf(record: LogRecord): RawRecord {
  return {
    ...record,
    key: copyBytes(record.key),
    value: copyBytes(record.value),
    headers: record.headers.map(({ name, value }) => ({ name, value: copyBytes(value) })),
  };
}

function copyBytes(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function eventsOf(returned: unknown): readonly unknown[] {
  if (returned === undefined || returned === null) return [];
  return Array.isArray(returned) ? (returned as readonly unknown[]) : [returned];
}

function decodeEvents(events: readonly unknown[], record: LogRecord): readonly DecodedRecord[] {
  if (events.length === 0) return [nothing];
  if (events.length > maxEvents) return [failed(`decode returned more than ${maxEvents} events`)];
  const decoded = events.map((event, part) => decodeEvent(event, part, record));
  const usable = decoded.filter((event) => event.kind !== 'dead-letter');
  return usable.length === decoded.length ? usable : [...usable, together(decoded)];
}

type DeadLetter = Extract<DecodedRecord, { kind: 'dead-letter' }>;

function decodeEvent(event: unknown, part: number, record: LogRecord): DecodedRecord {
  if (isLetGo(event)) return failed('decode is asynchronous, which it may not be');
  if (!isPlainObject(event)) return failed('decode returned no object');
  const value = textOf(withPartId(event, part, record));
  return value === undefined
    ? failed('decode returned what is no JSON')
    : decodeRecord({ ...record, value, headers: [] });
}

/** As it would have come: dates become RFC 3339, and fields that JSON does not know are left out. */
function textOf(event: object): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(event), 'utf8');
  } catch {
    // A number too large for JSON, a circle: its siblings are events all the same.
    return undefined;
  }
}

/**
 * The derived id goes by the place of the record and the text, and two messages of one
 * record may say the same: those after the first are told apart by their place in it.
 */
function withPartId(event: Record<string, unknown>, part: number, record: LogRecord): object {
  const { id, type, content } = event;
  const isMessage = type === undefined || type === null || type === 'message';
  if (part === 0 || !isMessage || (id ?? null) !== null || typeof content !== 'string') return event;
  return { ...event, id: derivedPartId(record, part, content) };
}

function failed(detail: string): DeadLetter {
  return { kind: 'dead-letter', reason: 'decoder-failed', detail };
}

/** One record has one dead letter, which keeps its bytes: its reason is the first event's. */
function together(decoded: readonly DecodedRecord[]): DeadLetter {
  const bad = decoded.flatMap((event, part) => (event.kind === 'dead-letter' ? [{ ...event, part }] : []));
  const several = decoded.length > 1;
  const details = bad
    .slice(0, maxDetails)
    .map(({ part, detail }) => (several ? `event ${part + 1}: ${detail}` : detail));
  const more = bad.length > maxDetails ? [`${bad.length - maxDetails} more`] : [];
  return {
    kind: 'dead-letter',
    reason: bad[0]?.reason ?? 'decoder-failed',
    detail: [...details, ...more].join('; '),
  };
}
