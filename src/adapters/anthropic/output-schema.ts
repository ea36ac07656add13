import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import type { z } from 'zod';
import { AfterwordError } from '../../errors.ts';

export interface OutputFormat {
  readonly type: 'json_schema';
  readonly schema: Record<string, unknown>;
}

// Deriving one takes a millisecond; the same stages ask with the same schema object.
const known = new WeakMap<z.ZodType, OutputFormat>();

/**
 * The provider's JSON schema for an answer. MODEL_REQUEST_INVALID when a stage's draft
 * schema cannot be said in it (a record or a map has no closed list of fields).
 */
export function outputFormat(answerSchema: z.ZodType): OutputFormat {
  const format = known.get(answerSchema) ?? deriveFormat(answerSchema);
  known.set(answerSchema, format);
  return format;
}

function deriveFormat(answerSchema: z.ZodType): OutputFormat {
  let schema: unknown;
  try {
    ({ schema } = zodOutputFormat(answerSchema));
  } catch {
    throw unsayable();
  }
  return { type: 'json_schema', schema: tidy(schema) as Record<string, unknown> };
}

/**
 * Takes out what costs tokens and says nothing: the bounds of a safe integer, which
 * the SDK moves into the description of every whole number.
 */
function tidy(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidy);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(
    ([name, value]) =>
      !(name === 'description' && typeof value === 'string' && value.startsWith(safeInteger)),
  );
  const tidied = Object.fromEntries(entries.map(([name, value]) => [name, tidy(value)]));
  if (isRecordSchema(tidied)) throw unsayable();
  return tidied;
}

const safeInteger = `{minimum: ${String(Number.MIN_SAFE_INTEGER)}`;

/** An object without fields is what is left of a record: it would accept nothing but `{}`. */
function isRecordSchema(node: Record<string, unknown>): boolean {
  const { type, properties } = node as { type?: unknown; properties?: unknown };
  return (
    type === 'object' &&
    typeof properties === 'object' &&
    properties !== null &&
    Object.keys(properties).length === 0
  );
}

function unsayable(): AfterwordError {
  return new AfterwordError(
    'MODEL_REQUEST_INVALID',
    'a draft schema cannot be expressed as structured output',
    {
      hint: 'Use objects with named fields; write maps as lists of {name, value}.',
    },
  );
}
