import type { PromptWords } from '../../model/prompt-words.ts';
import { hashOf } from '../answer-store.ts';
import type { Stage } from '../stage.ts';
import { builtInPrompts } from './built-in-prompts.ts';
import { partFor } from './system-prompt.ts';

/**
 * The stages as they are asked with a prompt. A stage's version speaks of the built-in words;
 * other words give other results, so a digest of them stands in the version: whoever changes
 * a word of a prompt finds no result made with the former ones.
 */
export function stagesUnder(prompts: PromptWords, stages: readonly Stage[]): readonly Stage[] {
  return stages.map((stage) => {
    const words = wordsFor(stage, prompts);
    if (words === wordsFor(stage, builtInPrompts())) return stage;
    return { ...stage, version: `${stage.version}+${words}` };
  });
}

/** The rules are part of every stage's question. Eight digits tell the prompts of one team apart. */
function wordsFor(stage: Stage, prompts: PromptWords): string {
  return hashOf([prompts.rules, partFor(stage, prompts)]).slice(0, 8);
}
