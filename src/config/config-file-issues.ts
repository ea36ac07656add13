import { z } from 'zod';
import { configFileSchema } from './config-file.ts';
import type { ConfigFault } from './faults.ts';
import { nearestName } from './nearest-name.ts';

/** Tells what is right from the issue's code; parts of the file are never repeated. */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') {
    return `expected ${issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`}`;
  }
  if (issue.code === 'too_small') {
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  }
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`;
  if (issue.code === 'invalid_union') return 'expected a duration such as "60d", or "never"';
  return 'not of the expected form';
}

/** `variable` names the file; the path inside is added where it holds names only. */
export function faultsOfIssue(variable: string, issue: z.core.$ZodIssue): ConfigFault[] {
  const path = issue.path.map(String).map((key) => (isPrintable(key) ? key : '?'));
  const name = path.length === 0 ? variable : `${variable} ${path.join('.')}`;
  if (issue.code === 'unrecognized_keys') {
    const known = settingsAt(issue.path);
    return issue.keys.map((key) => ({ name, problem: unknownSetting(key, known) }));
  }
  if (issue.code === 'invalid_key') {
    return [{ name, problem: `as a name: ${issue.issues[0]?.message ?? 'not of the expected form'}` }];
  }
  return [{ name, problem: issue.message }];
}

function unknownSetting(key: string, known: readonly string[]): string {
  if (!isPrintable(key)) return 'holds a setting that does not exist';
  const nearest = nearestName(key, known);
  return `"${key}" is not a setting${nearest === undefined ? '' : `, did you mean "${nearest}"?`}`;
}

/** Names of settings and ids; whatever looks otherwise could be a value that slipped. */
function isPrintable(key: string): boolean {
  return /^[\w$@:./-]{1,64}$/.test(key);
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The names that may stand at a path of the file. */
function settingsAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: JsonSchema | undefined = z.toJSONSchema(configFileSchema, { io: 'input' });
  for (const key of path) schema = schema && childSchema(schema, String(key));
  const names = schema?.propertyNames;
  const allowed = typeof names === 'object' ? (names.enum ?? []) : [];
  return [...Object.keys(schema?.properties ?? {}), ...allowed.filter((name) => typeof name === 'string')];
}

function childSchema(schema: JsonSchema, key: string): JsonSchema | undefined {
  const child = schema.properties?.[key] ?? schema.additionalProperties;
  return typeof child === 'object' ? child : undefined;
}
