import { readConfigFile, valuesOfFile, type ReadFile } from './read-config-file.ts';
import type { ConfigFile, StageSettingsInFile } from './config-file.ts';
import type { BotOverrides, Config, KafkaConnection, StageSettings } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { configInvalid, type ConfigFault } from './faults.ts';
import { kafkaConnection } from './kafka-connection.ts';
import type { Kind } from './kinds.ts';
import {
  defaultValues,
  mergeValues,
  readEnvironment,
  type Environment,
  type Reading,
} from './read-environment.ts';
import { crossFieldFaults } from './rules.ts';
import { composeStrategies, defaultStrategies, strategyPlaces, type StrategySettings } from './strategies.ts';
import { variableNames, variables, type PartialValues, type Values, type VariableName } from './variables.ts';
import { configWarnings } from './warnings.ts';

const dayMs = 24 * 60 * 60_000;

/**
 * The configuration out of the environment and the file that AFTERWORD_CONFIG names;
 * the environment wins. Throws CONFIG_INVALID with every fault by its variable's name;
 * no fault repeats a value. `readFile` throws as `node:fs` does.
 */
export function loadConfig(environment: Environment, readFile: ReadFile): Config {
  const fromEnvironment = readEnvironment(environment);
  const { file, faults: fileFaults } = readConfigFile(fromEnvironment.values.AFTERWORD_CONFIG, readFile);
  const fromFile = valuesOfFile(file);
  const values = mergeValues(defaultValues(), fromFile, fromEnvironment.values);
  const faults: ConfigFault[] = [...fromEnvironment.faults, ...fileFaults];
  const connection = kafkaConnection(values, readFile, faults);
  const strategies = readStrategies(values, file, readFile, faults);
  const unsure = unsureVariables(fromEnvironment, fileFaults);
  faults.push(...crossFieldFaults({ values, file, unsure }));
  if (faults.length > 0) throw configInvalid(faults);
  return deepFreeze({
    ...composeConfig(values, file, { connection, strategies }),
    sources: sourcesOf(fromEnvironment.values, fromFile),
    shown: showValues(values),
    warnings: configWarnings(environment, values, file),
  });
}

/** Misread ones, and those that a file which was refused may have set. */
function unsureVariables(
  fromEnvironment: Reading,
  fileFaults: readonly ConfigFault[],
): ReadonlySet<VariableName> {
  const misread = new Set(fromEnvironment.faults.map(({ name }) => name));
  const isUnsure = (name: VariableName): boolean =>
    misread.has(name) ||
    (fileFaults.length > 0 && 'inFile' in variables[name] && fromEnvironment.values[name] === undefined);
  return new Set(variableNames.filter(isUnsure));
}

/** By their place in the file. */
type StrategiesByPlace = ReadonlyMap<string, readonly StrategySettings[]>;

function readStrategies(
  values: Values,
  file: ConfigFile,
  readFile: ReadFile,
  faults: ConfigFault[],
): StrategiesByPlace {
  const configFile = values.AFTERWORD_CONFIG ?? '';
  return new Map(
    strategyPlaces(file).map(([place, strategies]) => [
      place,
      composeStrategies(place, strategies, { configFile, readFile }, faults),
    ]),
  );
}

