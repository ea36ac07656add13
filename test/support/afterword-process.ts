import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpiledProgram } from './transpile-source.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The product as its users run it: a process of its own, configured by its environment alone. */
export interface AfterwordProcess {
  readonly child: ChildProcess;
  /** All that it has written so far. */
  output(): string;
  readonly finished: Promise<Finished>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<Finished>;
  /** kill -9, and waits for the end. */
  kill(): Promise<Finished>;
}

/** What Node is told to run: as it is published (after `npm run build`), or by the loader that the README names. */
export const byLoader = ['--import', import.meta.resolve('tsx'), path.join(root, 'src/main.ts')] as const;
export const asBuilt = [path.join(root, 'dist/main.js')] as const;

/**
 * Starts a command in `folder`. Only `environment` and what Node needs is in its environment.
 */
export function startAfterword(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input?: string,
  folder: string = root,
  program: readonly string[] = transpiledProgram,
): AfterwordProcess {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: folder,
    env: { PATH, HOME, ...(TMPDIR !== undefined && { TMPDIR }), NO_COLOR: '1', ...environment },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin?.end(input);
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
  // A test that fails must not leave the process behind.
  const killWithTest = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killWithTest);
  void finished.then(() => process.off('exit', killWithTest));
  const end = (signal: 'SIGTERM' | 'SIGKILL') => async (): Promise<Finished> => {
    child.kill(signal);
    return finished;
  };
  return { child, output: () => stdout + stderr, finished, stop: end('SIGTERM'), kill: end('SIGKILL') };
}

/** Runs a command to its end. */
export function runAfterword(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input?: string,
  folder?: string,
  program?: readonly string[],
): Promise<Finished> {
  return startAfterword(args, environment, input, folder, program).finished;
}
