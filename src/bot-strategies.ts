import type { Config } from './config/config.ts';
import type { PromptSource } from './config/prompt-source.ts';
import { settingsForBot } from './config/settings-for-bot.ts';
import type { StrategySettings } from './config/strategies.ts';
import { builtInPrompts } from './extract/prompts/built-in-prompts.ts';
import { stagesUnder } from './extract/prompts/stages-under.ts';
import type { Stage } from './extract/stage.ts';
import type { Strategy } from './extract/strategy.ts';
import { promptVersions, type PromptWords } from './model/prompt-words.ts';

/**
 * A bot's strategies with their words and stages. To be made once a bot: equal stages have to
 * be the same objects in every window, for what is derived from their schemas is kept by them.
 *
 * @throws AfterwordError INVARIANT_BROKEN when the package lacks a prompt
 */
export function strategiesForBot(
  config: Config,
  botId: string,
  stages: readonly Stage[],
): readonly Strategy[] {
  const { strategies, model } = settingsForBot(config, botId);
  return strategies.map((strategy) => toStrategy(strategy, stages, model));
}

/** Reads every prompt of the package, so that a broken one is told at the start. */
export function requireBuiltInPrompts(): void {
  for (const version of promptVersions) builtInPrompts(version);
}

function toStrategy(
  { name, weight, prompts: source, model, callShape, effort }: StrategySettings,
  stages: readonly Stage[],
  modelOfBot: string,
): Strategy {
  const prompts = wordsOf(source);
  return {
    name,
    weight,
    model: model ?? modelOfBot,
    callShape,
    effort: effort ?? undefined,
    prompts,
    stages: stagesUnder(prompts, stages),
  };
}

function wordsOf({ version, own }: PromptSource): PromptWords {
  return { ...builtInPrompts(version), ...own };
}
