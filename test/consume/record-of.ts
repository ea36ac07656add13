import type { LogRecord } from '../../src/model/record.ts';

/** A record with this value: bytes as they are, text as UTF-8, anything else as JSON. */
export function recordOf(value: unknown, headers: Readonly<Record<string, string>> = {}): LogRecord {
  return {
    topic: 'bot.messages',
    partition: 3,
    offset: 41n,
    timestampMs: 1_700_000_000_000,
    key: null,
    value: bytesOf(value),
    headers: Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })),
  };
}

function bytesOf(value: unknown): Buffer | null {
  if (value === null || Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** The fields of a complete message. */
export const hello = {
  id: 'm-1',
  bot_id: 'ann',
  user_id: 'u-1',
  channel_id: 'c-1',
  channel_type: 'dm',
  role: 'user',
  content: 'hello',
  sent_at: '2023-04-27T09:00:00Z',
} as const;

/** The complete message, one field short. */
export function without(field: keyof typeof hello): Record<string, string> {
  return Object.fromEntries(Object.entries(hello).filter(([name]) => name !== field));
}
