import { headerOf, type LoggedRecord } from '../logged-record.ts';
import { refused, type Refused } from './decoded.ts';
import { isObject, readJson, type Fields } from './read-json.ts';

/** The message event in a record, and what a CloudEvents envelope around it says. */
export interface Opened {
  readonly kind: 'opened';
  readonly fields: Fields;
  readonly envelopeType: unknown;
  readonly envelopeTime: unknown;
}

const structured = 'application/cloudevents+json';

/** Bare JSON, CloudEvents in binary mode (`ce_` headers), or in structured mode, with or without its content type. */
export function openEnvelope(record: LoggedRecord): Opened | Refused {
  const contentType = (headerOf(record, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (contentType.startsWith('application/cloudevents-batch')) return refused('not-an-object');
  if (contentType.startsWith('application/cloudevents') && contentType !== structured)
    return refused('not-json');
  const read = readJson(record.value);
  if (read.kind === 'refused') return read;
  const { fields } = read;
  if (contentType === structured || isStructured(fields)) return openStructured(fields);
  const envelopeType = headerOf(record, 'ce_type');
  const envelopeTime = envelopeType === undefined ? undefined : headerOf(record, 'ce_time');
  return { kind: 'opened', fields, envelopeType, envelopeTime };
}

function isStructured(fields: Fields): boolean {
  return (
    typeof fields['specversion'] === 'string' &&
    fields['bot_id'] === undefined &&
    ('data' in fields || 'data_base64' in fields)
  );
}

function openStructured(envelope: Fields): Opened | Refused {
  const { type: envelopeType, time: envelopeTime, data, data_base64: encoded } = envelope;
  if (typeof encoded === 'string') {
    const read = readJson(Buffer.from(encoded, 'base64'));
    return read.kind === 'refused'
      ? read
      : { kind: 'opened', fields: read.fields, envelopeType, envelopeTime };
  }
  if (!isObject(data)) return refused('invalid-fields');
  return { kind: 'opened', fields: data, envelopeType, envelopeTime };
}
