import { kafkaVariables } from './variables/kafka.ts';
import { modelVariables } from './variables/model.ts';
import { processVariables } from './variables/process.ts';
import { sessionsVariables } from './variables/sessions.ts';
import { storageVariables } from './variables/storage.ts';
import type { DefaultedVariable, Variable } from './variables/variable.ts';

/** By what they are about, in the order of the reference page. */
export const variableGroups = {
  Kafka: kafkaVariables,
  Storage: storageVariables,
  Model: modelVariables,
  'Sessions and memory': sessionsVariables,
  'Server and process': processVariables,
} as const;

export const variables = {
  ...kafkaVariables,
  ...storageVariables,
  ...modelVariables,
  ...sessionsVariables,
  ...processVariables,
} as const;

export type VariableName = keyof typeof variables;

export const variableNames = Object.keys(variables) as readonly VariableName[];

type ValueOf<V> = V extends Variable<infer Value> ? Value : never;

export type PartialValues = {
  readonly [Name in VariableName]?: ValueOf<(typeof variables)[Name]> | undefined;
};

/** Every setting as parsed; only what has no default can be undefined. */
export type Values = {
  readonly [Name in VariableName]: (typeof variables)[Name] extends DefaultedVariable<infer Value>
    ? Value
    : ValueOf<(typeof variables)[Name]> | undefined;
};
