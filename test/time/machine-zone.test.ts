import { expect, it } from 'vitest';

/** Minutes that a clock there lies behind UTC, in January and in July. */
const knownZones = new Map([
  ['America/Los_Angeles', [480, 420]],
  ['Pacific/Chatham', [-825, -765]],
]);
const expected = knownZones.get(process.env['TZ'] ?? '');

/** Without it a run under another zone could be one under the machine's own, and prove nothing. */
it.skipIf(expected === undefined)('is the zone that the run was given', () => {
  const inMonth = (month: number): number => new Date(2026, month, 1).getTimezoneOffset();
  expect([inMonth(0), inMonth(6)]).toEqual(expected);
});
