import { describe, expect, it } from 'vitest';
import { decode } from './decode/decode.ts';
import type { LoggedHeader, LoggedRecord } from './logged-record.ts';

const good = {
  id: 'm1',
  bot_id: 'b',
  user_id: 'u',
  role: 'user',
  content: 'hello',
  sent_at: '2026-01-05T10:00:00Z',
};

function record(value: unknown, headers: readonly LoggedHeader[] = []): LoggedRecord {
  const bytes =
    value === null || Buffer.isBuffer(value)
      ? value
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { topic: 't', partition: 0, offset: 0n, timestampMs: 5, key: null, value: bytes, headers };
}

const header = (name: string, value: string): LoggedHeader => [name, Buffer.from(value)];

describe('the oracle’s own reading of a record', () => {
  it.each([
    ['a null value', null, 'null-value'],
    ['no JSON', '{"content": "x', 'not-json'],
    ['a list', '[1]', 'not-an-object'],
    ['a number', '7', 'not-an-object'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'invalid-utf8'],
    ['what a schema registry frames', Buffer.from([0, 0, 0, 0, 7, 0x7b, 0x7d]), 'schema-registry-framing'],
    ['more than a MiB', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 'record-too-large'],
    ['65 levels', `${'{"a":'.repeat(64)}{}${'}'.repeat(64)}`, 'too-deeply-nested'],
    ['no bot', { ...good, bot_id: undefined }, 'invalid-fields'],
    ['no user', { ...good, user_id: null }, 'invalid-fields'],
    ['an empty channel', { ...good, channel_id: '' }, 'invalid-fields'],
    ['an id of half a number', { ...good, id: 1.5 }, 'invalid-fields'],
    ['no content', { ...good, content: undefined }, 'invalid-fields'],
    ['an unknown role', { ...good, role: 'robot' }, 'invalid-fields'],
    ['a time without an offset', { ...good, sent_at: '2026-01-05T10:00:00' }, 'invalid-fields'],
    ['a day that is none', { ...good, sent_at: '2026-02-30T10:00:00Z' }, 'invalid-fields'],
    ['seconds', { ...good, sent_at: 1_767_607_200 }, 'sent-at-not-milliseconds'],
    ['seconds and an unknown role', { ...good, sent_at: 1, role: 'robot' }, 'invalid-fields'],
    ['a delete without an id', { ...good, id: null, type: 'message.deleted' }, 'invalid-fields'],
  ])('refuses %s', (_, value, reason) => {
    expect(decode(record(value))).toEqual({ kind: 'refused', reason });
  });

  it('takes 64 levels', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(62)}{}${'}'.repeat(62)}`) as unknown;
    expect(decode(record({ ...good, metadata: deep })).kind).toBe('message');
  });

  it('keeps what it does not know, and takes a bot’s line for an assistant’s', () => {
    expect(decode(record({ ...good, role: 'bot', client: 'web', metadata: null }))).toEqual({
      kind: 'message',
      who: { botId: 'b', userId: 'u', channelId: null, channelType: null },
      sentAtMs: Date.UTC(2026, 0, 5, 10),
      messageId: 'm1',
      role: 'assistant',
      content: 'hello',
      metadata: null,
      extra: { client: 'web' },
    });
  });

  it.each([
    ['2026-01-05T10:00:00.123456Z', Date.UTC(2026, 0, 5, 10, 0, 0, 123)],
    ['2026-01-05t10:00:00+02:30', Date.UTC(2026, 0, 5, 7, 30)],
    ['2026-01-05 10:00:60-01:00', Date.UTC(2026, 0, 5, 11, 1)],
    ['0050-01-05T10:00:00Z', Date.parse('0050-01-05T10:00:00Z')],
  ])('reads %s', (sentAt, expected) => {
    expect(decode(record({ ...good, sent_at: sentAt }))).toMatchObject({ sentAtMs: expected });
  });

  it('opens CloudEvents in both modes, with a name and version around the type', () => {
    const structured = {
      specversion: '1.0',
      type: 'message.deleted',
      time: '2026-01-05T11:00:00Z',
      data: { ...good, sent_at: null },
    };
    expect(decode(record(structured))).toMatchObject({
      kind: 'change',
      content: null,
      sentAtMs: Date.UTC(2026, 0, 5, 11),
    });
    const headers = [
      header('ce_type', 'com.example.message.edited.v3'),
      header('ce_time', '2026-01-05T12:00:00Z'),
    ];
    expect(decode(record({ ...good, sent_at: undefined }, headers))).toMatchObject({
      kind: 'change',
      content: 'hello',
      sentAtMs: Date.UTC(2026, 0, 5, 12),
    });
    expect(
      decode(record(good, [header('content-type', 'application/cloudevents-batch+json')])),
    ).toMatchObject({ reason: 'not-an-object' });
  });

  it('counts what it does not know by its name', () => {
    expect(decode(record({ type: 'typing.started' }))).toEqual({ kind: 'ignored', type: 'typing.started' });
    expect(decode(record({ ...good, type: 5 }))).toMatchObject({ reason: 'invalid-fields' });
  });
});
