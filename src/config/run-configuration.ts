import {
  boundariesOf,
  type ExtractionSettings,
  type RunConfiguration,
  type SettingsStanding,
  type StoredSettings,
  newestEntry,
} from '../model/run-settings.ts';
import type { BotOverrides, Config, StageSettings } from './config.ts';
import { formatDuration } from './duration.ts';
import { settingsForBot } from './settings-for-bot.ts';
import { describeStrategy, isDefaultAlone, type StrategySettings } from './strategies.ts';

/** A setting of this process that is not the database's. */
export interface SettingDifference {
  /** `windows`: the database's holds. `extraction`: each process has its own. */
  readonly kind: 'windows' | 'extraction';
  readonly setting: string;
  /** The bot whose setting it is; undefined: all bots'. */
  readonly botId: string | undefined;
  readonly configured: string;
  readonly stored: string;
}

/** What of a configuration belongs to the run: what decides windows, and what decides results. */
export function toRunConfiguration(config: Config): RunConfiguration {
  return { settings: toStoredSettings(config), extraction: toExtractionSettings(config) };
}

function toStoredSettings(config: Config): StoredSettings {
  const { gapMs, maxMessages, maxDurationMs, key } = config.session;
  const ownGaps = Object.keys(config.bots).filter((bot) => settingsForBot(config, bot).gapMs !== gapMs);
  return {
    gapMs,
    maxMessages,
    maxDurationMs,
    sessionKey: key,
    bots: Object.fromEntries(
      ownGaps.map((bot) => [bot, { gapMs: settingsForBot(config, bot).gapMs, maxMessages, maxDurationMs }]),
    ),
  };
}

function toExtractionSettings({ extract, bots, ownStages }: Config): ExtractionSettings {
  const named = [
    ['AFTERWORD_MODEL', extract.model],
    ...usersEntry('IGNORE_USERS', extract.ignoreUsers),
    ...ownStages.map(({ name, version }) => [`stages.${name}.version`, version]),
    ...(isDefaultAlone(extract.strategies) ? [] : strategyEntries('', extract.strategies)),
    ...stageEntries('', extract.stages).filter(([, value]) => value !== 'true'),
    ...Object.entries(bots).flatMap(([bot, own]) => botEntries(`bots.${bot}.`, own)),
  ];
  return Object.fromEntries(named) as ExtractionSettings;
}

function botEntries(prefix: string, { model, stages, strategies, ignoreUsers }: BotOverrides): string[][] {
  return [
    ...(model === undefined ? [] : [[`${prefix}model`, model]]),
    ...usersEntry(`${prefix}ignoreUsers`, ignoreUsers),
    ...strategyEntries(prefix, strategies ?? []),
    ...stageEntries(prefix, stages),
  ];
}

/** One entry each: what decides results in it is one choice. */
function strategyEntries(prefix: string, strategies: readonly StrategySettings[]): string[][] {
  return strategies.map((strategy) => [`${prefix}strategies.${strategy.name}`, describeStrategy(strategy)]);
}

function usersEntry(name: string, globs: readonly string[]): string[][] {
  return globs.length === 0 ? [] : [[name, [...globs].sort().join(',')]];
}

function stageEntries(prefix: string, stages: Readonly<Record<string, Partial<StageSettings>>>): string[][] {
  return Object.entries(stages).flatMap(([stage, { enabled, minMessages }]) => [
    ...(enabled === undefined ? [] : [[`${prefix}stages.${stage}.enabled`, String(enabled)]]),
    ...(typeof minMessages === 'number'
      ? [[`${prefix}stages.${stage}.minMessages`, String(minMessages)]]
      : []),
  ]);
}

/** What this process is configured to and the database does not have, by name; windows first. */
export function settingDifferences(
  standing: SettingsStanding,
  { settings, extraction }: RunConfiguration,
): readonly SettingDifference[] {
  return [
    ...windowDifferences(newestEntry(standing).settings, settings),
    ...(standing.extraction === null ? [] : extractionDifferences(standing.extraction, extraction)),
  ];
}

function windowDifferences(stored: StoredSettings, configured: StoredSettings): SettingDifference[] {
  const bots = [...new Set([...Object.keys(configured.bots), ...Object.keys(stored.bots)])].sort();
  return [
    windowDifference(
      'SESSION_GAP',
      undefined,
      formatDuration(configured.gapMs),
      formatDuration(stored.gapMs),
    ),
    windowDifference(
      'SESSION_MAX_MESSAGES',
      undefined,
      String(configured.maxMessages),
      String(stored.maxMessages),
    ),
    windowDifference(
      'SESSION_MAX_DURATION',
      undefined,
      formatDuration(configured.maxDurationMs),
      formatDuration(stored.maxDurationMs),
    ),
    windowDifference('SESSION_KEY', undefined, configured.sessionKey, stored.sessionKey),
    ...bots.map((bot) => windowDifference('gap', bot, gapText(configured, bot), gapText(stored, bot))),
  ].filter((difference) => difference.configured !== difference.stored);
}

function gapText(settings: StoredSettings, botId: string): string {
  return formatDuration(boundariesOf(settings, botId).gapMs);
}

function windowDifference(
  setting: string,
  botId: string | undefined,
  configured: string,
  stored: string,
): SettingDifference {
  return { kind: 'windows', setting, botId, configured, stored };
}

const byDefault = 'its default';
const noStage = 'no such stage';
const noStrategy = 'no such strategy';

/** Of a setting that is not named. Only stages of modules tell their version. */
function valueWithout(name: string): string {
  if (/(?:^|\.)strategies\.[a-z0-9-]+$/.test(name)) return noStrategy;
  return /^stages\.[^.]+\.version$/.test(name) ? noStage : byDefault;
}

function extractionDifferences(
  stored: ExtractionSettings,
  configured: ExtractionSettings,
): SettingDifference[] {
  const names = [...new Set([...Object.keys(configured), ...Object.keys(stored)])].sort();
  const valueOf = (settings: ExtractionSettings, name: string): string =>
    (Object.hasOwn(settings, name) ? settings[name] : undefined) ?? valueWithout(name);
  return names
    .map((name) => ({
      kind: 'extraction' as const,
      setting: name,
      botId: undefined,
      configured: valueOf(configured, name),
      stored: valueOf(stored, name),
    }))
    .filter((difference) => difference.configured !== difference.stored);
}
