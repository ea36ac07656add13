import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { DecodedRecord } from '../../src/model/decoded-record.ts';
import {
  plainWindows,
  sampleEvents,
  sampleLines,
  sampleMessages,
  sentAtMs,
  type SampleEvent,
} from './sample-events.ts';

const gapMs = 30 * 60_000;
const windows = plainWindows(sampleMessages, gapMs);

function decodeLine(line: string, index: number): DecodedRecord {
  return decodeRecord({
    topic: 'bot.messages',
    partition: 0,
    offset: BigInt(index),
    timestampMs: Date.UTC(2026, 10, 20),
    key: null,
    value: Buffer.from(line, 'utf8'),
    headers: [],
  });
}

function find(words: string): SampleEvent {
  const found = sampleEvents.filter(({ content }) => content?.includes(words));
  expect(found).toHaveLength(1);
  const [event] = found;
  if (event === undefined) throw new Error('unreachable: the length was checked');
  return event;
}

function windowsOf(botId: string, userId: string, without?: SampleEvent): readonly SampleEvent[][] {
  const messages = sampleMessages.filter(
    (message) => message.bot_id === botId && message.user_id === userId && message !== without,
  );
  return plainWindows(messages, gapMs);
}

describe('the sample conversations, as events', () => {
  it('decode line by line to what their type says', () => {
    const kinds: Record<string, string> = {
      message: 'message',
      'message.edited': 'change',
      'message.deleted': 'change',
      'session.end': 'session-end',
    };
    expect(sampleLines.map((line, index) => decodeLine(line, index).kind)).toEqual(
      sampleEvents.map(({ type }) => kinds[type]),
    );
  });

  it('decode to the time that they name, whichever way it is written', () => {
    const times = sampleLines.map((line, index) => {
      const record = decodeLine(line, index);
      return 'sentAtMs' in record ? record.sentAtMs : null;
    });
    expect(times).toEqual(sampleEvents.map(sentAtMs));
    const forms = new Set(
      sampleEvents.map(({ sent_at }) => (typeof sent_at === 'number' ? 'ms' : sent_at.slice(-6).replace(/.*Z/, 'Z'))),
    );
    expect(forms).toEqual(new Set(['Z', 'ms', '+01:00', '+02:00']));
  });

  it('follow the published schema', () => {
    const path = join(import.meta.dirname, '../../schemas/message-event.v1.json');
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
    const refused = sampleEvents.filter((event) => !validate(event));
    expect(refused).toEqual([]);
  });

  it('have one identity for each message', () => {
    const identities = sampleLines.flatMap((line, index) => {
      const record = decodeLine(line, index);
      return record.kind === 'message' ? [record.identity] : [];
    });
    expect(new Set(identities).size).toBe(sampleMessages.length);
  });

  it('lie within five weeks and a half of autumn 2026', () => {
    const times = sampleEvents.map(sentAtMs);
    expect(Math.min(...times)).toBeGreaterThan(Date.UTC(2026, 9, 12));
    expect(Math.max(...times)).toBeLessThan(Date.UTC(2026, 10, 20));
  });
});

describe('the sample conversations, as conversations', () => {
  it('are forty windows of twelve people and three bots', () => {
    expect(windows).toHaveLength(40);
    expect(new Set(sampleEvents.map(({ user_id }) => user_id)).size).toBe(12);
    expect(new Set(sampleEvents.map(({ bot_id }) => bot_id)).size).toBe(3);
  });

  it('have 6 to 16 messages each, by both sides', () => {
    for (const window of windows) {
      expect(window.length).toBeGreaterThanOrEqual(6);
      expect(window.length).toBeLessThanOrEqual(16);
      const speakers = new Set(window.map(({ role }) => (role === 'bot' ? 'assistant' : role)));
      expect(speakers).toContain('user');
      expect(speakers).toContain('assistant');
    }
  });

  it('have answers that come seconds after what was said before them in the channel', () => {
    const inOrder = [...sampleMessages].sort((a, b) => sentAtMs(a) - sentAtMs(b));
    const lastInChannel = new Map<string, number>();
    for (const message of inOrder) {
      const before = lastInChannel.get(message.channel_id) ?? -Infinity;
      if (message.role === 'assistant' || message.role === 'bot') {
        expect(sentAtMs(message) - before).toBeLessThan(20_000);
      }
      lastInChannel.set(message.channel_id, sentAtMs(message));
    }
  });

  it('hold one person who talks to two bots', () => {
    const pairs = new Set(sampleEvents.map(({ bot_id, user_id }) => `${bot_id} ${user_id}`));
    expect(pairs.size).toBe(13);
    expect(pairs).toContain('hazel omar.benali');
    expect(pairs).toContain('coach-rook omar.benali');
  });

  it('hold a group of three that one bot answers', () => {
    const group = sampleMessages.filter(({ channel_type }) => channel_type === 'group');
    expect(new Set(group.map(({ channel_id }) => channel_id)).size).toBe(1);
    expect(new Set(group.map(({ bot_id }) => bot_id))).toEqual(new Set(['basilio']));
    for (const userId of ['kofi.a', 'sanne.dv', 'mateo.g']) {
      const own = group.filter(({ user_id }) => user_id === userId);
      expect(new Set(own.map(({ role }) => role))).toEqual(new Set(['user', 'assistant']));
    }
  });
});

