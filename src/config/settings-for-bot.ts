import { matchesAnyGlob } from './globs.ts';
import type { BotOverrides, Config, SessionSettings, StageSettings } from './config.ts';
import type { StrategySettings } from './strategies.ts';

/** What holds for one bot. */
export interface BotSettings extends SessionSettings {
  readonly model: string;
  /** The bot's own, within the one for all; null: none. */
  readonly budgetUsdPerDay: number | null;
  /** By name; the bot's own in place of those for all. */
  readonly strategies: readonly StrategySettings[];
  /** A stage that is not named anywhere is enabled with its own number of messages. */
  stage(name: string): StageSettings;
  /** Whether this user is stored and counted, but never extracted. */
  ignores(userId: string): boolean;
}

const nothing: BotOverrides = { stages: {}, ignoreUsers: [] };

/**
 * A bot's own setting is nearer than the general one, whether that came from the
 * environment or the file. Ignored users add up.
 */
export function settingsForBot(config: Config, botId: string): BotSettings {
  const own = ownEntry(config.bots, botId) ?? nothing;
  const ignoreUsers = [...config.extract.ignoreUsers, ...own.ignoreUsers];
  return {
    ...config.session,
    gapMs: own.gapMs ?? config.session.gapMs,
    model: own.model ?? config.extract.model,
    budgetUsdPerDay: own.budgetUsdPerDay ?? null,
    strategies: own.strategies ?? config.extract.strategies,
    stage: (name) => ({
      enabled: true,
      minMessages: null,
      ...ownEntry(config.extract.stages, name),
      ...ownEntry(own.stages, name),
    }),
    ignores: (userId) => matchesAnyGlob(ignoreUsers, userId),
  };
}

/** Every model that somebody's windows are extracted with, those of all bots first. */
export function modelsInUse(config: Config): readonly string[] {
  const { model, strategies } = config.extract;
  const ofBots = Object.keys(config.bots).map((botId) => settingsForBot(config, botId));
  const models = [{ model, strategies }, ...ofBots].flatMap((settings) =>
    settings.strategies
      .filter(({ weight }) => weight > 0)
      .map((strategy) => strategy.model ?? settings.model),
  );
  return [...new Set(models)];
}

/** Ids come from outside: `constructor` is a bot like any other. */
function ownEntry<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
