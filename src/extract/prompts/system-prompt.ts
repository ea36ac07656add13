import { createHash } from 'node:crypto';
import type { Stage } from '../stage.ts';
import { rulesPrompt, rulesVersion } from './rules-prompt.ts';

/** The stable prefix of every call: the rules, then each enabled stage's part in the given order. */
export function systemPrompt(stages: readonly Pick<Stage, 'prompt'>[]): string {
  return [rulesPrompt, ...stages.map((stage) => stage.prompt)].join('\n\n');
}

/**
 * Names what a model was told: the versions for people, and a hash of the words
 * themselves, so that an edit without a raised version is another prompt all the same.
 */
export function promptVersion(stages: readonly Pick<Stage, 'name' | 'version' | 'prompt'>[]): string {
  const versions = ['rules', ...stages.map(({ name }) => name)].map((name, index) => {
    return `${name}-${index === 0 ? rulesVersion : (stages[index - 1]?.version ?? '')}`;
  });
  const hash = createHash('sha256').update(systemPrompt(stages)).digest('hex').slice(0, 12);
  return `${versions.join('+')}@${hash}`;
}
