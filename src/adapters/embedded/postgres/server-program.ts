import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';

import type { ServerAccount } from './server-account.ts';

interface ProgramPlace {
  readonly account: ServerAccount;
  /** The folder of the cluster; the program is started in it. */
  readonly folder: string;
}

// Nothing of our own environment reaches the server: it holds keys that are not its business.
// C keeps the messages in English, which is how a taken port is recognised.
const environment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };

/**
 * How the server is told where its data is. Under another account it may not be
 * allowed to walk there: a project below /root is closed to everybody else. The
 * kernel enters the folder before it drops root, and /proc/self/cwd leads there
 * without the walk, for the server and for every process it forks.
 */
export function clusterArgument({ account, folder }: ProgramPlace): string {
  return account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

export function spawnProgram(
  file: string,
  args: readonly string[],
  options: ProgramPlace & { readonly stdio: StdioOptions; readonly detached?: boolean },
): ChildProcess {
  return spawn(file, args, {
    cwd: options.folder,
    env: environment,
    stdio: options.stdio,
    detached: options.detached ?? false,
    windowsHide: true,
    ...options.account,
  });
}

export interface ProgramEnd {
  readonly exitCode: number | undefined;
  /** What it wrote to its standard output and error, for a person; never shown where text of users could be in it. */
  readonly output: string;
  /** Why it could not be started at all: `EACCES`, `ENOENT` … */
  readonly startFailure: string | undefined;
}

/** Runs one of the server's programs to its end, with `input` as its standard input. Never rejects. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramPlace & { readonly input?: string },
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawnProgram(file, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    // A program that ends before it has read its input breaks the pipe; its exit code tells why.
    child.stdin?.on('error', () => undefined).end(options.input ?? '');
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ exitCode: undefined, output, startFailure: error.code ?? 'unknown' });
    });
    child.once('close', (code) => {
      resolve({ exitCode: code ?? undefined, output, startFailure: undefined });
    });
  });
}
