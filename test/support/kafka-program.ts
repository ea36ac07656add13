import { execFile } from 'node:child_process';

/** Runs a program to its end and returns what it printed; rejects with its last words. */
export function runProgram(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(describeFailure(command, error, stdout + stderr)));
    });
  });
}

function describeFailure(command: string, error: Error & { code?: unknown }, output: string): string {
  if (error.code === 'ENOENT') return `${command} is not installed`;
  return `${command} failed: ${output.slice(-1_000)}`;
}
