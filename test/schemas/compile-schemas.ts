import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const schemasFolder = join(import.meta.dirname, '../../schemas');

export const schemaFileNames = readdirSync(schemasFolder)
  .filter((name) => name.endsWith('.json'))
  .sort();

export function readSchema(fileName: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(schemasFolder, fileName), 'utf8')) as Record<string, unknown>;
}

/** Strict as ajv can be, but for fields that may be text or a number, which is meant so. */
export function compileSchema(fileName: string): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(readSchema(fileName));
}
