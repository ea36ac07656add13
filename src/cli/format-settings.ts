import type { SettingDifference } from '../config/run-configuration.ts';
import { formatDuration } from '../config/duration.ts';
import {
  entryInForce,
  newestEntry,
  type SettingsEntry,
  type SettingsStanding,
  type StoredSettings,
} from '../model/run-settings.ts';
import { printable } from './format-text.ts';

/** On one line what holds now, and that something else is planned. */
export function settingsLine(standing: SettingsStanding | undefined): string {
  if (standing === undefined) return 'none in force: no worker has started on this database yet';
  const newest = newestEntry(standing);
  const isPlanned = newest.fromMs > standing.nowMs;
  const planned = isPlanned ? `; other settings from ${utcSecond(newest.fromMs)} on` : '';
  return `run ${standing.runId}: ${boundariesLine(entryInForce(standing).settings)}${planned}`;
}

export function boundariesLine(settings: StoredSettings): string {
  const { gapMs, maxMessages, maxDurationMs, sessionKey, bots } = settings;
  const own = Object.entries(bots).map(
    ([bot, { gapMs: ms }]) => `; ${printable(bot)}: gap ${formatDuration(ms)}`,
  );
  return `gap ${formatDuration(gapMs)}, at most ${maxMessages} messages and ${formatDuration(maxDurationMs)}, key ${sessionKey}${own.join('')}`;
}

/** In whole seconds, which dates of changes are. */
export function utcSecond(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function settingsDocument(standing: SettingsStanding): Readonly<Record<string, unknown>> {
  return {
    run_id: String(standing.runId),
    ...boundariesDocument(entryInForce(standing).settings),
    planned: standing.entries.filter((entry) => entry.fromMs > standing.nowMs).map(entryDocument),
  };
}

export function entryDocument({ fromMs, appliedAtMs, settings }: SettingsEntry): object {
  return {
    /** Null: from the beginning. */
    effective_from: isBeginning(fromMs) ? null : new Date(fromMs).toISOString(),
    applied_at: new Date(appliedAtMs).toISOString(),
    ...boundariesDocument(settings),
  };
}

/** The first entry of a run holds from the earliest time that there is. */
export function isBeginning(fromMs: number): boolean {
  return fromMs <= -8_640_000_000_000_000;
}

export function boundariesDocument({
  gapMs,
  maxMessages,
  maxDurationMs,
  sessionKey,
  bots,
}: StoredSettings): Readonly<Record<string, unknown>> {
  return {
    gap_ms: gapMs,
    max_messages: maxMessages,
    max_duration_ms: maxDurationMs,
    session_key: sessionKey,
    gap_ms_by_bot: Object.fromEntries(Object.entries(bots).map(([bot, own]) => [bot, own.gapMs])),
  };
}

/** One sentence about a setting of this process that is not the database's. */
export function differenceText({ kind, setting, botId, configured, stored }: SettingDifference): string {
  const name = printable(botId === undefined ? setting : `${setting} of ${botId}`);
  const here = `${name} is configured as ${printable(configured)}`;
  return kind === 'windows'
    ? `${here}; ${printable(stored)} is in force`
    : `${here}; ${printable(stored)} is recorded for this run`;
}

export function differenceDocument(difference: SettingDifference): object {
  const { kind, setting, botId, configured, stored } = difference;
  return { kind, setting, ...(botId !== undefined && { bot_id: botId }), configured, stored };
}

/** What to do about differences of this kind. */
export const differenceHints = {
  windows:
    'what is in force is used, by every process; restore the configuration, or `afterword settings apply` it for the time to come',
  extraction:
    'each process extracts by its own configuration; make them alike, then `afterword settings apply` records it',
} as const;
