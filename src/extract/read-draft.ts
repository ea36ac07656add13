import type { z } from 'zod';
import { ensureError, InvariantError, isAfterwordError, type AfterwordError } from '../errors.ts';
import { nestsDeeper, storableJson, storableObject } from '../model/storable-text.ts';
import { mergerOf } from './merge-drafts.ts';
import { stageFailed } from './stage-failed.ts';
import type { CheckedResult, Stage } from './stage.ts';
import type { Transcript } from './transcript.ts';

/** What became of one stage's part of an answer. */
export type DraftReading =
  | { readonly held: true; readonly draft: unknown; readonly checked: CheckedResult<unknown> }
  /** The answer does not fit. `problem` may name the answer's fields: for the model's eyes only. */
  | { readonly held: false; readonly problem: string }
  /** The stage itself failed: a bug of ours, or of a plug-in. */
  | { readonly held: false; readonly fault: Error };

/** No stage asks for more; beyond it, walking an answer could exhaust the stack. */
const maxNestingLevels = 64;

/**
 * The answer's fields by stage, storable; undefined when it is no JSON object. Escapes
 * (`\u0000`) only become characters here, so a text that can be kept is not enough.
 */
export function partsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const bare = text.trim().replace(/^```(?:json)?\s*|\s*```$/gu, '');
  try {
    const parsed: unknown = JSON.parse(bare);
    return isObject(parsed) && !nestsDeeper(parsed, maxNestingLevels) ? storableObject(parsed) : undefined;
  } catch {
    // What JSON.parse says quotes its input; that it failed is all that is needed.
    return undefined;
  }
}

export function readDraft(stage: Stage, part: unknown, transcript: Transcript): DraftReading {
  const parsed = parseDraft(stage, part);
  if ('fault' in parsed) return { held: false, fault: parsed.fault };
  if (!parsed.success) return { held: false, problem: describe(stage.name, parsed.error) };
  return checkDraft(stage, parsed.data, transcript);
}

/** A refinement in a plug-in's schema may throw: its siblings must not go with it. */
function parseDraft(
  stage: Stage,
  part: unknown,
): z.ZodSafeParseResult<unknown> | { readonly fault: AfterwordError } {
  try {
    return stage.draftSchema.safeParse(part);
  } catch (thrown) {
    return { fault: stageFailed(stage.name, 'schema', thrown) };
  }
}

/** Runs a stage's own check over a draft, and holds its result to the stage's own schema; as it will be stored. */
export function checkDraft(stage: Stage, draft: unknown, transcript: Transcript): DraftReading {
  try {
    const checked = stage.check(draft, transcript);
    if (stage.resultSchema.safeParse(checked.result).success) {
      return { held: true, draft, checked: { ...checked, result: asStored(checked.result) } };
    }
    return {
      held: false,
      fault: new InvariantError('afterword-stage-result', `stage ${stage.name} broke its own schema`),
    };
  } catch (error) {
    if (isAfterwordError(error) && error.code === 'MODEL_OUTPUT_INVALID') {
      return { held: false, problem: `${stage.name}: ${error.message}` };
    }
    return { held: false, fault: ensureError(error) };
  }
}

/** What stands in the result is a stage's own doing, also a plug-in's: no value of it may be refused later. */
function asStored(result: unknown): unknown {
  return storableJson(JSON.parse(JSON.stringify(result)));
}

/**
 * The last resort after a failed repair: list items that do not fit the schema are
 * left out and counted, so that one of them does not take the others along.
 */
export function readWithoutFaultyItems(stage: Stage, part: unknown, transcript: Transcript): DraftReading {
  const parsed = parseDraft(stage, part);
  if ('fault' in parsed) return { held: false, fault: parsed.fault };
  if (parsed.success) return checkDraft(stage, parsed.data, transcript);
  const faulty = faultyItems(parsed.error);
  const reading = readDraft(stage, faulty === undefined ? undefined : without(part, faulty), transcript);
  if (!reading.held || faulty === undefined) return reading;
  return withMalformed(reading, faulty.size);
}

/**
 * The drafts of a long window's parts as one, through the stage's check over the whole window;
 * what was left out of a part as malformed stays counted.
 */
export function readMerged(
  stage: Stage,
  parts: readonly { readonly draft: unknown; readonly checked: CheckedResult<unknown> }[],
  transcript: Transcript,
): DraftReading {
  const reading = checkMerged(
    stage,
    parts.map(({ draft }) => draft),
    transcript,
  );
  const malformed = parts.reduce((sum, { checked }) => sum + (checked.rejected['malformed'] ?? 0), 0);
  return reading.held && malformed > 0 ? withMalformed(reading, malformed) : reading;
}

function checkMerged(stage: Stage, drafts: readonly unknown[], transcript: Transcript): DraftReading {
  try {
    return checkDraft(stage, mergerOf(stage)?.(drafts), transcript);
  } catch (error) {
    return { held: false, fault: ensureError(error) };
  }
}

function withMalformed(reading: DraftReading & { readonly held: true }, malformed: number): DraftReading {
  const rejected = { ...reading.checked.rejected, malformed };
  return { ...reading, checked: { ...reading.checked, rejected } };
}

/** `field index` of each faulty item, when all faults lie within items of the part's lists. */
function faultyItems(error: z.ZodError): Set<string> | undefined {
  const places = error.issues.map(({ path: [field, index] }) =>
    typeof field === 'string' && typeof index === 'number' ? `${field} ${index}` : undefined,
  );
  const known = places.filter((place) => place !== undefined);
  return known.length === places.length ? new Set(known) : undefined;
}

function without(part: unknown, faulty: ReadonlySet<string>): unknown {
  if (!isObject(part)) return part;
  return Object.fromEntries(
    Object.entries(part).map(([field, value]) => [
      field,
      Array.isArray(value) ? value.filter((_, index) => !faulty.has(`${field} ${index}`)) : value,
    ]),
  );
}

function describe(name: string, error: z.ZodError): string {
  const lines = error.issues
    .slice(0, 8)
    .map(({ path, message }) => `${[name, ...path.map(String)].join('.')}: ${message}`);
  return lines.join('\n').slice(0, 1_500);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
