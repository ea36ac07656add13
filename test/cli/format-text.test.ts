import { expect, it } from 'vitest';
import { alignColumns, printable, roughly } from '../../src/cli/format-text.ts';

it.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_400_000 * 3, '3 d'],
])('says %d ms as %s', (ms, words) => {
  expect(roughly(ms)).toBe(words);
});

it.each([
  ['two\nlines\tand\rmore', 'two lines and more'],
  ['\u001b[2Jgone', '\u{fffd}[2Jgone'],
  ['evil\u202etxt', 'evil\u{fffd}txt'],
  ['👩‍👩‍👧 ok', '👩‍👩‍👧 ok'],
  ['half \ud83d', 'half \u{fffd}'],
])('prints %j without letting it command the terminal', (text, printed) => {
  expect(printable(text)).toBe(printed);
});

it('sets columns under each other and leaves no space at the end', () => {
  expect(
    alignColumns([
      ['a', 'long', ''],
      ['longer', 'b', 'c'],
    ]),
  ).toEqual(['a       long', 'longer  b     c']);
});
