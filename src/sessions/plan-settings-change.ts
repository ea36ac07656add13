import { AfterwordError } from '../errors.ts';
import {
  entryInForce,
  newestEntry,
  type RunConfiguration,
  type SettingsEntry,
  type SettingsStanding,
  type StoredSettings,
} from '../model/run-settings.ts';

/** The furthest that a stored message may lie ahead of the clock that clamped it; see `eventTime`. */
export const allowedSkewMs = 5 * 60_000;

/** Longer than a change takes from its clock to its commit, and a batch's settings are old together. */
export const settlingMs = 60_000;

export interface ChangeRequest {
  /** Event time from which it shall hold; undefined: as soon as that is safe. */
  readonly atMs: number | undefined;
  /** Takes back entries that are dated later. */
  readonly replaces: boolean;
}

export interface SettingsChange {
  /** The new entry; undefined: the boundaries are those of the newest one already. */
  readonly entry: { readonly fromMs: number; readonly settings: StoredSettings } | undefined;
  /** Entries that it takes back: planned, never in force. */
  readonly replaced: readonly SettingsEntry[];
  /** The recorded extraction settings are others. */
  readonly recordsExtraction: boolean;
}

/**
 * The earliest date of a change that no stored message can lie beyond.
 *
 * A batch reads the clock, then the settings, and draws event times back to at most that
 * clock plus the allowed skew. One that did not see the change has read both before the
 * change was committed, however late it stores. So with a date beyond commit + skew, no
 * message of the new entry was ever cut by the old one: no window is cut twice, and
 * nobody has to wait for a lock. The newest event time counts for clocks that went back.
 */
export function earliestChangeMs({ nowMs, newestEventMs }: SettingsStanding): number {
  const safeMs = Math.max(nowMs + allowedSkewMs + settlingMs, (newestEventMs ?? nowMs) + 1);
  return Math.ceil(safeMs / 1_000) * 1_000;
}

/**
 * What has to be written so that a configuration holds for the time to come.
 *
 * @throws AfterwordError INPUT_INVALID for another session key, a date in the past, or one
 *   before an entry that is planned and not to be replaced
 */
export function planSettingsChange(
  standing: SettingsStanding,
  configured: RunConfiguration,
  request: ChangeRequest,
): SettingsChange {
  refuseOtherKey(entryInForce(standing).settings, configured.settings);
  const recordsExtraction = !isSame(standing.extraction, configured.extraction);
  if (isSame(newestEntry(standing).settings, configured.settings)) {
    return { entry: undefined, replaced: [], recordsExtraction };
  }
  const earliestMs = earliestChangeMs(standing);
  const fromMs = request.atMs ?? earliestMs;
  if (fromMs < earliestMs) throw tooEarly(fromMs, earliestMs);
  const later = standing.entries.filter((entry) => entry.fromMs >= fromMs);
  const [next] = later;
  if (next !== undefined && !request.replaces) throw alreadyPlanned(next);
  return { entry: { fromMs, settings: configured.settings }, replaced: later, recordsExtraction };
}

function refuseOtherKey(inForce: StoredSettings, configured: StoredSettings): void {
  if (inForce.sessionKey === configured.sessionKey) return;
  throw new AfterwordError(
    'INPUT_INVALID',
    `SESSION_KEY is ${inForce.sessionKey} in this run and cannot change within it`,
    {
      hint: 'set it back; moving the past to another key means reprocessing, which is not in this version',
    },
  );
}

function tooEarly(fromMs: number, earliestMs: number): AfterwordError {
  const earliest = new Date(earliestMs).toISOString();
  return new AfterwordError(
    'INPUT_INVALID',
    `a change from ${new Date(fromMs).toISOString()} on would cut anew what is stored; the earliest is ${earliest}`,
    { hint: 'the past keeps its settings until it is reprocessed, which is not in this version' },
  );
}

function alreadyPlanned(entry: SettingsEntry): AfterwordError {
  const from = new Date(entry.fromMs).toISOString();
  return new AfterwordError('INPUT_INVALID', `other settings are planned from ${from} on`, {
    hint: 'name a later date with --at, or take them back with --replace',
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** Independent of the order of names: jsonb keeps none. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
