import { promptParts, type PromptWords } from '../../model/prompt-words.ts';
import type { Stage } from '../stage.ts';
import { builtInPrompts } from './built-in-prompts.ts';

/** The stable prefix of every call: the rules, then each enabled stage's part in the given order. */
export function systemPrompt(
  stages: readonly Pick<Stage, 'name' | 'prompt'>[],
  prompts: PromptWords = builtInPrompts(),
): string {
  const parts = stages.map((stage) => partFor(stage, prompts)).filter((part) => part !== '');
  return [prompts.rules, ...parts].join('\n\n');
}

/** A stage of a user's own brings its part along, whatever the prompt is; '': its schema says all. */
export function partFor(stage: Pick<Stage, 'name' | 'prompt'>, prompts: PromptWords): string {
  if (stage.prompt !== undefined) return stage.prompt;
  const part = promptParts.find((name) => name === stage.name);
  return part === undefined ? '' : prompts[part];
}
