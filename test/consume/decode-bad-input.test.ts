import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { DecodedRecord } from '../../src/model/decoded-record.ts';
import { hello, recordOf, without } from './record-of.ts';

function decode(value: unknown): DecodedRecord {
  return decodeRecord(recordOf(value));
}

function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

describe('bytes that can never be used', () => {
  it.each([
    ['a null value', null, 'null-value'],
    ['an empty value', '', 'not-json'],
    ['text that is not JSON', 'hello there', 'not-json'],
    ['JSON that ends too soon', '{"content":"hel', 'not-json'],
    ['two objects in one record', '{}{}', 'not-json'],
    ['raw control characters in a string', '{"content":"a\u0000b"}', 'not-json'],
    ['a JSON array', '[]', 'not-an-object'],
    ['a JSON text', '"hello"', 'not-an-object'],
    ['JSON null', 'null', 'not-an-object'],
    ['schema registry framing', Buffer.from([0, 0, 0, 0, 7, 123, 125]), 'schema-registry-framing'],
    ['the shortest schema registry framing', Buffer.from([0, 0, 0, 0, 7]), 'schema-registry-framing'],
    ['a zero byte and too little for framing', Buffer.from([0, 0, 0, 0]), 'not-json'],
    ['a byte that is never UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'invalid-utf8'],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'invalid-utf8'],
    ['a surrogate encoded as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'invalid-utf8'],
    ['a character cut in half', Buffer.from('"é"').subarray(0, 2), 'invalid-utf8'],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'invalid-utf8'],
    ['100,000 nested arrays', nested(100_000), 'too-deeply-nested'],
    ['100,000 nested objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'too-deeply-nested'],
    ['a message of 5 MB', { ...hello, content: 'x'.repeat(5_000_000) }, 'record-too-large'],
  ])('names %s', (_, value, reason) => {
    expect(decode(value)).toMatchObject({ kind: 'dead-letter', reason });
  });

  it('allows 64 levels of nesting and no more', () => {
    const withMetadata = (levels: number): string =>
      JSON.stringify(hello).replace('{', `{"metadata":{"a":${nested(levels)}},`);
    expect(decode(withMetadata(62))).toMatchObject({ kind: 'message' });
    expect(decode(withMetadata(63))).toMatchObject({ kind: 'dead-letter', reason: 'too-deeply-nested' });
  });

  it('allows exactly the size that is set, 1 MiB unless told', () => {
    const bytes = Buffer.from(JSON.stringify(hello).padEnd(1024 * 1024));
    expect(decode(bytes)).toMatchObject({ kind: 'message' });
    expect(decode(Buffer.concat([bytes, Buffer.from(' ')]))).toMatchObject({ reason: 'record-too-large' });
    expect(decodeRecord(recordOf('{"a":1}'), { maxRecordBytes: 6 })).toMatchObject({
      reason: 'record-too-large',
    });
  });
});

describe('fields that can never be used', () => {
  const withoutContent = without('content');
  const withoutId = without('id');
  const beyondExact = JSON.stringify(hello).replace('"u-1"', '9007199254740993');

  it.each([
    ['no fields at all', {}, 'bot_id: missing; user_id: missing; role: missing; content: missing'],
    ['a message without content', withoutContent, 'content: missing'],
    ['content that is not text', { ...hello, content: 7 }, 'content: not text'],
    ['content that is null', { ...hello, content: null }, 'content: missing'],
    ['an unknown role', { ...hello, role: 'narrator' }, 'role: unknown role'],
    ['a type that is not text', { ...hello, type: 5 }, 'type: not text'],
    ['metadata that is a list', { ...hello, metadata: [1] }, 'metadata: not an object'],
    ['a channel type that is not text', { ...hello, channel_type: 5 }, 'channel_type: not text'],
    ['a user that is null', { ...hello, user_id: null }, 'user_id: missing'],
    ['an id that is an object', { ...hello, id: {} }, 'id: not an id'],
    ['an id that is a fraction', { ...hello, id: 1.5 }, 'id: not an id'],
    [
      'a number beyond 2^53 as an id',
      beyondExact,
      'user_id: a number that is not an exact integer: send it as text',
    ],
    ['an edit without id', { ...withoutId, type: 'message.edited' }, 'id: missing'],
    ['an edit without content', { ...withoutContent, type: 'message.edited' }, 'content: missing'],
    ['a delete without id', { ...withoutId, type: 'message.deleted' }, 'id: missing'],
    ['an end marker without user', { type: 'session.end', bot_id: 'ann' }, 'user_id: missing'],
    ['a time that is an object', { ...hello, sent_at: {} }, 'sent_at: not a time'],
    ['a time without offset', { ...hello, sent_at: '2023-04-27T09:00:00' }, 'sent_at: no offset'],
    ['a time in words', { ...hello, sent_at: 'yesterday' }, 'sent_at: not RFC 3339'],
  ])('names %s', (_, value, detail) => {
    expect(decode(value)).toEqual({ kind: 'dead-letter', reason: 'invalid-fields', detail });
  });

  it.each(['id', 'bot_id', 'user_id', 'channel_id'])(
    'names an over-long, empty or unstorable %s',
    (field) => {
      const length = `${field}: not 1 to 255 characters`;
      const unstorable = `${field}: holds U+0000 or a lone surrogate`;
      expect(decode({ ...hello, [field]: '🦊'.repeat(256) })).toMatchObject({ detail: length });
      expect(decode({ ...hello, [field]: 'x'.repeat(256) })).toMatchObject({ detail: length });
      expect(decode({ ...hello, [field]: '' })).toMatchObject({ detail: length });
      expect(decode({ ...hello, [field]: 'a\0' })).toMatchObject({ detail: unstorable });
      expect(decode({ ...hello, [field]: 'a\ud83d' })).toMatchObject({ detail: unstorable });
    },
  );

  it('names a time in seconds as what it is', () => {
    expect(decode({ ...hello, sent_at: 1_682_586_000 })).toEqual({
      kind: 'dead-letter',
      reason: 'sent-at-not-milliseconds',
      detail: 'sent_at: a number too small for milliseconds',
    });
  });

  it('never quotes what was sent', () => {
    const secret = 'xyzzy';
    const inputs = [
      secret,
      `{"content": ${secret}`,
      { ...hello, bot_id: { [secret]: secret }, role: secret, content: [secret], metadata: secret },
      { ...hello, sent_at: secret },
      { ...hello, channel_id: `${secret}\0`, channel_type: secret.repeat(100) },
    ];
    for (const input of inputs) {
      const decoded = decode(input);
      expect(decoded.kind).toBe('dead-letter');
      expect(JSON.stringify(decoded)).not.toContain(secret);
    }
  });
});

describe('text that a database cannot hold', () => {
  it('replaces U+0000 and lone surrogates in content and metadata, and leaves pairs alone', () => {
    const odd = 'a\0b\ud83dc\udc00 🦊';
    const clean = 'a\u{fffd}b\u{fffd}c\u{fffd} 🦊';
    expect(decode({ ...hello, content: odd, metadata: { [odd]: [{ deep: odd }] }, note: odd })).toMatchObject(
      {
        content: clean,
        metadata: { [clean]: [{ deep: clean }] },
        extra: { note: clean },
      },
    );
  });

  it('replaces them in the text of an edit and in the channel type', () => {
    const edit = decode({ ...hello, type: 'message.edited', content: '\0', channel_type: 'd\0m' });
    expect(edit).toMatchObject({ kind: 'change', content: '\u{fffd}', channelType: 'd\u{fffd}m' });
  });
});

describe('names that JavaScript treats specially', () => {
  const special =
    '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x"';

  it.each(['', ',"note":"\\u0041"'])('keeps them as plain data and pollutes nothing%s', (escape) => {
    const text = JSON.stringify(hello).replace('{', `{${special}${escape},"metadata":{${special}},`);
    const decoded = decode(text);
    if (decoded.kind !== 'message') throw new Error(`decoded as ${decoded.kind}`);
    expect(JSON.stringify(decoded.metadata)).toBe(`{${special}}`);
    expect(JSON.stringify(decoded.extra)).toContain(special);
    expect(Object.getPrototypeOf(decoded.extra)).toBe(Object.prototype);
    expect(decoded.extra).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('polluted');
  });

  it('takes no field from a __proto__ key', () => {
    const text = `{"__proto__":${JSON.stringify(hello)}}`;
    expect(decode(text)).toMatchObject({ kind: 'dead-letter', reason: 'invalid-fields' });
  });
});
