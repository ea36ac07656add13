import { headerText, type LogRecord } from '../model/record.ts';
import { decodeJsonObject, isPlainObject, refuse, type JsonObject, type Refused } from './decode-bytes.ts';

/** The fields of a message event, and what a CloudEvents envelope around them says. */
export interface OpenedRecord extends JsonObject {
  /** `type` and `time` of the envelope; undefined for bare JSON. */
  readonly envelopeType: unknown;
  readonly envelopeTime: unknown;
}

/**
 * Takes the message event out of its form: bare JSON, CloudEvents in binary mode (`ce_`
 * headers), or structured mode. Structured mode is also recognised without its
 * content-type header, which bridges between logs like to lose. The envelope's own id is
 * the event's, never the message's: a message without an id of its own gets a derived one.
 */
export function openRecord(record: LogRecord, maxRecordBytes: number): OpenedRecord | Refused {
  const contentType = mediaType(record);
  const refused = refuseForm(contentType);
  if (refused !== undefined) return refused;
  const json = decodeJsonObject(record.value, maxRecordBytes);
  if (!json.ok) return json;
  if (contentType === structuredJson || looksStructured(json.fields))
    return openStructured(json, maxRecordBytes);
  if (record.headers.length === 0) return withEnvelope(json, undefined, undefined);
  const envelopeType = headerText(record, 'ce_type');
  if (envelopeType === undefined) return withEnvelope(json, undefined, undefined);
  return withEnvelope(json, envelopeType, headerText(record, 'ce_time'));
}

function withEnvelope(
  { fields, escaped }: JsonObject,
  envelopeType: unknown,
  envelopeTime: unknown,
): OpenedRecord {
  return { ok: true, fields, escaped, envelopeType, envelopeTime };
}

const structuredJson = 'application/cloudevents+json';

function mediaType(record: LogRecord): string | undefined {
  if (record.headers.length === 0) return undefined;
  return headerText(record, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

function refuseForm(contentType: string | undefined): Refused | undefined {
  if (contentType === undefined || !contentType.startsWith('application/cloudevents')) return undefined;
  if (contentType === structuredJson) return undefined;
  return contentType.startsWith('application/cloudevents-batch')
    ? refuse('not-an-object', 'content-type: a batch of CloudEvents, send one event a record')
    : refuse('not-json', 'content-type: CloudEvents in another format than JSON');
}

function looksStructured(fields: JsonObject['fields']): boolean {
  return (
    typeof fields['specversion'] === 'string' &&
    fields['bot_id'] === undefined &&
    ('data' in fields || 'data_base64' in fields)
  );
}

function openStructured(json: JsonObject, maxRecordBytes: number): OpenedRecord | Refused {
  const { type: envelopeType, time: envelopeTime, data, data_base64: encoded } = json.fields;
  if (typeof encoded === 'string') {
    const inner = decodeJsonObject(Buffer.from(encoded, 'base64'), maxRecordBytes);
    return inner.ok ? withEnvelope(inner, envelopeType, envelopeTime) : inner;
  }
  if (!isPlainObject(data)) {
    return refuse('invalid-fields', data === undefined ? 'data: missing' : 'data: not an object');
  }
  return withEnvelope({ ...json, fields: data }, envelopeType, envelopeTime);
}
