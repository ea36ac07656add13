import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earliestSentAtMs, latestSentAtMs, parseSentAt } from '../../src/consume/sent-at.ts';

function atMs(sentAt: string | number): number | string {
  const parsed = parseSentAt(sentAt);
  return parsed.ok ? parsed.atMs : `${parsed.reason}: ${parsed.fault}`;
}

describe('a time as RFC 3339', () => {
  it.each([
    ['2023-04-27T09:00:00Z', Date.UTC(2023, 3, 27, 9)],
    ['2023-04-27t09:00:00z', Date.UTC(2023, 3, 27, 9)],
    ['2023-04-27 09:00:00Z', Date.UTC(2023, 3, 27, 9)],
    ['2023-04-27T09:00:00.5Z', Date.UTC(2023, 3, 27, 9, 0, 0, 500)],
    ['2023-04-27T09:00:00.123999999+00:00', Date.UTC(2023, 3, 27, 9, 0, 0, 123)],
    ['2023-04-27T09:00:00+05:30', Date.UTC(2023, 3, 27, 3, 30)],
    ['2023-12-31T22:00:00-03:00', Date.UTC(2024, 0, 1, 1)],
    ['2023-04-27T09:00:00-00:00', Date.UTC(2023, 3, 27, 9)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['1969-12-31T23:59:59.999Z', -1],
    ['1901-02-03T04:05:06Z', Date.UTC(1901, 1, 3, 4, 5, 6)],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('%s is read', (text, expected) => {
    expect(atMs(text)).toBe(expected);
  });

  it('takes a leap second for the next instant, in any zone', () => {
    const newYear = Date.UTC(2017, 0, 1);
    expect(atMs('2016-12-31T23:59:60Z')).toBe(newYear);
    expect(atMs('2017-01-01T08:59:60+09:00')).toBe(newYear);
    expect(atMs('2016-12-31T23:59:60.250Z')).toBe(newYear + 250);
  });

  it.each([
    ['2023-04-27T09:00:00', 'no offset'],
    ['2023-04-27 09:00:00.123', 'no offset'],
    ['2023-04-27', 'not RFC 3339'],
    ['2023-04-27T09:00Z', 'not RFC 3339'],
    ['2023-04-27T09:00:00+0530', 'not RFC 3339'],
    ['Thu, 27 Apr 2023 09:00:00 GMT', 'not RFC 3339'],
    ['1682586000000', 'not RFC 3339'],
    ['', 'not RFC 3339'],
    ['+12023-04-27T09:00:00Z', 'not RFC 3339'],
    ['2023-04-27T09:00:00Z\n', 'not RFC 3339'],
    ['2023-02-29T00:00:00Z', 'no such time'],
    ['2023-00-10T00:00:00Z', 'no such time'],
    ['2023-13-10T00:00:00Z', 'no such time'],
    ['2023-04-31T00:00:00Z', 'no such time'],
    ['2023-04-00T00:00:00Z', 'no such time'],
    ['2023-04-27T24:00:00Z', 'no such time'],
    ['2023-04-27T09:60:00Z', 'no such time'],
    ['2023-04-27T09:00:61Z', 'no such time'],
    ['2023-04-27T09:00:00+24:00', 'no such time'],
  ])('%s is refused: %s', (text, fault) => {
    expect(atMs(text)).toBe(`invalid-fields: ${fault}`);
  });

  it('is read to the same instant as by Date, for every instant of the years 0 to 9999', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
        (time) => atMs(new Date(time).toISOString()) === time,
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('a time in epoch milliseconds', () => {
  it.each([
    [1_682_586_000_000, 1_682_586_000_000],
    [1_682_586_000_000.75, 1_682_586_000_000],
    [-1e11, -1e11],
    [1e11, 1e11],
    [latestSentAtMs, latestSentAtMs],
    [earliestSentAtMs, earliestSentAtMs],
  ])('%d is read', (sentAt, expected) => {
    expect(atMs(sentAt)).toBe(expected);
  });

  it.each([1_682_586_000, 1_682_586_000.5, 0, -1, 99_999_999_999])(
    '%d is surely not milliseconds',
    (sentAt) => {
      expect(parseSentAt(sentAt)).toMatchObject({ ok: false, reason: 'sent-at-not-milliseconds' });
    },
  );

  it.each([latestSentAtMs + 1, earliestSentAtMs - 1, 1.7e18, Infinity, -Infinity, Number.NaN])(
    '%d is out of range',
    (sentAt) => {
      expect(atMs(sentAt)).toBe('invalid-fields: out of range');
    },
  );
});
