import type { Output } from './command-context.ts';

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Data on stdout; notes and progress on stderr, progress in place where a person watches. */
export function terminalOutput(stdout: Stream, stderr: Stream): Output {
  const isTerminal = stderr.isTTY === true;
  let inProgress = false;
  const endProgress = (): void => {
    if (inProgress) stderr.write('\n');
    inProgress = false;
  };
  return {
    isTerminal,
    out: (line) => {
      endProgress();
      stdout.write(`${line}\n`);
    },
    note: (line) => {
      endProgress();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!isTerminal) {
        stderr.write(`${line}\n`);
        return;
      }
      stderr.write(`\r\u001b[K${line}`);
      inProgress = true;
    },
  };
}
