import type { ConfigFile } from './config-file.ts';
import { usesSsl } from './kafka-connection.ts';
import { nearestName } from './nearest-name.ts';
import type { Environment } from './read-environment.ts';
import { strategyPlaces } from './strategies.ts';
import { variableNames, type Values, type VariableName } from './variables.ts';

/** What is probably a mistake. Names only, never values. */
export function configWarnings(
  environment: Environment,
  values: Values,
  file: ConfigFile,
): readonly string[] {
  return [
    ...misspeltVariables(environment),
    ...uselessVariables(values),
    ...uselessStrategies(values, file),
    ...withoutEffect(values),
    ...weakConnections(values),
  ];
}

/** Part of the contract, read and checked, but without effect in this version: said, not silently dropped. */
const notInForce: readonly VariableName[] = ['TRANSCRIPT_RETENTION'];

function withoutEffect(values: Values): string[] {
  return notInForce
    .filter((name) => values[name] !== undefined)
    .map((name) => `${name} has no effect in this version`);
}

/** What other software calls the same thing. */
const otherNames: Readonly<Record<string, VariableName>> = {
  KAFKA_BOOTSTRAP_SERVERS: 'KAFKA_BROKERS',
  POSTGRES_URL: 'DATABASE_URL',
  ANTHROPIC_MODEL: 'AFTERWORD_MODEL',
};

function misspeltVariables(environment: Environment): string[] {
  const known: readonly string[] = variableNames;
  const unknown = Object.keys(environment).filter((name) => /^\w{3,64}$/.test(name) && !known.includes(name));
  return unknown.flatMap((name) => {
    if ((environment[name] ?? '').trim() === '') return [];
    const meant = otherNames[name] ?? nearestName(name, known);
    // A variable whose right name is set too is somebody else's.
    if (meant !== undefined && !environment[meant]) return [`${name} is not read; did you mean ${meant}?`];
    return name.startsWith('AFTERWORD_') ? [`${name} is not read: there is no such setting`] : [];
  });
}

/** The first has no effect without the second. */
const useless: readonly (readonly [VariableName, VariableName, string])[] = [
  ['KAFKA_SSL', 'KAFKA_BROKERS', 'the embedded log is used'],
  ['KAFKA_SSL_CA', 'KAFKA_BROKERS', 'the embedded log is used'],
  ['KAFKA_SASL_USERNAME', 'KAFKA_BROKERS', 'the embedded log is used'],
  ['QDRANT_API_KEY', 'QDRANT_URL', 'vectors are kept in Postgres'],
  ['ANTHROPIC_BASE_URL', 'ANTHROPIC_API_KEY', 'the offline analyser is used'],
  ['BUDGET_USD_PER_DAY', 'ANTHROPIC_API_KEY', 'the offline analyser is used'],
  ['EMBEDDINGS_API_KEY', 'EMBEDDINGS_URL', 'lexical vectors are used'],
];

function uselessVariables(values: Values): string[] {
  return (
    useless
      .filter(([name, needed]) => values[name] !== undefined && values[needed] === undefined)
      // Setting what is needed would change nothing, so that must not be the advice.
      .filter(([name]) => !notInForce.includes(name))
      .map(([name, needed, instead]) => `${name} has no effect: ${needed} is unset, so ${instead}`)
  );
}

/** They differ in how a model is asked. */
function uselessStrategies(values: Values, file: ConfigFile): string[] {
  if (values.ANTHROPIC_API_KEY !== undefined) return [];
  return strategyPlaces(file).map(
    ([place]) =>
      `AFTERWORD_CONFIG ${place} changes no result: ANTHROPIC_API_KEY is unset, so the offline analyser is used`,
  );
}

function weakConnections(values: Values): string[] {
  const warnings: string[] = [];
  if (values.KAFKA_SSL_REJECT_UNAUTHORIZED === false) {
    warnings.push('KAFKA_SSL_REJECT_UNAUTHORIZED is `false`: anybody can pose as the broker');
  }
  if (values.KAFKA_SASL_PASSWORD !== undefined && !usesSsl(values)) {
    warnings.push('KAFKA_SASL_PASSWORD is sent over connections that are not encrypted; set KAFKA_SSL');
  }
  return warnings;
}
