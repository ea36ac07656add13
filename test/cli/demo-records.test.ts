import { expect, it } from 'vitest';
import { parseConversations, toDemoRecords } from '../../src/cli/demo-records.ts';
import { loadConfig } from '../../src/config/load-config.ts';

const config = loadConfig({}, () => '');
const said = (id: string): string =>
  JSON.stringify({ id, bot_id: 'b', user_id: 'u', content: 'c', sent_at: 1 });

it.each(['null', '5', '"text"', '[]', '{'])('refuses the line %s by its number in the file', (line) => {
  expect(() => parseConversations(`${said('a')}\n\n${line}\n`)).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: 'line 3 is not a JSON object' }) as Error,
  );
});

it('takes conversations of any length', () => {
  const text = Array.from({ length: 130_000 }, (_, index) => said(`m${index}`)).join('\n');
  expect(toDemoRecords(parseConversations(text), config, 1_000_000_000)).toHaveLength(130_000);
});

it('moves conversations that lie ahead back as a whole, leap seconds included, and leaves what it cannot read', () => {
  const nowMs = Date.UTC(2016, 11, 31, 12);
  const times = ['2016-12-31T23:59:59Z', '2016-12-31T23:59:60Z', '2017-01-01 00:00:01+00:00', 'soon'];
  const events = times.map((sent_at, n) => ({ id: `m${n}`, bot_id: 'b', user_id: 'u', sent_at }));
  const values = toDemoRecords(events, config, nowMs).map(
    ({ value }) => JSON.parse(String(value)) as Record<string, unknown>,
  );
  expect(values.map(({ sent_at: sentAt }) => sentAt)).toEqual([
    '2016-12-31T11:59:58.000Z',
    '2016-12-31T11:59:59.000Z',
    '2016-12-31T12:00:00.000Z',
    'soon',
    '2016-12-31T12:00:00.000Z',
  ]);
  expect(values.at(-1)?.['type']).toBe('session.end');
});
