import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changeIdentity,
  contentHash,
  deadLetterIdentity,
  derivedMessageId,
  messageIdentity,
  sessionEndIdentity,
  windowId,
} from '../../src/model/identity.ts';
import type { LogRecord } from '../../src/model/record.ts';

const key = { botId: 'ann', userId: 'u-1', channelId: 'c-1' };
const wholeUser = { ...key, channelId: null };
const target = '4907b4af-6e44-d32a-1e30-3934a4f62c1b';
const sentAtMs = 1_682_586_000_000;
const record: LogRecord = {
  topic: 'bot.messages',
  partition: 3,
  offset: 41n,
  timestampMs: 1_700_000_000_000,
  key: Buffer.from('ann/u-1'),
  value: Buffer.from('{'),
  headers: [],
};
const secret = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex');

describe('identities never change', () => {
  // Computed with another implementation (Python's hashlib) from the description of the encoding.
  it.each([
    ['a message', messageIdentity('ann', 'u-1', 'c-1', 'm-1'), target],
    [
      'a message without channel',
      messageIdentity('ann', 'u-1', null, 'm-1'),
      '178bf312-de03-19c9-37e7-1bdfc0a415dc',
    ],
    [
      'ids beyond ASCII',
      messageIdentity('ann', '🦊', 'ключ', '消息'),
      '68737ed7-0493-8c42-c0ea-2383adb9136c',
    ],
    ['an edit', changeIdentity(target, sentAtMs, 'hello 🦊'), '7031e624-df76-c061-b85f-3a1146b17be7'],
    [
      'an edit to nothing, before 1970',
      changeIdentity(target, -1, ''),
      '976c8a54-de93-ce49-78a3-94ba9b9f2b3b',
    ],
    ['a delete', changeIdentity(target, sentAtMs, null), '681f12c3-e677-eb3d-bd35-f8c23604ebd7'],
    ['an end marker', sessionEndIdentity(key, sentAtMs, 'e-1'), 'f90e61f7-e70c-f14e-f29e-0de5e8b3307b'],
    [
      'an end of everything',
      sessionEndIdentity(wholeUser, sentAtMs, null),
      '58b460d0-05f0-c9b2-2f40-a542c3f889aa',
    ],
    ['a window', windowId(7, key, sentAtMs), '23d2085f-daf0-a165-0c7c-8c5f92e4a4ff'],
    ['a window of all channels', windowId(7, wholeUser, -5), 'f255d282-7253-1593-f9ae-b3ba9e49720f'],
    ['a dead letter', deadLetterIdentity(record), 'e5f4f439-f581-690a-c0d3-f3fea18a2012'],
    ['a null value', deadLetterIdentity({ ...record, value: null }), '1e98f513-c101-da81-32d6-eae75b339bd2'],
    [
      'a message without id',
      derivedMessageId(record, 'hello'),
      'derived:ec19214d-9937-6291-46d5-01cf4eeec291',
    ],
    ['a content hash', contentHash(secret, 'user', 'hello 🦊'), '78a755313fd01613137979aa9f681044'],
  ])('%s', (_, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

describe('identities are unambiguous', () => {
  const id = fc.string({
    unit: fc.constantFrom('a', '1', ':', ',', '🦊', '\u{1}'),
    minLength: 1,
    maxLength: 4,
  });
  const place = fc.tuple(id, id, fc.option(id), id);

  it('two messages share one only when all four fields are equal', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(messageIdentity(...one) === messageIdentity(...other)).toBe(same);
      }),
      { numRuns: 5_000 },
    );
  });

  it('moving a character from one field to the next gives another one', () => {
    expect(messageIdentity('ab', 'c', null, 'm')).not.toBe(messageIdentity('a', 'bc', null, 'm'));
    expect(messageIdentity('a', 'b', 'c', 'm')).not.toBe(messageIdentity('a', 'b', null, 'cm'));
    expect(messageIdentity('a', 'b,1:c', null, 'm')).not.toBe(messageIdentity('a', 'b', 'c', 'm'));
  });

  it('edits differ by time and by text, and an edit to nothing from a delete', () => {
    const all = [
      changeIdentity(target, 1, 'a'),
      changeIdentity(target, 2, 'a'),
      changeIdentity(target, 1, 'b'),
      changeIdentity(target, 1, ''),
      changeIdentity(target, 1, null),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('dead letters differ by place, time and bytes, and an empty value from none', () => {
    const others: Partial<LogRecord>[] = [
      {},
      { topic: 'other' },
      { partition: 4 },
      { offset: 42n },
      { timestampMs: 1 },
      { value: Buffer.from('[') },
      { value: Buffer.alloc(0) },
      { value: null },
    ];
    expect(new Set(others.map((change) => deadLetterIdentity({ ...record, ...change }))).size).toBe(
      others.length,
    );
  });
});

describe('the content hash', () => {
  it('is half of a SHA-256 over secret and text, so that a text cannot be guessed without the secret', () => {
    const expected = createHash('sha256').update(`${secret}4:user,5:hello,`).digest('hex').slice(0, 32);
    expect(contentHash(secret, 'user', 'hello')).toBe(expected);
    expect(contentHash('00'.repeat(32), 'user', 'hello')).not.toBe(expected);
  });

  it('differs by role and by text', () => {
    const hashes = [
      contentHash(secret, 'user', 'a'),
      contentHash(secret, 'assistant', 'a'),
      contentHash(secret, 'user', ''),
    ];
    expect(new Set(hashes).size).toBe(3);
  });
});
