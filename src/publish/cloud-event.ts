import { createHash } from 'node:crypto';
import type { RecordHeader } from '../model/record.ts';
import type { ResultEvent, ResultEventType } from '../model/result-event.ts';
import { smallerForms } from './truncate-event.ts';

/** The bot and user of an event; what orders it. */
export interface EventKey {
  readonly botId: string;
  readonly userId: string;
}

/**
 * `ce_id`: a UUID (version 8, RFC 9562) from a hash of (type, key, sequence). Every part
 * goes in with its length: (`a`, `b/c`) and (`a/b`, `c`) are two keys. Must never change:
 * a resend after an update has to repeat the id.
 */
export function eventId(type: ResultEventType, key: EventKey, sequence: number): string {
  const hash = createHash('sha256');
  for (const part of [type, key.botId, key.userId, String(sequence)]) {
    hash.update(`${Buffer.byteLength(part)}:${part}`);
  }
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Record key on the results topic, and `ce_subject`: one user's events stay in one partition, in order. */
export function eventSubject(key: EventKey): string {
  return `${key.botId}/${key.userId}`;
}

/** Headers of the Kafka protocol binding of CloudEvents 1.0, binary mode: the value is the data alone. */
export function toCloudEventHeaders(event: ResultEvent): readonly RecordHeader[] {
  return [
    header('ce_specversion', '1.0'),
    header('ce_type', event.type),
    header('ce_source', event.source),
    header('ce_id', event.id),
    header('ce_time', new Date(event.timeMs).toISOString()),
    header('ce_subject', event.subject),
    header('content-type', 'application/json'),
  ];
}

function header(name: string, value: string): RecordHeader {
  // CloudEvents forbids control characters in attributes, platforms do not forbid them in
  // ids. `data` has the exact ids.
  return { name, value: Buffer.from(value.replace(/\p{Cc}/gu, '\u{fffd}'), 'utf8') };
}

export interface EncodedEvent {
  readonly key: string;
  readonly headers: readonly RecordHeader[];
  readonly value: Buffer;
  /** It was too large and has been cut to ids: worth an alarm. */
  readonly truncated: boolean;
}

/**
 * The record of an event. One whose key, headers and value exceed `maxBytes` is cut to
 * ids with `truncated: true`, and comes in its smallest form when even that is too
 * large: what to do with an event that the topic refuses is the relay's to say.
 * `maxBytes` is what a record may take, so somewhat less than the topic's limit for a batch.
 */
export function encodeResultEvent(event: ResultEvent, maxBytes: number): EncodedEvent {
  const headers = toCloudEventHeaders(event);
  const room = maxBytes - Buffer.byteLength(event.subject) - sizeOf(headers);
  const encode = (data: unknown, truncated: boolean): EncodedEvent => ({
    key: event.subject,
    headers,
    value: Buffer.from(JSON.stringify(data), 'utf8'),
    truncated,
  });
  // What names ids only because its words were deleted is whole: it was cut by nobody.
  let encoded = encode(event.data, false);
  for (const data of smallerForms(event)) {
    if (encoded.value.length <= room) break;
    encoded = encode(data, true);
  }
  return encoded;
}

function sizeOf(headers: readonly RecordHeader[]): number {
  return headers.reduce((bytes, { name, value }) => bytes + name.length + (value?.length ?? 0), 0);
}
