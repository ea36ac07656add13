import type { z } from 'zod';
import { nearestName } from '../config/nearest-name.ts';
import { builtInStageNames, stageNamePattern } from '../config/stage-names.ts';
import type { StageDefinition } from '../extract/define-stage.ts';

/** What is wrong with one field of a stage; `field` is empty for the stage itself. */
export interface DefinitionFault {
  readonly field: string;
  readonly problem: string;
}

export type DefinitionReading =
  | { readonly ok: true; readonly definition: StageDefinition }
  | { readonly ok: false; readonly faults: readonly DefinitionFault[] };

/** Derives the JSON schema that the model is given; throws when there is none. */
export type DeriveSchema = (schema: z.ZodType) => unknown;

type Rule = (value: unknown) => string | undefined;

const required: Readonly<Record<string, Rule>> = {
  name: nameProblem,
  version: (value) =>
    isText(value) && /^[^\s\p{Cc}]{1,64}$/u.test(value)
      ? undefined
      : 'expected text such as "1", without spaces',
  prompt: (value) => (isText(value) && value.trim() !== '' ? undefined : 'expected text'),
  minMessages: (value) =>
    Number.isSafeInteger(value) && Number(value) >= 1 ? undefined : 'expected a whole number of at least 1',
};
const functions = ['check', 'merge', 'offline', 'remember'] as const;
const fields = [...Object.keys(required), 'schema', ...functions];

/** Whether a value is a stage: every fault by its field, all at once. */
export function readDefinition(value: unknown, derive: DeriveSchema): DefinitionReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, faults: [{ field: '', problem: 'expected what defineStage returns' }] };
  }
  const given = value as Readonly<Record<string, unknown>>;
  const faults = [
    ...Object.entries(required).map(([field, rule]) =>
      fault(field, missing(given[field]) ?? rule(given[field])),
    ),
    fault('schema', missing(given['schema']) ?? schemaProblem(given['schema'], derive)),
    ...functions.map((field) => fault(field, functionProblem(given[field]))),
    ...Object.keys(given).map((field) => fault(field, unknownField(field))),
  ].filter((found) => found !== undefined);
  // Every field has been looked at, which is what StageDefinition says.
  return faults.length > 0 ? { ok: false, faults } : { ok: true, definition: value as StageDefinition };
}

function fault(field: string, problem: string | undefined): DefinitionFault | undefined {
  return problem === undefined ? undefined : { field, problem };
}

function missing(value: unknown): string | undefined {
  return value === undefined ? 'missing' : undefined;
}

function nameProblem(value: unknown): string | undefined {
  if (!isText(value) || !stageNamePattern.test(value) || /-$|--/.test(value)) {
    return 'expected kebab-case: a letter, then letters, digits and single hyphens, at most 63';
  }
  // The model's answer is an object with a field of this name.
  if (value in {}) return 'is a word that JavaScript keeps for itself';
  return builtInStageNames.some((name) => name === value)
    ? `is the name of a stage that comes with Afterword (${builtInStageNames.join(', ')})`
    : undefined;
}

function functionProblem(value: unknown): string | undefined {
  return value === undefined || typeof value === 'function' ? undefined : 'expected a function, or nothing';
}

function unknownField(field: string): string | undefined {
  if (fields.includes(field)) return undefined;
  const meant = nearestName(field, fields);
  return `is not a field of a stage${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
}

function schemaProblem(value: unknown, derive: DeriveSchema): string | undefined {
  if (!isZodSchema(value)) return 'expected a schema of zod 4 (`z` of this package is one)';
  try {
    const json = derive(value);
    return isRecursive(json) ? 'refers to itself, which a model cannot be asked for' : undefined;
  } catch {
    return 'cannot be said as JSON schema to the model: use objects with named fields, write maps as lists of {name, value}, leave transforms and dates out';
  }
}

/** By what it can do, not by its class: a module may have another copy of zod. */
function isZodSchema(value: unknown): value is z.ZodType {
  return (
    typeof value === 'object' &&
    value !== null &&
    '_zod' in value &&
    'safeParse' in value &&
    typeof value.safeParse === 'function'
  );
}

function isRecursive(json: unknown): boolean {
  const root = isObject(json) ? json : {};
  const definitions = isObject(root['$defs']) ? root['$defs'] : {};
  const visit = (node: unknown, open: readonly string[]): boolean => {
    if (Array.isArray(node)) return node.some((item) => visit(item, open));
    if (!isObject(node)) return false;
    const reference = node['$ref'];
    if (typeof reference === 'string') {
      const name = reference.replace('#/$defs/', '');
      return open.includes(name) || reference === '#' || visit(definitions[name], [...open, name]);
    }
    return Object.entries(node).some(([field, inner]) => field !== '$defs' && visit(inner, open));
  };
  return visit(root, []);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
