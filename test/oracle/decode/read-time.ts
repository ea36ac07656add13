import { refused, type Refused } from './decoded.ts';

/** Smaller numbers are seconds that somebody took for milliseconds. */
const leastEpochMs = 1e11;
/** What both a timestamp of Postgres and a date of JavaScript can hold. */
const earliestMs = -210_866_803_200_000;
const latestMs = 8_640_000_000_000_000;

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** RFC 3339 with an offset, or epoch milliseconds. */
export function readTime(value: unknown): { readonly kind: 'time'; readonly atMs: number } | Refused {
  if (typeof value === 'number') {
    if (Math.abs(value) < leastEpochMs) return refused('sent-at-not-milliseconds');
    return within(Math.floor(value));
  }
  const parts = typeof value === 'string' ? rfc3339.exec(value) : null;
  return parts === null ? refused('invalid-fields') : within(instantOf(parts));
}

function within(atMs: number): { readonly kind: 'time'; readonly atMs: number } | Refused {
  return atMs >= earliestMs && atMs <= latestMs ? { kind: 'time', atMs } : refused('invalid-fields');
}

/** NaN for what no calendar or clock shows. */
function instantOf(parts: RegExpExecArray): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const offset = parts[8] ?? 'Z';
  const offsetMinutes = /z/i.test(offset)
    ? 0
    : Number(`${offset.slice(0, 1)}1`) * (60 * Number(offset.slice(1, 3)) + Number(offset.slice(4)));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isOfCalendar = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  // Second 60 is a leap second.
  const isOfClock = hour < 24 && minute < 60 && second <= 60;
  const isOfZone = Number(offset.slice(1, 3)) < 24 && Number(offset.slice(4)) < 60;
  if (!isOfCalendar || !isOfClock || !isOfZone) return Number.NaN;
  const fraction = Number((parts[7] ?? '.').slice(1, 4).padEnd(3, '0'));
  return date.getTime() + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + fraction;
}
