import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import { hello, recordOf, without } from './record-of.ts';

const bare = decodeRecord(recordOf(hello));
const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const envelope = { specversion: '1.0', id: 'e-1', source: '/bots/ann', type: 'com.example.chat.message' };
const binary = {
  ce_specversion: '1.0',
  ce_id: 'e-1',
  ce_source: '/bots/ann',
  ce_type: 'com.example.chat.message.v1',
  'content-type': 'application/json',
};

describe('CloudEvents in structured mode', () => {
  it('decode as their data does', () => {
    expect(decodeRecord(recordOf({ ...envelope, data: hello }, structured))).toStrictEqual(bare);
  });

  it('are recognised whatever the case of the header', () => {
    const headers = { 'Content-Type': 'Application/CloudEvents+JSON' };
    expect(decodeRecord(recordOf({ ...envelope, data: hello }, headers))).toStrictEqual(bare);
  });

  it('are recognised when a bridge lost the header', () => {
    expect(decodeRecord(recordOf({ ...envelope, data: hello }))).toStrictEqual(bare);
  });

  it('may carry their data in base64', () => {
    const encoded = Buffer.from(JSON.stringify(hello)).toString('base64');
    expect(decodeRecord(recordOf({ ...envelope, data_base64: encoded }, structured))).toStrictEqual(bare);
  });

  it('are refused with the same reasons inside base64', () => {
    const encoded = Buffer.from([0x22, 0xff, 0x22]).toString('base64');
    const decoded = decodeRecord(recordOf({ ...envelope, data_base64: encoded }, structured));
    expect(decoded).toMatchObject({ kind: 'dead-letter', reason: 'invalid-utf8' });
  });

  it.each([
    ['data: missing', envelope],
    ['data: not an object', { ...envelope, data: 'hello' }],
    ['bot_id: missing', { ...envelope, data: without('bot_id') }],
  ])('name what is wrong: %s', (detail, event) => {
    const decoded = decodeRecord(recordOf(event, structured));
    expect(decoded).toEqual({ kind: 'dead-letter', reason: 'invalid-fields', detail });
  });

  it('are refused in batches, saying so', () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const decoded = decodeRecord(recordOf([{ ...envelope, data: hello }], headers));
    expect(decoded).toEqual({
      kind: 'dead-letter',
      reason: 'not-an-object',
      detail: 'content-type: a batch of CloudEvents, send one event a record',
    });
  });

  it('are refused in other formats than JSON', () => {
    const decoded = decodeRecord(recordOf('Obj', { 'content-type': 'application/cloudevents+avro' }));
    expect(decoded).toMatchObject({ kind: 'dead-letter', reason: 'not-json' });
  });
});

describe('CloudEvents in binary mode', () => {
  it('decode as their value does', () => {
    expect(decodeRecord(recordOf(hello, binary))).toStrictEqual(bare);
  });

  it('without a value are dead letters', () => {
    expect(decodeRecord(recordOf(null, binary))).toMatchObject({ kind: 'dead-letter', reason: 'null-value' });
  });

  it('may hold U+0000 in headers without harm', () => {
    expect(decodeRecord(recordOf(hello, { ...binary, ce_type: 'a\0b' }))).toEqual({
      kind: 'ignored',
      type: 'a\u{fffd}b',
    });
  });
});

describe("an envelope's type", () => {
  it.each([
    ['message', 'message'],
    ['com.example.chat.message', 'message'],
    ['com.example.chat.message.v2', 'message'],
    ['com.example.message.edited', 'change'],
    ['message.deleted.v1', 'change'],
    ['com.example.session.end', 'session-end'],
    ['com.example.chat.submessage', 'ignored'],
    ['com.example.message.reacted', 'ignored'],
  ])('%s stands for %s', (type, kind) => {
    expect(decodeRecord(recordOf(hello, { ...binary, ce_type: type })).kind).toBe(kind);
    expect(decodeRecord(recordOf({ ...envelope, type, data: hello }, structured)).kind).toBe(kind);
  });

  it("gives way to the message event's own", () => {
    const removal = { ...hello, type: 'message.deleted' };
    expect(decodeRecord(recordOf(removal, binary))).toStrictEqual(decodeRecord(recordOf(removal)));
  });

  it('that is not text is named', () => {
    const decoded = decodeRecord(recordOf({ ...envelope, type: 5, data: hello }, structured));
    expect(decoded).toEqual({ kind: 'dead-letter', reason: 'invalid-fields', detail: 'type: not text' });
  });
});

describe("an envelope's time", () => {
  const timeless = without('sent_at');

  it('is when the message was sent, where the message does not say', () => {
    const headers = { ...binary, ce_time: hello.sent_at };
    expect(decodeRecord(recordOf(timeless, headers))).toStrictEqual(bare);
    const event = { ...envelope, time: hello.sent_at, data: timeless };
    expect(decodeRecord(recordOf(event, structured))).toStrictEqual(bare);
  });

  it("gives way to the message's own", () => {
    expect(decodeRecord(recordOf(hello, { ...binary, ce_time: '2020-01-01T00:00:00Z' }))).toStrictEqual(bare);
  });

  it('is named when it cannot be read', () => {
    const decoded = decodeRecord(recordOf(timeless, { ...binary, ce_time: '2020-01-01T00:00:00' }));
    expect(decoded).toEqual({ kind: 'dead-letter', reason: 'invalid-fields', detail: 'time: no offset' });
  });
});
