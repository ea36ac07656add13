import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { messageEventSchema } from '../../src/model/message-event.ts';

const published = JSON.parse(readFileSync('schemas/message-event.v1.json', 'utf8')) as object;
const validate = new Ajv2020({ strict: false }).compile(published);
const message = { bot_id: 'ann', user_id: 'u-1', role: 'user', content: 'hello' };

describe('the published schema of message events', () => {
  it('accepts every message of the real conversations', () => {
    const lines = readFileSync('test/fixtures/companion-chats.jsonl', 'utf8').trim().split('\n');
    expect(lines.filter((line) => !validate(JSON.parse(line)))).toEqual([]);
  });

  it.each([
    ['the smallest message', message, true],
    ['unknown fields', { ...message, mood: 'glad' }, true],
    ['nulls for what is optional', { ...message, id: null, sent_at: null, metadata: null, type: null }, true],
    ['255 emoji as an id', { ...message, id: '🦊'.repeat(255) }, true],
    ['256 emoji as an id', { ...message, id: '🦊'.repeat(256) }, false],
    ['an empty id', { ...message, user_id: '' }, false],
    ['an integer as an id', { ...message, user_id: 7 }, true],
    ['a fraction as an id', { ...message, user_id: 7.5 }, false],
    ['an integer beyond 2^53 as an id', { ...message, user_id: 2 ** 60 }, false],
    ['no content', { ...message, content: undefined }, false],
    ['an unknown role', { ...message, role: 'narrator' }, false],
    ['an edit', { ...message, type: 'message.edited', id: 'm-1' }, true],
    ['an edit without id', { ...message, type: 'message.edited' }, false],
    ['a delete', { type: 'message.deleted', id: 'm-1', bot_id: 'ann', user_id: 'u-1' }, true],
    ['an end marker', { type: 'session.end', bot_id: 'ann', user_id: 'u-1' }, true],
    ['metadata that is a list', { ...message, metadata: [] }, false],
  ])('and the reader agree on %s', (_, event, isValid) => {
    const sent: unknown = JSON.parse(JSON.stringify(event));
    expect(validate(sent)).toBe(isValid);
    expect(messageEventSchema.safeParse(sent).success).toBe(isValid);
  });
});
