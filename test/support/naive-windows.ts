/**
 * An oracle for session windows, written from the rules alone and independent of
 * the product's code. Plain and slow on purpose: it starts again for every window.
 *
 * The rule, exactly. Take the messages of one session key by event time; only the
 * times matter, so neither the order of arrival nor that of equal times can.
 *
 * 1. Silences. Two neighbours are parted when the silence between them is longer
 *    than the gap in force at the later one (exactly one gap still belongs), or when
 *    an end marker `e` lies between them: earlier <= e < later. What remains together
 *    is a stretch.
 * 2. Caps. Count from the stretch's first message, with the caps in force at it. Of
 *    its `n` first messages all are allowed that make up at most `maxMessages` and
 *    span at most `maxDurationMs`. When they are the whole stretch, it is the window.
 * 3. Otherwise the window is the first `k` messages, where `k` is, of
 *    ceil(n / 2) <= k <= n, the one after which the silence is longest; of equally
 *    long silences the latest. The silence after the last allowed message (k = n)
 *    stands among them. Only a silence above zero can be cut.
 * 4. When none of those can be cut, `k` is the first cut beyond `n` between distinct
 *    times: the window grows past its cap sooner than part equal times; when there is
 *    none to the end of the stretch, the rest of it is the window.
 * 5. Counting restarts at the cut, with step 2.
 *
 * A cut follows from the messages up to the first one beyond the allowed ones (in step
 * 4: up to the first one after the cut) and from nothing later, so appending never moves
 * one. A late message before that point may move it, and with it the cuts after it.
 */

export interface NaiveMessage {
  readonly identity: string;
  readonly sentAtMs: number;
}

export interface NaiveEnd {
  readonly endedAtMs: number;
}

export interface NaiveSettings {
  readonly gapMs: number;
  readonly maxMessages: number;
  readonly maxDurationMs: number;
}

export interface NaiveWindow {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Sorted, so that two ways of cutting compare as values. */
  readonly identities: readonly string[];
}

type SettingsAt = (eventTimeMs: number) => NaiveSettings;

/** The windows of one session key, oldest first. */
export function naiveWindows(
  messages: readonly NaiveMessage[],
  ends: readonly NaiveEnd[],
  settings: NaiveSettings | SettingsAt,
): NaiveWindow[] {
  const settingsAt = typeof settings === 'function' ? settings : () => settings;
  const windows: NaiveWindow[] = [];
  let rest = messages.toSorted((a, b) => a.sentAtMs - b.sentAtMs);
  while (rest.length > 0) {
    const size = firstWindowSize(timesOf(rest), ends, settingsAt);
    windows.push(windowOf(rest.slice(0, size)));
    rest = rest.slice(size);
  }
  return windows;
}

function firstWindowSize(
  times: readonly number[],
  ends: readonly NaiveEnd[],
  settingsAt: SettingsAt,
): number {
  const stretch = times.slice(0, firstStretchSize(times, ends, settingsAt));
  const allowed = allowedSize(stretch, settingsAt(at(stretch, 0)));
  if (allowed === stretch.length) return allowed;

  const cuts = stretch.map((_, size) => size).filter((size) => size > 0 && silenceAfter(stretch, size) > 0);
  const inSecondHalf = cuts.filter((size) => size >= Math.ceil(allowed / 2) && size <= allowed);
  const longest = Math.max(...inSecondHalf.map((size) => silenceAfter(stretch, size)));
  const chosen = inSecondHalf.findLast((size) => silenceAfter(stretch, size) === longest);
  return chosen ?? cuts.find((size) => size > allowed) ?? stretch.length;
}

function firstStretchSize(
  times: readonly number[],
  ends: readonly NaiveEnd[],
  settingsAt: SettingsAt,
): number {
  for (let size = 1; size < times.length; size += 1) {
    const earlier = at(times, size - 1);
    const later = at(times, size);
    if (later - earlier > settingsAt(later).gapMs) return size;
    if (ends.some(({ endedAtMs }) => earlier <= endedAtMs && endedAtMs < later)) return size;
  }
  return times.length;
}

function allowedSize(stretch: readonly number[], caps: NaiveSettings): number {
  const start = at(stretch, 0);
  return stretch.filter((time, index) => index < caps.maxMessages && time - start <= caps.maxDurationMs)
    .length;
}

function silenceAfter(times: readonly number[], size: number): number {
  return at(times, size) - at(times, size - 1);
}

function windowOf(members: readonly NaiveMessage[]): NaiveWindow {
  const times = timesOf(members);
  return {
    startedAtMs: Math.min(...times),
    endedAtMs: Math.max(...times),
    identities: members.map((member) => member.identity).toSorted(),
  };
}

function timesOf(messages: readonly NaiveMessage[]): number[] {
  return messages.map((message) => message.sentAtMs);
}

function at(times: readonly number[], index: number): number {
  const time = times[index];
  if (time === undefined) throw new RangeError(`no time at ${index} of ${times.length}`);
  return time;
}
