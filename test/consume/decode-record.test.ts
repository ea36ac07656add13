import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import {
  changeIdentity,
  derivedMessageId,
  messageIdentity,
  sessionEndIdentity,
} from '../../src/model/identity.ts';
import { hello, recordOf, without } from './record-of.ts';

const sentAtMs = Date.UTC(2023, 3, 27, 9);
const identity = messageIdentity('ann', 'u-1', 'c-1', 'm-1');
const address = { botId: 'ann', userId: 'u-1', channelId: 'c-1', channelType: 'dm', sentAtMs };

describe('decoding a message', () => {
  it('gives every field its place', () => {
    expect(decodeRecord(recordOf({ ...hello, metadata: { mood: 'glad' } }))).toStrictEqual({
      kind: 'message',
      ...address,
      identity,
      messageId: 'm-1',
      role: 'user',
      content: 'hello',
      metadata: { mood: 'glad' },
      extra: null,
    });
  });

  it('keeps unknown fields', () => {
    const decoded = decodeRecord(recordOf({ ...hello, reply_to: 'm-0', tokens: { in: 3 } }));
    expect(decoded).toMatchObject({ extra: { reply_to: 'm-0', tokens: { in: 3 } } });
  });

  it('needs no more than bot, user, role and content', () => {
    const record = recordOf({ bot_id: 'ann', user_id: 'u-1', role: 'user', content: 'hello' });
    const messageId = derivedMessageId(record, 'hello');
    expect(decodeRecord(record)).toStrictEqual({
      kind: 'message',
      botId: 'ann',
      userId: 'u-1',
      channelId: null,
      channelType: null,
      sentAtMs: null,
      identity: messageIdentity('ann', 'u-1', null, messageId),
      messageId,
      role: 'user',
      content: 'hello',
      metadata: null,
      extra: null,
    });
  });

  it('takes null for absent in every optional field', () => {
    const nulls = {
      type: null,
      id: null,
      channel_id: null,
      channel_type: null,
      sent_at: null,
      metadata: null,
    };
    const { bot_id, user_id, role, content } = hello;
    const required = { bot_id, user_id, role, content };
    const record = recordOf({ ...required, ...nulls });
    expect(decodeRecord(record)).toStrictEqual(decodeRecord(recordOf(required)));
  });

  it('takes the role bot for the assistant', () => {
    expect(decodeRecord(recordOf({ ...hello, role: 'bot' }))).toMatchObject({ role: 'assistant' });
  });

  it.each(['user', 'assistant', 'system', 'tool'])('keeps the role %s', (role) => {
    expect(decodeRecord(recordOf({ ...hello, role }))).toMatchObject({ role });
  });

  it('keeps a message with empty content', () => {
    expect(decodeRecord(recordOf({ ...hello, content: '' }))).toMatchObject({ kind: 'message', content: '' });
  });

  it('takes exact integers as ids, the same as their text', () => {
    const numbered = decodeRecord(recordOf({ ...hello, id: 7, user_id: Number.MAX_SAFE_INTEGER }));
    expect(numbered).toStrictEqual(
      decodeRecord(recordOf({ ...hello, id: '7', user_id: '9007199254740991' })),
    );
  });

  it.each(['id', 'bot_id', 'user_id', 'channel_id'])('takes 255 emoji as %s', (field) => {
    expect(decodeRecord(recordOf({ ...hello, [field]: '🦊'.repeat(255) }))).toMatchObject({
      kind: 'message',
    });
  });

  it('tolerates a byte order mark', () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(hello))]);
    expect(decodeRecord(recordOf(bytes))).toMatchObject({ kind: 'message', identity });
  });

  it('takes the last of duplicate keys, as JSON.parse does', () => {
    const text = JSON.stringify(hello).replace('{', '{"content":"first",');
    expect(decodeRecord(recordOf(text))).toMatchObject({ content: 'hello' });
  });

  it('reads a record without a key', () => {
    expect(decodeRecord({ ...recordOf(hello), key: null })).toMatchObject({ kind: 'message' });
  });

  it('gives a message without an id another one at another place of the log', () => {
    const anonymous = without('id');
    const record = recordOf(anonymous);
    const first = decodeRecord(record);
    expect(decodeRecord(recordOf(anonymous))).toStrictEqual(first);
    for (const elsewhere of [{ offset: 42n }, { partition: 4 }, { topic: 't' }, { timestampMs: 1 }]) {
      expect(decodeRecord({ ...record, ...elsewhere })).not.toMatchObject({
        kind: 'message',
        identity: messageOf(first),
      });
    }
  });

  it('decodes every message of the real conversations, each with an identity of its own', () => {
    const lines = readFileSync('test/fixtures/companion-chats.jsonl', 'utf8').trim().split('\n');
    const decoded = lines.map((line) => decodeRecord(recordOf(line)));
    expect(new Set(decoded.map((event) => event.kind))).toEqual(new Set(['message']));
    expect(new Set(decoded.map(messageOf)).size).toBe(1132);
  });
});

