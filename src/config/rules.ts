import { priceOf } from '../model/model-prices.ts';
import { isLoopback } from './address-kinds.ts';
import type { ConfigFile } from './config-file.ts';
import { formatDuration } from './duration.ts';
import { expected, type ConfigFault } from './faults.ts';
import { strategyFaults } from './strategies.ts';
import type { Values, VariableName } from './variables.ts';

/** What must hold between settings that are right by themselves. */
export interface RuleInput {
  readonly values: Values;
  readonly file: ConfigFile;
  /** Settings whose text was misread, so that a default stands in their place: nothing is said of those. */
  readonly unsure: ReadonlySet<VariableName>;
}

export function crossFieldFaults({ values, file, unsure }: RuleInput): readonly ConfigFault[] {
  const sessionsAreSure = sessionVariables.every((name) => !unsure.has(name));
  return [
    ...(sessionsAreSure ? [...sessionFaults(values), ...botFaults(values, file)] : []),
    ...topicFaults(values, unsure),
    ...sslFaults(values),
    ...togetherFaults(values, unsure),
    ...serverFaults(values, unsure),
    ...strategyFaults(file),
    ...budgetFaults(values, file, unsure),
  ];
}

const sessionVariables = ['SESSION_GAP', 'SESSION_GRACE', 'SESSION_MAX_DURATION'] as const;

function sessionFaults(values: Values): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const { SESSION_GAP: gapMs, SESSION_GRACE: graceMs, SESSION_MAX_DURATION: maxDurationMs } = values;
  if (graceMs >= gapMs)
    faults.push(expected('SESSION_GRACE', 'less than SESSION_GAP', formatDuration(gapMs)));
  if (gapMs > maxDurationMs) {
    faults.push(expected('SESSION_GAP', 'at most SESSION_MAX_DURATION', formatDuration(maxDurationMs)));
  }
  return faults;
}

/** A bot's gap stands between the same bounds as the general one. */
function botFaults(values: Values, file: ConfigFile): ConfigFault[] {
  return Object.entries(file.bots ?? {}).flatMap(([botId, { gap }]) => {
    if (gap === undefined) return [];
    const name = `AFTERWORD_CONFIG bots.${botId}.gap`;
    if (gap <= values.SESSION_GRACE) return [expected(name, 'more than SESSION_GRACE')];
    return gap > values.SESSION_MAX_DURATION ? [expected(name, 'at most SESSION_MAX_DURATION')] : [];
  });
}

const topicVariables = ['KAFKA_MESSAGES_TOPIC', 'KAFKA_RESULTS_TOPIC', 'KAFKA_DEAD_LETTER_TOPIC'] as const;

/** Results or dead letters on the messages topic would be read as messages, for ever. */
function topicFaults(values: Values, unsure: ReadonlySet<VariableName>): ConfigFault[] {
  const sure = topicVariables.filter((name) => !unsure.has(name));
  return sure.flatMap((name, index) => {
    const same = sure.slice(0, index).find((earlier) => values[earlier] === values[name]);
    return same === undefined ? [] : [expected(name, `another topic than ${same}`)];
  });
}

const sslFiles = ['KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY'] as const;

function sslFaults(values: Values): ConfigFault[] {
  if (values.KAFKA_SSL !== false) return [];
  return sslFiles
    .filter((name) => values[name] !== undefined)
    .map((name) => ({ name, problem: 'set although KAFKA_SSL is `false`' }));
}

/** The first needs the others. */
const needs: readonly (readonly [VariableName, readonly VariableName[]])[] = [
  ['KAFKA_SSL_CERT', ['KAFKA_SSL_KEY']],
  ['KAFKA_SSL_KEY', ['KAFKA_SSL_CERT']],
  ['KAFKA_SASL_MECHANISM', ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD']],
  ['KAFKA_SASL_USERNAME', ['KAFKA_SASL_PASSWORD']],
  ['KAFKA_SASL_PASSWORD', ['KAFKA_SASL_USERNAME']],
  ['EMBEDDINGS_URL', ['EMBEDDINGS_MODEL']],
  ['EMBEDDINGS_MODEL', ['EMBEDDINGS_URL']],
];

function togetherFaults(values: Values, unsure: ReadonlySet<VariableName>): ConfigFault[] {
  const missing = new Map<VariableName, VariableName>();
  for (const [name, others] of needs) {
    if (values[name] === undefined) continue;
    for (const other of others)
      if (values[other] === undefined && !unsure.has(other)) missing.set(other, name);
  }
  return [...missing].map(([name, because]) => ({ name, problem: `missing, ${because} needs it` }));
}

function serverFaults(values: Values, unsure: ReadonlySet<VariableName>): ConfigFault[] {
  if (isLoopback(values.HTTP_HOST) || values.HTTP_TOKEN !== undefined || unsure.has('HTTP_TOKEN')) return [];
  return [{ name: 'HTTP_TOKEN', problem: 'missing, HTTP_HOST can be reached from beyond this machine' }];
}

/** What has no price cannot be kept within a budget; calls would cost nobody knows what. */
function budgetFaults(values: Values, file: ConfigFile, unsure: ReadonlySet<VariableName>): ConfigFault[] {
  const isSure = !unsure.has('AFTERWORD_MODEL') && !unsure.has('BUDGET_USD_PER_DAY');
  if (values.ANTHROPIC_API_KEY === undefined || !isSure) return [];
  const hasBudget = values.BUDGET_USD_PER_DAY !== undefined;
  const ofBots = Object.values(file.bots ?? {})
    .filter((bot) => hasBudget || bot.budgetUsdPerDay !== undefined)
    .flatMap((bot) => modelsAsked(bot.strategies ?? file.strategies, bot.model ?? values.AFTERWORD_MODEL));
  const ofAll = hasBudget ? modelsAsked(file.strategies, values.AFTERWORD_MODEL) : [];
  const models = new Set([...ofAll, ...ofBots]);
  return [...models]
    .filter((model) => priceOf(model, file.prices) === undefined)
    .map((model) => ({
      name: 'AFTERWORD_CONFIG prices',
      problem: `no price is known for the model "${model}", which a budget needs`,
    }));
}

/** Those of the strategies that somebody has; `model` where they name none. */
function modelsAsked(strategies: ConfigFile['strategies'], model: string): string[] {
  if (strategies === undefined) return [model];
  return Object.values(strategies)
    .filter(({ weight }) => weight > 0)
    .map((strategy) => strategy.model ?? model);
}
