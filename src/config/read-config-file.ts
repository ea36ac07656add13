import { describeIssue, faultsOfIssue } from './config-file-issues.ts';
import { configFileSchema, type ConfigFile } from './config-file.ts';
import type { ConfigFault } from './faults.ts';
import type { PartialValues } from './variables.ts';

/** Reads a text file; throws as `node:fs` does. */
export type ReadFile = (path: string) => string;

export interface FileReading {
  readonly file: ConfigFile;
  readonly faults: readonly ConfigFault[];
}

const variable = 'AFTERWORD_CONFIG';
const fault = (problem: string): FileReading => ({ file: {}, faults: [{ name: variable, problem }] });

export function readConfigFile(path: string | undefined, readFile: ReadFile): FileReading {
  if (path === undefined) return { file: {}, faults: [] };
  const read = readTextFile(path, readFile);
  if ('problem' in read) return fault(read.problem);
  const parsed = parseJson(read.text);
  if ('problem' in parsed) return fault(parsed.problem);
  const checked = configFileSchema.safeParse(parsed.value, { error: describeIssue });
  if (checked.success) return { file: checked.data, faults: [] };
  return { file: {}, faults: checked.error.issues.flatMap((issue) => faultsOfIssue(variable, issue)) };
}

/** The text, or the problem as a code: a system error's own message repeats the path it was given. */
export function readTextFile(path: string, readFile: ReadFile): { text: string } | { problem: string } {
  try {
    return { text: readFile(path) };
  } catch (error) {
    return { problem: `the file could not be read (${systemCode(error)})` };
  }
}

export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z_]{2,40}$/.test(code) ? code : 'unknown error';
}

function parseJson(text: string): { value: unknown } | { problem: string } {
  try {
    // Some editors begin a file with a byte order mark.
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch {
    return { problem: `the file is not JSON (line ${firstBrokenLine(text)})` };
  }
}

/**
 * The parser's message quotes the text, and not every version tells a position. So the
 * file is parsed line by line: the first line after which it breaks otherwise than by
 * coming to its end is the one.
 */
function firstBrokenLine(text: string): number {
  const lines = text.split('\n');
  const broken = lines.findIndex((_, index) => !isUnfinished(lines.slice(0, index + 1).join('\n')));
  return broken < 0 ? lines.length : broken + 1;
}

function isUnfinished(text: string): boolean {
  try {
    JSON.parse(text);
    // A whole value before the end: what follows it is what is wrong.
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = Number(/ at position (\d+)/.exec(message)?.[1]);
    // A string never goes on in the next line.
    if (message.startsWith('Unterminated string')) return false;
    return message.startsWith('Unexpected end of JSON') || position === text.length;
  }
}

/** What the file says of settings that have a variable. */
export function valuesOfFile(file: ConfigFile): PartialValues {
  return {
    SESSION_GAP: file.session?.gap,
    SESSION_GRACE: file.session?.grace,
    SESSION_MAX_MESSAGES: file.session?.maxMessages,
    SESSION_MAX_DURATION: file.session?.maxDuration,
    IGNORE_USERS: file.ignoreUsers,
    AFTERWORD_MODEL: file.model,
    MODEL_OUTPUT: file.modelOutput,
    MODEL_TRANSCRIPT_TOKENS: file.transcriptTokens,
    BUDGET_USD_PER_DAY: file.budgetUsdPerDay,
  };
}
