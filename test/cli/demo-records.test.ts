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
