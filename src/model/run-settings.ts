import { z } from 'zod';

const boundariesSchema = z.object({
  gapMs: z.number().int().positive(),
  maxMessages: z.number().int().positive(),
  maxDurationMs: z.number().int().positive(),
});

/** One dated entry of a run, as stored in `run_settings.settings`: what decides where windows end. */
export const storedSettingsSchema = boundariesSchema.extend({
  sessionKey: z.enum(['bot,user', 'bot,user,channel']),
  /** Whole boundaries of the bots that differ from the others. */
  bots: z.record(z.string(), boundariesSchema),
});

export type StoredSettings = z.infer<typeof storedSettingsSchema>;
export type StoredBoundaries = z.infer<typeof boundariesSchema>;

/** Extraction settings by their name in the configuration file; what is not named has its default. */
export const extractionSettingsSchema = z.record(z.string(), z.string());
export type ExtractionSettings = Readonly<Record<string, string>>;

/** What a process is configured to. */
export interface RunConfiguration {
  readonly settings: StoredSettings;
  readonly extraction: ExtractionSettings;
}

export interface SettingsEntry {
  /** Event time from which it holds; the first entry also holds for everything before it. */
  readonly fromMs: number;
  /** Wall time, ms, at which it was written. */
  readonly appliedAtMs: number;
  readonly settings: StoredSettings;
}

/** The settings of the run that readers see, as the database has them. */
export interface SettingsStanding {
  readonly runId: number;
  /** Ascending by date, at least one. */
  readonly entries: readonly [SettingsEntry, ...SettingsEntry[]];
  /** Null: not recorded. */
  readonly extraction: ExtractionSettings | null;
  /** The database's clock. */
  readonly nowMs: number;
  /** Greatest event time that was ever read; null: nothing was read yet. */
  readonly newestEventMs: number | null;
}

/** The entry that holds for a message of now. */
export function entryInForce({ entries, nowMs }: SettingsStanding): SettingsEntry {
  return entries.findLast((entry) => entry.fromMs <= nowMs) ?? entries[0];
}

/** The entry that holds in the end: what a process should be configured to. */
export function newestEntry({ entries }: SettingsStanding): SettingsEntry {
  return entries.at(-1) ?? entries[0];
}

/** Boundaries of one bot, whether it has its own or not. */
export function boundariesOf(settings: StoredSettings, botId: string | undefined): StoredBoundaries {
  // Ids come from outside: `constructor` is a bot like any other.
  const own = botId !== undefined && Object.hasOwn(settings.bots, botId) ? settings.bots[botId] : undefined;
  const { gapMs, maxMessages, maxDurationMs } = own ?? settings;
  return { gapMs, maxMessages, maxDurationMs };
}
