import { AfterwordError, isAfterwordError, type ErrorCode } from '../errors.ts';
import type { ResultEvent } from '../model/result-event.ts';
import { encodeResultEvent } from './cloud-event.ts';
import { deadLetterRecord, withoutBytes } from './dead-letter-record.ts';
import type { Outbox, OutboxDestination, OutboxRow } from './outbox.ts';
import type { OutgoingRecord, RecordSink } from './record-sink.ts';

export interface RelayOptions {
  readonly owner: string;
  readonly leaseMs: number;
  readonly destination: OutboxDestination;
  /** Where rows of this destination go. */
  readonly topic: string;
  readonly batchSize: number;
  /** No record is ever larger; what the topic takes is found out by sending. */
  readonly maxRecordBytes: number;
  readonly onTruncated?: (event: Pick<ResultEvent, 'id' | 'type'>, bytes: number, limit: number) => void;
}

export type RelayPass =
  | { readonly active: false }
  | { readonly active: true; readonly sent: readonly string[]; readonly full: boolean };

/** Bounds what one pass holds in memory; a single row may be larger. */
const maxBatchBytes = 8 * 1_024 * 1_024;

/**
 * One pass of the relay for one destination: read what waits, send it, mark it. Only the
 * holder of the lease sends, so each key's events leave in order. A crash between sending
 * and marking sends them again, with the same ids and sequences: readers drop what they
 * have seen.
 *
 * @throws what the sink threw, naming a topic that is missing or closed to us; nothing is
 * marked then, and the same rows are sent again
 */
export async function relayOnce(outbox: Outbox, sink: RecordSink, options: RelayOptions): Promise<RelayPass> {
  if (!(await outbox.holdLease(options.owner, options.leaseMs))) return { active: false };
  const rows = await outbox.unsent(options.destination, options.batchSize, maxBatchBytes);
  if (rows.length === 0) return { active: true, sent: [], full: false };
  await sendAll(sink, rows, options).catch((error: unknown) => {
    throw namingTopic(error, options.topic);
  });
  const marked = await outbox.markSent(
    rows.map((row) => row.outboxId),
    options.owner,
  );
  if (!marked) return { active: false };
  return { active: true, sent: rows.map(typeOf), full: rows.length === options.batchSize };
}

function typeOf(row: OutboxRow): string {
  return row.kind === 'result' ? row.event.type : 'dead-letter';
}

async function sendAll(sink: RecordSink, rows: readonly OutboxRow[], options: RelayOptions): Promise<void> {
  const encoded = rows.map((row) => encode(row, options.topic, options.maxRecordBytes));
  try {
    await sink.send(encoded.map(({ record }) => record));
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    // Some record is larger than this topic takes: one by one, in order, so that it is
    // found and cut, and blocks nobody.
    for (const row of rows) await sendFitting(sink, row, options);
    return;
  }
  for (const { tellCut } of encoded) tellCut(options);
}

/** Whole first, for only the broker knows what its topic takes; then in forms of half the size, to the smallest. */
async function sendFitting(sink: RecordSink, row: OutboxRow, options: RelayOptions): Promise<void> {
  let limit = options.maxRecordBytes;
  for (let refusedBytes = Infinity; ;) {
    const { record, tellCut } = encode(row, options.topic, limit);
    const bytes = sizeOf(record);
    try {
      await sink.send([record]);
      tellCut(options);
      return;
    } catch (error) {
      if (!isTooLarge(error) || bytes >= refusedBytes) throw error;
      refusedBytes = bytes;
      limit = Math.floor(Math.min(limit, bytes) / 2);
    }
  }
}

function isTooLarge(error: unknown): boolean {
  return isAfterwordError(error) && error.code === 'RECORD_TOO_LARGE';
}

/** A broker says that a topic is missing or closed to us, but not which: we asked for one. */
function namingTopic(error: unknown, topic: string): unknown {
  if (!isAfterwordError(error)) return error;
  const hint = hints[error.code];
  if (hint === undefined) return error;
  return new AfterwordError(error.code, `${error.message}: topic ${topic}`, {
    cause: error,
    retryable: true,
    hint: hint(topic),
    details: { ...error.details, topic },
  });
}

const hints: Readonly<Partial<Record<ErrorCode, (topic: string) => string>>> = {
  TOPIC_MISSING: (topic) => `create the topic ${topic}, or start once with --create-topics; rows wait for it`,
  TOPIC_FORBIDDEN: (topic) => `allow this user to write to the topic ${topic}; rows wait for it`,
};

interface EncodedRow {
  readonly record: OutgoingRecord;
  /** Says that less was sent than was written; only once it was sent. */
  readonly tellCut: (options: RelayOptions) => void;
}

function encode(row: OutboxRow, topic: string, limit: number): EncodedRow {
  if (row.kind === 'dead-letter') {
    const whole = deadLetterRecord(topic, row.letter);
    const record = sizeOf(whole) > limit ? withoutBytes(whole) : whole;
    return { record, tellCut: () => undefined };
  }
  const { event } = row;
  const { key, value, headers, truncated } = encodeResultEvent(event, limit);
  return {
    record: { topic, key, value, headers },
    tellCut: ({ onTruncated }) => {
      if (truncated) onTruncated?.(event, value.length, limit);
    },
  };
}

function sizeOf(record: OutgoingRecord): number {
  const headers = record.headers.reduce(
    (sum, { name, value }) => sum + Buffer.byteLength(name) + (value?.length ?? 0),
    0,
  );
  return headers + lengthOf(record.key) + lengthOf(record.value);
}

function lengthOf(value: string | Buffer | null): number {
  return value === null ? 0 : Buffer.byteLength(value);
}
