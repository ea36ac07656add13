import { AfterwordError } from '../errors.ts';

/** Day and time of an instant as the transcript shows them. */
export interface LocalTime {
  /** `2026-11-23 Monday` */
  readonly day: string;
  /** `14:03` */
  readonly time: string;
}

/** Reads instants in one IANA zone; CONFIG_INVALID when there is no such zone. */
export function calendarOf(timeZone: string): (ms: number) => LocalTime {
  const format = formatOf(timeZone);
  return (ms) => {
    const part = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const get = (type: Intl.DateTimeFormatPartTypes): string => part.get(type) ?? '';
    return {
      day: `${get('year').padStart(4, '0')}-${get('month')}-${get('day')} ${get('weekday')}`,
      time: `${get('hour')}:${get('minute')}`,
    };
  };
}

// Building one costs as much as formatting hundreds of lines.
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = buildFormat(timeZone);
  formats.set(timeZone, format);
  return format;
}

function buildFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      weekday: 'long',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  } catch {
    throw new AfterwordError('CONFIG_INVALID', 'the time zone of transcripts is not an IANA zone');
  }
}
