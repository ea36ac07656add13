import { readFileSync } from 'node:fs';

/** A fenced block of the README, with what the comment before it says it is for. */
export interface ReadmeBlock {
  /** From `<!-- test: … -->`; undefined: nobody says what becomes of it. */
  readonly purpose: string | undefined;
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

export const readmePath = new URL('../../README.md', import.meta.url);

export function readmeBlocks(): ReadmeBlock[] {
  const blocks: ReadmeBlock[] = [];
  let purpose: string | undefined;
  let open: { language: string; lines: string[]; line: number } | undefined;
  readFileSync(readmePath, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const fence = /^```(\w*)/.exec(line);
      if (open !== undefined && fence !== null) {
        blocks.push({ purpose, language: open.language, text: open.lines.join('\n'), line: open.line });
        open = undefined;
        purpose = undefined;
      } else if (open !== undefined) open.lines.push(line);
      else if (fence !== null) open = { language: fence[1] ?? '', lines: [], line: index + 1 };
      else purpose = /^<!-- test: (.+) -->$/.exec(line)?.[1] ?? (line.trim() === '' ? purpose : undefined);
    });
  return blocks;
}
