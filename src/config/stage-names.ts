import type { Config } from './config.ts';
import type { ConfigFault } from './faults.ts';
import { nearestName } from './nearest-name.ts';

/** In kebab-case: a stage's name is a setting, a label, and a field of the model's answer. */
export const stageNamePattern = /^[a-z][a-z0-9-]{0,62}$/;

export const builtInStageNames = ['summary', 'facts', 'preferences'] as const;

/** The stages that run here, in the order of the prompt. */
export function knownStageNames({ ownStages }: Pick<Config, 'ownStages'>): readonly string[] {
  return [...builtInStageNames, ...ownStages.map(({ name }) => name)];
}

/** Settings of stages that there are not. To be asked once the modules are loaded. */
export function stageNameFaults(config: Pick<Config, 'ownStages' | 'extract' | 'bots'>): ConfigFault[] {
  const known = knownStageNames(config);
  const places: readonly (readonly [string, object])[] = [
    ['stages', config.extract.stages],
    ...Object.entries(config.bots).map(([bot, { stages }]) => [`bots.${bot}.stages`, stages] as const),
  ];
  return places.flatMap(([place, stages]) =>
    Object.keys(stages)
      .filter((name) => !known.includes(name))
      .map((name) => ({ name: `AFTERWORD_CONFIG ${place}.${name}`, problem: noSuchStage(name, known) })),
  );
}

function noSuchStage(name: string, known: readonly string[]): string {
  const meant = nearestName(name, known);
  const guess = meant === undefined ? '' : `, did you mean "${meant}"?`;
  return `there is no such stage${guess} (there are ${known.join(', ')})`;
}
