import { expect, it } from 'vitest';
import { alignColumns, printable, roughly, utcDay, utcMinute } from '../../src/cli/format-text.ts';

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

it.each([
  ['2026-03-08T09:59:59.999Z', '2026-03-08 09:59', 'the night that Los Angeles skips an hour'],
  ['2026-03-08T10:00:00Z', '2026-03-08 10:00', 'an instant later'],
  ['2026-04-04T14:00:00Z', '2026-04-04 14:00', 'the night that Chatham has an hour twice'],
  ['2026-12-31T23:59:00Z', '2026-12-31 23:59', 'the end of a year'],
])('tells %s in UTC: %s, %s', (at, minute) => {
  expect(utcMinute(Date.parse(at))).toBe(minute);
  expect(utcDay(Date.parse(at))).toBe(minute.slice(0, 10));
});
