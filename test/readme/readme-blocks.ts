import { readFileSync } from 'node:fs';

/** What may stand in the `<!-- test: … -->` before a block; a test file answers for each. */
export const purposes = [
  'run',
  'output of the demo',
  'this test',
  'picture',
  'run until stopped',
  'while it runs',
  'sql',
  'typescript',
  'needs Kafka',
  'python',
] as const;
export type Purpose = (typeof purposes)[number];

/** A fenced block of the README. */
export interface ReadmeBlock {
  /** As written; undefined: nobody says what becomes of it. */
  readonly purpose: string | undefined;
  readonly lines: readonly string[];
  /** Of its opening fence, from 1. */
  readonly line: number;
}

export const readmePath = new URL('../../README.md', import.meta.url);

export function readmeBlocks(): ReadmeBlock[] {
  const lines = readFileSync(readmePath, 'utf8').split('\n');
  const fences = lines.flatMap((line, index) => (line.startsWith('```') ? [index] : []));
  return fences.flatMap((opening, index) => {
    const closing = fences[index + 1];
    // Every second fence closes the one before it.
    if (index % 2 === 1 || closing === undefined) return [];
    const purpose = /^<!-- test: (.+) -->$/.exec(lines[opening - 1] ?? '')?.[1];
    return [{ purpose, lines: lines.slice(opening + 1, closing), line: opening + 1 }];
  });
}

/** The one block of a purpose; there has to be exactly one. */
export function readmeBlock(purpose: Purpose): ReadmeBlock {
  const [block, ...others] = readmeBlocks().filter((candidate) => candidate.purpose === purpose);
  if (block === undefined || others.length > 0) {
    throw new Error(`README.md needs exactly one block <!-- test: ${purpose} -->`);
  }
  return block;
}

/**
 * Parts of a shown output that the real one lacks. A part is what stands between lines of
 * `…`; its lines have to follow each other in the real output. Dates are compared by
 * their form: the demo moves its conversations where the clock stands before them.
 */
export function missingParts(shown: readonly string[], real: string): string[] {
  const realLines = `\n${datesAside(real)}\n`;
  return shown
    .join('\n')
    .split(/^…$/mu)
    .map((part) => part.replace(/^\n|\n$/gu, ''))
    .filter((part) => !realLines.includes(`\n${datesAside(part)}\n`));
}

function datesAside(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?:–\d\d:\d\d)?/gu, '<time>')
    .replace(/\(until [A-Z][a-z]+ \d{4}\)/gu, '(until <month>)');
}