describe('the special cases among the samples', () => {
  it('have a late message that bridges two windows', () => {
    const late = find('no signal in the tunnel');
    const publishedAfter = sampleEvents
      .slice(0, sampleEvents.indexOf(late))
      .filter((event) => event.user_id === late.user_id && sentAtMs(event) > sentAtMs(late) + gapMs);
    expect(publishedAfter.length).toBeGreaterThan(6);
    expect(windowsOf('hazel', 'nora.viklund')).toHaveLength(5);
    expect(windowsOf('hazel', 'nora.viklund', late)).toHaveLength(6);
  });

  it('have a late message that belongs in the middle of a window', () => {
    const late = find('proper running shoes');
    const before = sampleEvents.slice(0, sampleEvents.indexOf(late));
    const newest = Math.max(...before.filter(({ user_id }) => user_id === late.user_id).map(sentAtMs));
    expect(newest).toBeGreaterThan(sentAtMs(late) + 6 * 86_400_000);
    const window = windowsOf('coach-rook', 'omar.benali').find((members) => members.includes(late));
    expect(window?.[0]).not.toBe(late);
    expect(window?.at(-1)).not.toBe(late);
  });

  it('have no other message out of order for its user and bot', () => {
    const newest = new Map<string, number>();
    const late = sampleMessages.filter((message) => {
      const key = `${message.bot_id} ${message.user_id}`;
      const isLate = sentAtMs(message) < (newest.get(key) ?? 0);
      newest.set(key, Math.max(newest.get(key) ?? 0, sentAtMs(message)));
      return isLate;
    });
    expect(late).toHaveLength(2);
  });

  it.each(['message.edited', 'message.deleted'])('have one %s event, for an earlier message of its user', (type) => {
    const [change, ...others] = sampleEvents.filter((event) => event.type === type);
    expect(others).toEqual([]);
    if (change === undefined) throw new Error(`no ${type} event`);
    const target = sampleMessages.find(
      ({ id, channel_id, user_id }) =>
        id === change.id && channel_id === change.channel_id && user_id === change.user_id,
    );
    expect(target?.role).toBe('user');
    if (target === undefined) throw new Error('no target');
    expect(sampleEvents.indexOf(target)).toBeLessThan(sampleEvents.indexOf(change));
    expect(sentAtMs(target)).toBeLessThan(sentAtMs(change));
    expect(target.content).not.toBe(change.content);
  });

  it('name what was deleted nowhere else', () => {
    expect(sampleEvents.filter(({ content }) => content?.includes('4471'))).toHaveLength(1);
  });

  it('have one session.end, after the last message of its conversation', () => {
    const [end, ...others] = sampleEvents.filter(({ type }) => type === 'session.end');
    expect(others).toEqual([]);
    if (end === undefined) throw new Error('no session.end');
    const ended = windowsOf(end.bot_id, end.user_id).find((members) => {
      const last = members.at(-1);
      return last !== undefined && Math.abs(sentAtMs(end) - sentAtMs(last)) < 60_000;
    });
    expect(ended?.every((message) => sentAtMs(message) <= sentAtMs(end))).toBe(true);
  });
});