function composeConfig(
  values: Values,
  file: ConfigFile,
  { connection, strategies }: { connection: KafkaConnection | null; strategies: StrategiesByPlace },
): Omit<Config, 'sources' | 'shown' | 'warnings'> {
  return {
    kafka: {
      connection,
      clientId: values.KAFKA_CLIENT_ID,
      groupId: values.KAFKA_GROUP_ID,
      messagesTopic: values.KAFKA_MESSAGES_TOPIC,
      resultsTopic: values.KAFKA_RESULTS_TOPIC,
      deadLetterTopic: values.KAFKA_DEAD_LETTER_TOPIC,
    },
    ...composeServices(values),
    dataDir: values.DATA_DIR,
    session: {
      gapMs: values.SESSION_GAP,
      graceMs: values.SESSION_GRACE,
      maxMessages: values.SESSION_MAX_MESSAGES,
      maxDurationMs: values.SESSION_MAX_DURATION,
      key: values.SESSION_KEY,
    },
    extract: {
      model: values.AFTERWORD_MODEL,
      output: values.MODEL_OUTPUT,
      transcriptTokens: values.MODEL_TRANSCRIPT_TOKENS,
      concurrency: values.EXTRACT_CONCURRENCY,
      fallbackAfterMs: values.MODEL_FALLBACK_AFTER,
      budgetUsdPerDay: values.BUDGET_USD_PER_DAY ?? null,
      prices: file.prices ?? {},
      stages: mapValues(file.stages ?? {}, composeStage),
      strategies: strategies.get('strategies') ?? defaultStrategies,
      ignoreUsers: values.IGNORE_USERS ?? [],
    },
    memory: {
      scope: values.MEMORY_SCOPE,
      lifetimesMs: lifetimesOf(file),
      privateChannelTypes: file.memory?.privateChannelTypes ?? ['dm', 'private'],
      nearDuplicateScore: file.memory?.nearDuplicateScore ?? null,
    },
    retention: {
      keptAnswersMs: keptFor(file.retention?.keptAnswers, 30),
      modelCallsMs: keptFor(file.retention?.modelCalls, 400),
      embeddedLogMs: keptFor(file.retention?.embeddedLog, 7),
    },
    transcriptRetentionMs: values.TRANSCRIPT_RETENTION ?? null,
    http: { host: values.HTTP_HOST, port: values.HTTP_PORT, token: values.HTTP_TOKEN ?? null },
    logLevel: values.LOG_LEVEL,
    bots: mapValues(file.bots ?? {}, (bot, botId) => ({
      ...composeBot(bot),
      ...ownStrategies(strategies.get(`bots.${botId}.strategies`)),
    })),
    modules: (file.modules ?? []).map((name) => ({ name, file: values.AFTERWORD_CONFIG ?? '' })),
    ownStages: [],
  };
}

function composeServices(
  values: Values,
): Pick<Config, 'databaseUrl' | 'qdrant' | 'anthropic' | 'embeddings'> {
  const { QDRANT_URL, ANTHROPIC_API_KEY, EMBEDDINGS_URL, EMBEDDINGS_MODEL } = values;
  return {
    databaseUrl: values.DATABASE_URL ?? null,
    qdrant: QDRANT_URL ? { url: QDRANT_URL, apiKey: values.QDRANT_API_KEY ?? null } : null,
    anthropic: ANTHROPIC_API_KEY
      ? { apiKey: ANTHROPIC_API_KEY, baseUrl: values.ANTHROPIC_BASE_URL ?? null }
      : null,
    embeddings:
      EMBEDDINGS_URL && EMBEDDINGS_MODEL
        ? { url: EMBEDDINGS_URL, model: EMBEDDINGS_MODEL, apiKey: values.EMBEDDINGS_API_KEY ?? null }
        : null,
  };
}

function composeStage(stage: StageSettingsInFile): StageSettings {
  return { enabled: stage.enabled ?? true, minMessages: stage.minMessages ?? null };
}

function composeBot(bot: NonNullable<ConfigFile['bots']>[string]): BotOverrides {
  return {
    ...(bot.gap !== undefined && { gapMs: bot.gap }),
    ...(bot.model !== undefined && { model: bot.model }),
    ...(bot.budgetUsdPerDay !== undefined && { budgetUsdPerDay: bot.budgetUsdPerDay }),
    stages: mapValues(bot.stages ?? {}, (stage) => ({
      ...(stage.enabled !== undefined && { enabled: stage.enabled }),
      ...(stage.minMessages !== undefined && { minMessages: stage.minMessages }),
    })),
    ignoreUsers: bot.ignoreUsers ?? [],
  };
}

function ownStrategies(own: readonly StrategySettings[] | undefined): Pick<BotOverrides, 'strategies'> {
  return own === undefined ? {} : { strategies: own };
}

function lifetimesOf(file: ConfigFile): Config['memory']['lifetimesMs'] {
  return mapValues(file.memory?.lifetimes ?? {}, (lifetime) => (lifetime === 'never' ? null : lifetime));
}

function keptFor(inFile: number | 'never' | undefined, defaultDays: number): number | null {
  return inFile === 'never' ? null : (inFile ?? defaultDays * dayMs);
}

function sourcesOf(fromEnvironment: PartialValues, fromFile: PartialValues): Config['sources'] {
  const sourceOf = (name: VariableName): Config['sources'][VariableName] => {
    if (fromEnvironment[name] !== undefined) return 'environment';
    if (fromFile[name] !== undefined) return 'file';
    return 'byDefault' in variables[name] ? 'default' : 'unset';
  };
  const sources = variableNames.map((name) => [name, sourceOf(name)] as const);
  return Object.fromEntries(sources) as Config['sources'];
}

function showValues(values: Values): Config['shown'] {
  const shown = variableNames.flatMap((name) => {
    const kind: Kind<unknown> = variables[name].kind;
    return values[name] === undefined ? [] : [[name, kind.show(values[name])] as const];
  });
  return Object.fromEntries(shown);
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
