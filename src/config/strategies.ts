import { createHash } from 'node:crypto';
import { defaultStrategyName, type CallShape, type Effort } from '../model/strategy-choices.ts';
import type { ConfigFile, StrategyInFile } from './config-file.ts';
import type { ConfigFault } from './faults.ts';
import { builtInSource, readPromptSource, type PromptSource } from './prompt-source.ts';
import type { ReadFile } from './read-config-file.ts';

/** A named way to extract, as configured. */
export interface StrategySettings {
  readonly name: string;
  /** Its share of the users, among the weights of all; 0: nobody's. */
  readonly weight: number;
  readonly prompts: PromptSource;
  /** Null: the bot's. */
  readonly model: string | null;
  readonly callShape: CallShape;
  /** Null: the model's own. */
  readonly effort: Effort | null;
}

export const defaultStrategies: readonly StrategySettings[] = [
  {
    name: defaultStrategyName,
    weight: 1,
    prompts: builtInSource,
    model: null,
    callShape: 'together',
    effort: null,
  },
];

type StrategiesInFile = NonNullable<ConfigFile['strategies']>;

/** The places of a file where strategies stand, each with its path. */
export function strategyPlaces(file: ConfigFile): readonly (readonly [string, StrategiesInFile])[] {
  const ofBots = Object.entries(file.bots ?? {}).map(
    ([bot, { strategies }]) => [`bots.${bot}.strategies`, strategies] as const,
  );
  return [['strategies', file.strategies] as const, ...ofBots].flatMap(([place, strategies]) =>
    strategies === undefined ? [] : [[place, strategies] as const],
  );
}

/** Strategies of which nobody would have one. */
export function strategyFaults(file: ConfigFile): ConfigFault[] {
  return strategyPlaces(file).flatMap(([place, strategies]) => {
    const weights = Object.values(strategies).map(({ weight }) => weight);
    if (weights.some((weight) => weight > 0)) return [];
    const problem = weights.length === 0 ? 'names no strategy' : 'every weight is 0';
    return [{ name: `AFTERWORD_CONFIG ${place}`, problem }];
  });
}

/** By name, so that nothing depends on the order in a file. `place` names faults. */
export function composeStrategies(
  place: string,
  strategies: StrategiesInFile,
  { configFile, readFile }: { readonly configFile: string; readonly readFile: ReadFile },
  faults: ConfigFault[],
): readonly StrategySettings[] {
  const read = (name: string, written: string): PromptSource => {
    const setting = `AFTERWORD_CONFIG ${place}.${name}.prompts`;
    return readPromptSource(written, { name: setting, configFile }, readFile, faults);
  };
  return Object.entries(strategies)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { weight, prompts, model, callShape, effort }]: readonly [string, StrategyInFile]) => ({
      name,
      weight,
      prompts: prompts === undefined ? builtInSource : read(name, prompts),
      model: model ?? null,
      callShape: callShape ?? 'together',
      effort: effort ?? null,
    }));
}

/** Nothing but the one that holds where none are configured. */
export function isDefaultAlone(strategies: readonly StrategySettings[]): boolean {
  const told = (all: readonly StrategySettings[]): string =>
    all.map((strategy) => `${strategy.name}: ${describeStrategy({ ...strategy, weight: 1 })}`).join('\n');
  return told(strategies) === told(defaultStrategies);
}

/** On one line, whatever decides results in it; a prompt of one's own by a digest of its words. */
export function describeStrategy(strategy: StrategySettings): string {
  const { weight, prompts, model, callShape, effort } = strategy;
  return [
    `weight ${weight}`,
    describePrompts(prompts),
    ...(model === null ? [] : [`model ${model}`]),
    ...(callShape === 'together' ? [] : ['a call for each stage']),
    ...(effort === null ? [] : [`effort ${effort}`]),
  ].join(', ');
}

function describePrompts({ version, directory, own }: PromptSource): string {
  if (directory === null) return `prompts version ${version}`;
  const parts = Object.entries(own);
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
  const files = parts.map(([part]) => `${part}.md`).join(' and ');
  // Words that a log may hold, see `guardWord`.
  return `prompts ${directory} with ${files}, digest ${digest}`;
}