describe('decoding what is not a message', () => {
  it('reads an edit as a change of the message meant', () => {
    const edit = { ...hello, type: 'message.edited', content: 'hullo', sent_at: '2023-04-27T09:05:00Z' };
    const changedAtMs = sentAtMs + 300_000;
    expect(decodeRecord(recordOf(edit))).toStrictEqual({
      kind: 'change',
      ...address,
      sentAtMs: changedAtMs,
      identity: changeIdentity(identity, changedAtMs, 'hullo'),
      target: identity,
      messageId: 'm-1',
      content: 'hullo',
    });
  });

  it('reads an edit to nothing as an edit and not as a delete', () => {
    const edit = decodeRecord(recordOf({ ...hello, type: 'message.edited', content: '' }));
    const removal = decodeRecord(recordOf({ ...hello, type: 'message.deleted' }));
    expect(edit).toMatchObject({ kind: 'change', content: '' });
    expect(removal).toMatchObject({ kind: 'change', content: null, target: identity });
    expect(messageOf(edit)).not.toBe(messageOf(removal));
  });

  it('needs neither role nor content for a delete', () => {
    const removal = { type: 'message.deleted', id: 'm-1', bot_id: 'ann', user_id: 'u-1', channel_id: 'c-1' };
    expect(decodeRecord(recordOf(removal))).toMatchObject({
      target: identity,
      sentAtMs: null,
      identity: changeIdentity(identity, 1_700_000_000_000, null),
    });
  });

  it('reads an end marker with and without an id', () => {
    const end = { type: 'session.end', bot_id: 'ann', user_id: 'u-1', sent_at: hello.sent_at };
    const key = { botId: 'ann', userId: 'u-1', channelId: null };
    expect(decodeRecord(recordOf(end))).toStrictEqual({
      kind: 'session-end',
      ...key,
      channelType: null,
      sentAtMs,
      identity: sessionEndIdentity(key, sentAtMs, null),
    });
    expect(decodeRecord(recordOf({ ...end, id: 'e-1' }))).toMatchObject({
      identity: sessionEndIdentity(key, sentAtMs, 'e-1'),
    });
  });

  it('leaves unknown types to be counted, whatever else they hold', () => {
    expect(decodeRecord(recordOf({ type: 'reaction.added' }))).toEqual({
      kind: 'ignored',
      type: 'reaction.added',
    });
  });

  it('cuts the name of an unknown type to 60 characters that a database can hold', () => {
    const type = `\0${'🦊'.repeat(100)}`;
    expect(decodeRecord(recordOf({ type }))).toEqual({ kind: 'ignored', type: `\u{fffd}${'🦊'.repeat(59)}` });
  });
});

function messageOf(decoded: ReturnType<typeof decodeRecord>): string {
  return 'identity' in decoded ? decoded.identity : '';
}
