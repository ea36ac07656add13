import type { Config } from './config.ts';
import { formatDuration } from './duration.ts';
import { variableGroups, variables, type VariableName } from './variables.ts';
import { settingsForBot } from './settings-for-bot.ts';
import { knownStageNames } from './stage-names.ts';
import { describeStrategy, isDefaultAlone, type StrategySettings } from './strategies.ts';
import type { Variable } from './variables/variable.ts';

/** Every setting, where it came from and what holds while it is unset; secrets are masked. */
export function describeConfig(config: Config): string {
  const groups = Object.entries(variableGroups).map(([title, group]) =>
    [
      title,
      ...(Object.keys(group) as VariableName[]).map((name) => `  ${describeVariable(config, name)}`),
    ].join('\n'),
  );
  const bots = Object.keys(config.bots).map((botId) => describeBot(config, botId));
  return [...groups, ...describeFileOnly(config), ...bots].join('\n\n');
}

function describeVariable(config: Config, name: VariableName): string {
  const variable: Variable<unknown> = variables[name];
  const shown = config.shown[name];
  if (shown === undefined) return `${name} unset: ${'unset' in variable ? variable.unset : ''}`;
  return `${name}=${shown} (${config.sources[name]})`;
}

function describeFileOnly(config: Config): string[] {
  const lines = [
    ...config.modules.map(({ name }) => `  module ${name}`),
    ...config.ownStages.map(({ name, version }) => `  stage ${name}: version ${version}, of a module`),
    ...Object.entries(config.extract.stages).map(
      ([stage, { enabled, minMessages }]) =>
        `  stage ${stage}: ${enabled ? 'on' : 'off'}, from ${minMessages ?? 'its own number of'} messages`,
    ),
    ...(isDefaultAlone(config.extract.strategies) ? [] : strategyLines(config.extract.strategies)),
    ...Object.entries(config.extract.prices).map(
      ([model, price]) =>
        `  price of ${model}: ${price.inputUsdPerMillion} in, ${price.outputUsdPerMillion} out (USD per million tokens)`,
    ),
    ...Object.entries(config.memory.lifetimesMs).map(
      ([relation, lifetimeMs]) =>
        `  lifetime of ${relation}: ${lifetimeMs === null ? 'never stale' : formatDuration(lifetimeMs)}`,
    ),
  ];
  return lines.length === 0 ? [] : [['Config file', ...lines].join('\n')];
}

/** What holds for one bot; for `doctor --bot`. `stages` are the names to tell of. */
export function describeBot(
  config: Config,
  botId: string,
  stages: readonly string[] = knownStageNames(config),
): string {
  const settings = settingsForBot(config, botId);
  const stageLines = [...new Set(stages)].map((name) => {
    const { enabled, minMessages } = settings.stage(name);
    return `  stage ${name}: ${enabled ? 'on' : 'off'}, from ${minMessages ?? 'its own number of'} messages`;
  });
  const durations = (['gapMs', 'graceMs', 'maxDurationMs'] as const).map(
    (name) => `${name.replace('Ms', '')} ${formatDuration(settings[name])}`,
  );
  return [
    `Bot ${botId}`,
    `  ${durations.join(', ')}, at most ${settings.maxMessages} messages`,
    `  model ${settings.model}`,
    ...(settings.budgetUsdPerDay === null
      ? []
      : [`  at most $${settings.budgetUsdPerDay} a day, within the budget for all`]),
    ...strategyLines(settings.strategies),
    ...stageLines,
  ].join('\n');
}

/** The share of users says what the weight means. */
function strategyLines(strategies: readonly StrategySettings[]): string[] {
  const whole = strategies.reduce((sum, { weight }) => sum + weight, 0);
  return strategies.map((strategy) => {
    const share = Math.round((strategy.weight / whole) * 1_000) / 10;
    return `  strategy ${strategy.name}: ${share} % of users (${describeStrategy(strategy)})`;
  });
}
