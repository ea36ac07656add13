import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** In CI `npm ci` runs as written; elsewhere the packages that are here already serve. */
export const installs = (process.env['CI'] ?? '') !== '';

export interface EmptyClone {
  readonly folder: string;
  /** Runs a shell script to its end, in the folder, with a bare environment. */
  run(script: string, environment?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Starts one that goes on until it is interrupted. */
  start(script: string, environment?: Readonly<Record<string, string>>): Running;
  remove(): void;
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  /** Both streams. */
  readonly output: string;
}

export interface Running {
  readonly output: () => string;
  /** Ctrl-C: interrupts the whole process group, and waits until nothing of it is left. */
  interrupt(): Promise<Ran>;
}

/** What git would give somebody who clones now, uncommitted changes included. */
export function makeEmptyClone(): EmptyClone {
  const folder = mkdtempSync(join(tmpdir(), 'afterword-readme-'));
  copyFiles(folder);
  if (!installs) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const begin = (script: string, environment: Readonly<Record<string, string>> = {}): Started =>
    startShell(folder, installs ? script : script.replace('npm ci && ', ''), environment);
  return {
    folder,
    run: (script, environment) => begin(script, environment).ended,
    start: (script, environment) => {
      const { child, output, ended } = begin(script, environment);
      return {
        output,
        interrupt: () => {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
          return ended;
        },
      };
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function copyFiles(folder: string): void {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0')) {
    // Git still lists what was deleted and not yet committed.
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Once both streams are closed: nothing that it started is left then. */
  readonly ended: Promise<Ran>;
}

function startShell(folder: string, script: string, environment: Readonly<Record<string, string>>): Started {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH, HOME, DATA_DIR: join(folder, '.afterword'), HTTP_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, as a terminal gives it.
    detached: true,
  });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code) => {
      resolve({ exitCode: code ?? -1, stdout, output });
    });
  });
  return { child, output: () => output, ended };
}
