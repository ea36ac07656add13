/** When a claim holds, RFC 3339 in UTC; null where the words do not tell. */
export interface Validity {
  readonly validFrom: string | null;
  readonly validTo: string | null;
  /** Why a date that was given does not count; one reason for each such date. */
  readonly dropped: readonly DateRefusal[];
}

type DateRefusal = 'date-implausible' | 'date-reversed';

const earliestMs = Date.UTC(1900, 0, 1);
const hundredYearsMs = 100 * 365.25 * 86_400_000;

/**
 * Dates as an analyser gave them, against the event time of the newest words by the
 * user. Nonsense counts as not given. Without a beginning it holds since it was
 * said, unless it was already over by then.
 */
export function resolveValidity(from: string | null, to: string | null, saidAtMs: number): Validity {
  const given = [plausible(from, saidAtMs), plausible(to, saidAtMs)] as const;
  const [fromMs, toMs] = inOrder(...given);
  const overWhenSaid = toMs !== undefined && toMs <= saidAtMs;
  return {
    validFrom: toText(fromMs ?? (overWhenSaid ? undefined : saidAtMs)),
    validTo: toText(toMs),
    dropped: [from, to].flatMap((text, index): DateRefusal[] => {
      if (text === null) return [];
      if (given[index] === undefined) return ['date-implausible'];
      return [fromMs, toMs][index] === undefined ? ['date-reversed'] : [];
    }),
  };
}

const dateForm =
  /^([1-9]\d{3})(?:-(\d{2})(?:-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s?([Zz]|[+-]\d{2}:?\d{2})?)?)?)?$/;

/**
 * A year, a month, a day or an RFC 3339 time as epoch milliseconds (the first moment
 * of what is given; UTC without an offset). Undefined for anything else.
 */
export function parseDate(text: string): number | undefined {
  const match = dateForm.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((index) => match[index]);
  const ms = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1));
  // Date.UTC rolls the 31st of February over; such a date was never meant.
  if (new Date(ms).getUTCMonth() !== Number(month ?? 1) - 1) return undefined;
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 60) return undefined;
  const clockMs = (Number(hour ?? 0) * 60 + Number(minute ?? 0)) * 60_000 + Number(second ?? 0) * 1_000;
  return ms + clockMs - offsetMs(match[7]);
}

function offsetMs(offset: string | undefined): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(offset ?? '');
  if (match === null) return 0;
  const ms = (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  return match[1] === '-' ? -ms : ms;
}

function plausible(text: string | null, saidAtMs: number): number | undefined {
  const ms = text === null ? undefined : parseDate(text);
  return ms !== undefined && ms >= earliestMs && ms <= saidAtMs + hundredYearsMs ? ms : undefined;
}

/** An end before the beginning: which of them is wrong cannot be known. */
function inOrder(fromMs?: number, toMs?: number): [number | undefined, number | undefined] {
  return fromMs !== undefined && toMs !== undefined && toMs < fromMs
    ? [undefined, undefined]
    : [fromMs, toMs];
}

function toText(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}
