import type { Stage } from '../stage.ts';
import { rulesPrompt } from './rules-prompt.ts';

/** The stable prefix of every call: the rules, then each enabled stage's part in the given order. */
export function systemPrompt(stages: readonly Pick<Stage, 'prompt'>[]): string {
  return [rulesPrompt, ...stages.map((stage) => stage.prompt)].join('\n\n');
}
