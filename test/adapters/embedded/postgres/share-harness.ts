import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

import { isAlive, readPostmaster } from '../../../../src/adapters/embedded/postgres/postmaster.ts';

interface ShareLine {
  readonly event?: string;
  readonly opened?: 'owner' | 'guest';
  readonly url?: string;
  readonly tookMs?: number;
  readonly role?: 'owner' | 'guest';
  readonly committed?: number;
  readonly stopped?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const program = fileURLToPath(new URL('share-process.ts', import.meta.url));
const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** Another process that opens the embedded Postgres, as a second command of a user would. */
export class ShareProcess {
  readonly lines: ShareLine[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(dataDir: string, options: { account?: Account; umask?: string } = {}) {
    const command = `umask ${options.umask ?? '022'}; exec "$0" --import tsx "$1" "$2"`;
    this.#child = spawn('/bin/sh', ['-c', command, process.execPath, program, dataDir], {
      cwd: repository,
      stdio: 'pipe',
      // A cache of its own for tsx: what root wrote there is closed to others.
      env: { PATH: process.env['PATH'], TMPDIR: path.dirname(dataDir) },
      ...options.account,
    });
    createInterface(this.#child.stdout).on('line', (line) => this.lines.push(JSON.parse(line) as ShareLine));
    let problems = '';
    this.#child.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        if (problems !== '') this.lines.push({ message: problems });
        resolve(code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The first line that has this field, waited for. */
  async line(key: keyof ShareLine): Promise<ShareLine> {
    await until(() => this.lines.some((line) => line[key] !== undefined || line.message !== undefined));
    const found = this.lines.find((line) => line[key] !== undefined);
    if (found === undefined) throw new Error(`no ${key}: ${JSON.stringify(this.lines)}`);
    return found;
  }

  say(line: 'role' | 'write' | 'stop'): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    this.say('stop');
    await this.exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  lastCommitted(): number {
    return Math.max(0, ...this.lines.map((line) => line.committed ?? 0));
  }
}

/** Polls with a deadline: nothing here waits a fixed time and hopes. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs = 30_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come about in time');
    await sleep(20);
  }
}

/** Folders that are given back at the end, with whatever server a failed test left running in them. */
export class DataDirs {
  readonly #made: string[] = [];

  async make(owner?: Account): Promise<string> {
    // mkdtemp makes it 0700: closed to the account that the server runs under, as /root is.
    const folder = await mkdtemp(path.join(tmpdir(), 'afterword-embedded-'));
    if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
    this.#made.push(folder);
    return path.join(folder, 'data-dir');
  }

  async clear(): Promise<void> {
    for (const folder of this.#made.splice(0)) {
      await killServer(path.join(folder, 'data-dir'));
      await rm(folder, { recursive: true, force: true });
    }
  }
}

export async function serverPid(dataDir: string): Promise<number | undefined> {
  const pid = (await readPostmaster(path.join(dataDir, 'postgres/data')).catch(() => undefined))?.pid;
  return pid !== undefined && pid !== process.pid && isAlive(pid) ? pid : undefined;
}

export async function killServer(dataDir: string): Promise<void> {
  const pid = await serverPid(dataDir);
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid));
}

export async function query<T extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
