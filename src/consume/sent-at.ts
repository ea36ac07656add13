/** When a message says that it was sent: epoch milliseconds, or why it cannot be told. */
export type SentAt =
  | { readonly ok: true; readonly atMs: number }
  | {
      readonly ok: false;
      readonly reason: 'sent-at-not-milliseconds' | 'invalid-fields';
      readonly fault: string;
    };

/** What both Postgres' timestamptz (from 4713 BC) and a JavaScript Date (to the year 275760) hold. */
export const earliestSentAtMs = -210_866_803_200_000;
export const latestSentAtMs = 8_640_000_000_000_000;

/** Seconds reach this in the year 5138 only, milliseconds did in March 1973. */
const leastMilliseconds = 1e11;

const notTold = (fault: string): SentAt => ({ ok: false, reason: 'invalid-fields', fault });

export function parseSentAt(sentAt: string | number): SentAt {
  return typeof sentAt === 'number' ? fromEpoch(sentAt) : fromRfc3339(sentAt);
}

/** Fractions are what a float clock times 1000 leaves behind. */
function fromEpoch(sentAt: number): SentAt {
  if (Math.abs(sentAt) < leastMilliseconds) {
    return { ok: false, reason: 'sent-at-not-milliseconds', fault: 'a number too small for milliseconds' };
  }
  return withinRange(Math.floor(sentAt));
}

function withinRange(atMs: number): SentAt {
  return atMs >= earliestSentAtMs && atMs <= latestSentAtMs ? { ok: true, atMs } : notTold('out of range');
}

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))?$/;

function fromRfc3339(text: string): SentAt {
  const atMs = fromUsualForm(text);
  return atMs === undefined ? fromAnyForm(text) : withinRange(atMs);
}

/**
 * `2026-01-05T09:00:00Z`, with milliseconds or without: what nearly all platforms send, read
 * without a pattern. Undefined for everything else, also for what no calendar has.
 */
function fromUsualForm(text: string): number | undefined {
  const { length } = text;
  if ((length !== 20 && length !== 24) || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T')
    return undefined;
  if (text[13] !== ':' || text[16] !== ':' || text[length - 1] !== 'Z') return undefined;
  if (length === 24 && text[19] !== '.') return undefined;
  const year = 100 * digits(text, 0) + digits(text, 2);
  const month = digits(text, 5);
  const day = digits(text, 8);
  const hour = digits(text, 11);
  const minute = digits(text, 14);
  const second = digits(text, 17);
  const fraction = length === 24 ? 10 * digits(text, 20) + digit(text, 22) : 0;
  // The ends of months, years before 100, leap seconds: left to the calendar. NaN fails every comparison.
  const isSimple =
    year >= 100 && month >= 1 && month <= 12 && day >= 1 && (day <= 28 || (day <= 30 && month !== 2));
  if (!isSimple || !(hour < 24 && minute < 60 && second < 60 && fraction >= 0)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, fraction);
}

/** Two decimal digits as a number; NaN where there are other characters. */
function digits(text: string, at: number): number {
  return 10 * digit(text, at) + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function fromAnyForm(text: string): SentAt {
  const parts = rfc3339.exec(text);
  if (parts === null) return notTold('not RFC 3339');
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour = '0', offsetMinute = '0'] =
    parts;
  // Without an offset nobody knows which instant is meant, and a guess moves messages between windows.
  if (sign === undefined && !/[Zz]$/.test(text)) return notTold('no offset');

  const days = daysSinceEpoch(Number(year), Number(month), Number(day));
  // Second 60 is a leap second; the sum below makes it the next instant.
  const inRange = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60;
  const offsetInRange = Number(offsetHour) < 24 && Number(offsetMinute) < 60;
  if (days === undefined || !inRange || !offsetInRange) return notTold('no such time');

  const offsetMinutes = (sign === '-' ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute));
  const minutes = days * 1440 + Number(hour) * 60 + Number(minute) - offsetMinutes;
  return withinRange(minutes * 60_000 + Number(second) * 1000 + milliseconds(fraction));
}

function milliseconds(fraction = ''): number {
  return Number(fraction.slice(0, 3).padEnd(3, '0'));
}

/** Undefined for a day that no calendar has. `Date.UTC` takes the years 0 to 99 for 1900 to 1999, `setUTCFullYear` does not. */
function daysSinceEpoch(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() / 86_400_000 : undefined;
}
