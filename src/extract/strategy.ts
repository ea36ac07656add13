import type { PromptWords } from '../model/prompt-words.ts';
import { defaultStrategyName, type CallShape, type Effort } from '../model/strategy-choices.ts';
import { chooseStrategy, type DrawnFor, type Weighted } from './choose-strategy.ts';
import { builtInPrompts } from './prompts/built-in-prompts.ts';
import type { Stage } from './stage.ts';

/** One way to extract a window. Its name stands with every result and every call. */
export interface Strategy extends Weighted {
  readonly model: string;
  readonly callShape: CallShape;
  /** Undefined: the model's own. */
  readonly effort: Effort | undefined;
  readonly prompts: PromptWords;
  /** The enabled stages as they are asked with these prompts (`stagesUnder`). */
  readonly stages: readonly Stage[];
}

/** What holds for a bot whose strategies are not told. */
export interface WithoutStrategies {
  readonly stages: readonly Stage[];
  readonly model: string;
}

/** The strategy of a person with a bot; where none are told, the one by default. */
export function strategyFor(
  bot: WithoutStrategies & { readonly strategies?: readonly Strategy[] },
  key: DrawnFor,
): Strategy {
  return bot.strategies === undefined ? defaultStrategy(bot) : chooseStrategy(bot.strategies, key);
}

function defaultStrategy({ stages, model }: WithoutStrategies): Strategy {
  return {
    name: defaultStrategyName,
    weight: 1,
    model,
    callShape: 'together',
    effort: undefined,
    prompts: builtInPrompts(),
    stages,
  };
}
