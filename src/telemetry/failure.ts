import { isAfterwordError, type AfterwordError } from '../errors.ts';
import { guardId, guardWord } from './fields.ts';
import { stackFrames } from './stack-frames.ts';

/** An error as it may be logged: what kind, where, and why, but nobody's text. */
export interface FailureDescription {
  readonly class: string;
  readonly code?: string;
  /** Only of our own errors: a foreign message can quote its input. */
  readonly message?: string;
  readonly hint?: string;
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly stack?: readonly string[];
  /** The causes, nearest first. */
  readonly causes?: readonly FailureDescription[];
}

const maxCauses = 5;

/** Total: describes whatever was thrown, and never throws itself. */
export function describeFailure(thrown: unknown): FailureDescription {
  const causes = causesOf(thrown).map(describeOne);
  return { ...describeOne(thrown), ...(causes.length > 0 && { causes }) };
}

/** One word that names the failure: our code, the other side's, or the class. */
export function failureCode(thrown: unknown): string {
  const { code, class: className } = describeOne(thrown);
  return code ?? className;
}

function describeOne(thrown: unknown): FailureDescription {
  if (!(thrown instanceof Error)) return { class: `thrown-${thrown === null ? 'null' : typeof thrown}` };
  const frames = stackFrames(thrown);
  const stack = frames.length > 0 ? { stack: frames } : {};
  if (isAfterwordError(thrown)) return { ...describeOwn(thrown), ...stack };
  const code = foreignCode(thrown);
  const details = foreignDetails(thrown);
  return {
    class: classOf(thrown),
    ...(code !== undefined && { code }),
    ...(details && { details }),
    ...stack,
  };
}

function describeOwn(error: AfterwordError): FailureDescription {
  const details = Object.entries(error.details).map(
    ([name, value]) => [guardWord(name), typeof value === 'string' ? guardId(value) : value] as const,
  );
  return {
    class: error.name,
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(details.length > 0 && { details: Object.fromEntries(details) }),
  };
}

/** `name` can be set to anything, the constructor's name hardly. */
function classOf(error: Error): string {
  const name: unknown = read(error.constructor, 'name');
  return typeof name === 'string' && name !== '' ? guardWord(name) : 'Error';
}

function foreignCode(error: Error): string | undefined {
  const code = read(error, 'code') ?? read(error, 'status') ?? read(error, 'type');
  if (typeof code === 'number') return String(code);
  return typeof code === 'string' && code !== '' ? guardWord(code) : undefined;
}

/** Of a Postgres error: the names of things. Its message, detail, hint and where hold values. */
const databaseNames = ['severity', 'schema', 'table', 'column', 'constraint', 'routine'] as const;

function foreignDetails(error: Error): Record<string, string | number> | undefined {
  const details: Record<string, string | number> = {};
  for (const name of databaseNames) {
    const value = read(error, name);
    if (typeof value === 'string') details[name] = guardWord(value);
  }
  const issues = read(error, 'issues');
  if (Array.isArray(issues)) details['issues'] = issues.length;
  return Object.keys(details).length > 0 ? details : undefined;
}

function causesOf(thrown: unknown): unknown[] {
  const seen = new Set<unknown>([thrown]);
  const causes: unknown[] = [];
  const waiting = innerOf(thrown);
  while (waiting.length > 0 && causes.length < maxCauses) {
    const cause = waiting.shift();
    if (seen.has(cause)) continue;
    seen.add(cause);
    causes.push(cause);
    waiting.push(...innerOf(cause));
  }
  return causes;
}

function innerOf(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error)) return [];
  const cause = read(thrown, 'cause');
  const errors = read(thrown, 'errors');
  const several: unknown[] = Array.isArray(errors) ? errors.slice(0, maxCauses) : [];
  return cause === undefined ? several : [cause, ...several];
}

/** A getter of a foreign error may throw. */
function read(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
