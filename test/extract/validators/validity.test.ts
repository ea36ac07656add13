import { describe, expect, it } from 'vitest';
import { parseDate, resolveValidity } from '../../../src/extract/validators/validity.ts';

const said = Date.UTC(2026, 10, 23, 14, 3);
const saidText = '2026-11-23T14:03:00.000Z';

describe('parseDate', () => {
  it.each([
    ['2019', '2019-01-01T00:00:00.000Z'],
    ['2019-05', '2019-05-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2019-05-06T07:08', '2019-05-06T07:08:00.000Z'],
    ['2019-05-06T07:08:09.5Z', '2019-05-06T07:08:09.000Z'],
    ['2019-05-06T07:08:09+02:00', '2019-05-06T05:08:09.000Z'],
    ['2019-05-06 07:08:09-0330', '2019-05-06T10:38:09.000Z'],
  ])('reads %s', (text, iso) => {
    expect(new Date(parseDate(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each([
    '',
    'May',
    'last year',
    '2023-02-29',
    '2023-13-01',
    '2023-00-10',
    '23',
    '2023-05-06T25:00',
    '05/06/2023',
    '20230506',
  ])('knows no date in %j', (text) => {
    expect(parseDate(text)).toBeUndefined();
  });
});

describe('resolveValidity', () => {
  it.each([
    ['nothing given: since it was said', null, null, saidText, null, []],
    ['a beginning', '2019-05', null, '2019-05-01T00:00:00.000Z', null, []],
    ['an end ahead', null, '2027-06', saidText, '2027-06-01T00:00:00.000Z', []],
    ['an end behind: since when is not known', null, '2020', null, '2020-01-01T00:00:00.000Z', []],
    ['an end as it was said: the same', null, saidText, null, saidText, []],
    ['both', '2019', '2021', '2019-01-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z', []],
    [
      'the wrong way round: neither counts',
      '2021',
      '2019',
      saidText,
      null,
      ['date-reversed', 'date-reversed'],
    ],
    ['nonsense', 'soon', 'never', saidText, null, ['date-implausible', 'date-implausible']],
    ['an impossible year', '0001', null, saidText, null, ['date-implausible']],
    ['a year too far ahead', null, '9999', saidText, null, ['date-implausible']],
  ])('%s', (_, from, to, validFrom, validTo, dropped) => {
    expect(resolveValidity(from, to, said)).toEqual({ validFrom, validTo, dropped });
  });
});
