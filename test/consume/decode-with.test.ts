import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import { decodeWith, type DecodeFunction } from '../../src/consume/decode-with.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { logOf, message } from '../support/store-harness.ts';

const secret = 'badminton';
const record = logOf([{ lines: [secret] }])[0] as LogRecord;
const said = (id: string | undefined, content = `said ${secret}`) => ({
  ...(id === undefined ? {} : { id }),
  bot_id: 'aria',
  user_id: 'ann',
  role: 'user',
  content,
});
const decodeTo = (returned: unknown) => decodeWith((() => returned) as DecodeFunction)(record);
const kinds = (returned: unknown) => decodeTo(returned).map(({ kind }) => kind);

describe('a decoder of a user’s own', () => {
  it('is given the record as the log holds it, in copies', () => {
    const keyed = { ...record, headers: [{ name: 'source', value: Buffer.from('app') }] };
    const seen: unknown[] = [];
    decodeWith((given) => {
      seen.push(structuredClone({ ...given, value: given.value?.toString() }));
      given.value?.fill(0);
      given.key?.fill(0);
      return [];
    })(keyed);
    expect(seen).toMatchObject([
      {
        topic: 'bot.messages',
        partition: 0,
        offset: 0n,
        timestampMs: keyed.timestampMs,
        value: `{"lines":["${secret}"]}`,
      },
    ]);
    expect(keyed.value?.toString()).toBe(`{"lines":["${secret}"]}`);
    expect(keyed.key?.toString()).toBe('any');
  });

  it('makes one event, several, or none, which is counted', () => {
    expect(kinds(said('m1'))).toEqual(['message']);
    expect(kinds([said('m1'), { type: 'session.end', bot_id: 'aria', user_id: 'ann' }])).toEqual([
      'message',
      'session-end',
    ]);
    for (const none of [undefined, null, []]) {
      expect(decodeTo(none)).toEqual([{ kind: 'ignored', type: 'decoded-to-nothing' }]);
    }
  });

  it('has its events validated as any record is', () => {
    const event = message({ id: 'm1', atMs: Date.UTC(2026, 0, 5), channel: 'c1' });
    const [bare] = logOf([event]) as [LogRecord];
    expect(decodeTo({ ...event, sent_at: new Date(Date.UTC(2026, 0, 5)) })).toEqual([decodeRecord(bare)]);
    expect(decodeTo({ type: 'typing', bot_id: 'aria' })).toEqual([{ kind: 'ignored', type: 'typing' }]);
  });

  it('gives messages without an id one each, also where they say the same', () => {
    const decoded = decodeTo([said(undefined, 'ok'), said(undefined, 'ok'), said(undefined, 'ok')]);
    const identities = decoded.map((event) => ('identity' in event ? event.identity : event.kind));
    expect(new Set(identities).size).toBe(3);
    expect(decodeTo([said(undefined, 'ok'), said(undefined, 'ok'), said(undefined, 'ok')])).toEqual(decoded);
  });

  it('loses no event to a bad one beside it: those make one dead letter together', () => {
    const decoded = decodeTo([said('m1'), { bot_id: 'aria' }, said('m3'), 7, { size: 1n }]);
    expect(decoded.map(({ kind }) => kind)).toEqual(['message', 'message', 'dead-letter']);
    expect(decoded.at(-1)).toEqual({
      kind: 'dead-letter',
      reason: 'invalid-fields',
      detail: expect.stringMatching(
        /^event 2: .*user_id: missing.*; event 4: decode returned no object; event 5: /,
      ) as unknown,
    });
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError(`no ${secret}`);
      },
      'decode threw (TypeError)',
    ],
    ['is asynchronous', () => Promise.resolve([said('m1')]), 'decode is asynchronous, which it may not be'],
    ['fails later', () => Promise.reject(new Error(secret)), 'decode is asynchronous, which it may not be'],
    ['returns no object', () => secret, 'decode returned no object'],
    [
      'returns too much',
      () => Array.from({ length: 10_001 }, () => said('m1')),
      'decode returned more than 10000 events',
    ],
  ])('that %s makes a dead letter with the reason and without the words', (_what, decode, detail) => {
    expect(decodeWith(decode as DecodeFunction)(record)).toEqual([
      { kind: 'dead-letter', reason: 'decoder-failed', detail },
    ]);
  });

  it('is not asked about what is too large', () => {
    const large = { ...record, value: Buffer.alloc(1024 * 1024 + 1) };
    expect(
      decodeWith(() => {
        throw new Error('asked');
      })(large),
    ).toMatchObject([{ kind: 'dead-letter', reason: 'record-too-large' }]);
  });
});
