import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { absentAsUndefined, embeddedPostgresError, useDatabaseUrlHint } from './failure.ts';
import type { PostgresRuntime } from './runtime.ts';
import type { ServerAccount } from './server-account.ts';
import { clusterArgument, runProgram, spawnProgram } from './server-program.ts';

/** What the server itself writes about itself into its folder. */
interface PostmasterState {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

interface ServerStart {
  readonly runtime: PostgresRuntime;
  readonly account: ServerAccount;
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string | number>>;
}

type StartOutcome =
  | { readonly started: true; readonly pid: number }
  | { readonly started: false; readonly reason: 'port-taken' | 'folder-in-use' | 'failed' };

// Nobody's text reaches the server's log: errors can quote what was inserted, so none is
// written; neither are their details, and neither are statements.
const quietLog = {
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
};

const pollMs = 10;
const maxLogBytes = 5_000_000;

/** Reads `postmaster.pid`; undefined when no server has the folder, or none has said so yet. */
export async function readPostmaster(folder: string): Promise<PostmasterState | undefined> {
  const text = await absentAsUndefined(readFile(path.join(folder, 'postmaster.pid'), 'utf8'));
  const [pid, , , port, , , , status] = (text ?? '').split('\n');
  if (pid === undefined || !/^\d+$/u.test(pid)) return undefined;
  return { pid: Number(pid), port: Number(port ?? 0), ready: status?.trim() === 'ready' };
}

/**
 * Starts the server in a process group of its own (Ctrl-C in a terminal would stop it
 * before we have finished with it) and waits until it answers, through crash recovery
 * too, however long that takes.
 */
export async function startPostmaster(start: ServerStart): Promise<StartOutcome> {
  const log = await openLog(start.logFile);
  const logStart = (await log.stat()).size;
  const child = spawnProgram(start.runtime.postgres, serverArguments(start), {
    ...start,
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  let ended = false;
  child.once('error', () => (ended = true));
  child.once('exit', () => (ended = true));
  // The server outlives a crash of ours and must not keep our own process from ending.
  child.unref();
  await log.close();
  while (!hasEnded()) {
    const state = await readPostmaster(start.folder);
    if (state?.pid === child.pid && state?.ready === true) return { started: true, pid: state.pid };
    await sleep(pollMs);
  }
  return { started: false, reason: failureReason(await readFrom(start.logFile, logStart)) };

  // A function, because the compiler takes a variable that only callbacks set for a constant.
  function hasEnded(): boolean {
    return ended;
  }
}

function serverArguments(start: ServerStart): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: start.port,
    timezone: 'UTC',
    log_timezone: 'UTC',
    cluster_name: 'afterword',
    ...quietLog,
    ...start.settings,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', clusterArgument(start), ...options];
}

async function openLog(file: string) {
  const existing = await absentAsUndefined(stat(file));
  if (existing !== undefined && existing.size > maxLogBytes) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

async function readFrom(file: string, offset: number): Promise<string> {
  return (await readFile(file)).subarray(offset).toString('utf8');
}

function failureReason(log: string): 'port-taken' | 'folder-in-use' | 'failed' {
  if (/could not bind|could not create any TCP\/IP sockets/u.test(log)) return 'port-taken';
  if (/lock file "postmaster\.pid" already exists|pre-existing shared memory block/u.test(log)) {
    return 'folder-in-use';
  }
  return 'failed';
}

/**
 * A server that died without a word leaves its pid behind, and that pid may by now be
 * another program's, for which Postgres would refuse to start. Deleting the file would
 * also take away the key by which Postgres finds processes of the dead server that
 * still write; so only the pid is changed, to that of the parent of the server to be,
 * which Postgres knows not to be one.
 */
export async function disownStalePostmaster(folder: string): Promise<void> {
  const file = path.join(folder, 'postmaster.pid');
  const text = await absentAsUndefined(readFile(file, 'utf8'));
  if (text === undefined) return;
  await writeFile(file, text.replace(/^\d*/u, String(process.pid)));
}

/**
 * Fast shutdown: open transactions are rolled back, what is committed is written out.
 * Resolves when the server has gone.
 *
 * @throws AfterwordError EMBEDDED_POSTGRES when it has not within `deadlineMs`.
 */
export async function stopPostmaster(
  options: { readonly runtime: PostgresRuntime; readonly account: ServerAccount; readonly folder: string },
  deadlineMs = 60_000,
): Promise<void> {
  const state = await readPostmaster(options.folder);
  if (state === undefined) return;
  await askToStop(options, state.pid);
  const attempts = Math.ceil(deadlineMs / pollMs);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if ((await readPostmaster(options.folder))?.pid !== state.pid) return;
    if (!isAlive(state.pid)) return;
    await sleep(pollMs);
  }
  throw embeddedPostgresError('the embedded Postgres does not stop', {
    hint: `look at its log in DATA_DIR, ${useDatabaseUrlHint}`,
    retryable: true,
    details: { pid: state.pid },
  });
}

async function askToStop(
  { runtime, account, folder }: { runtime: PostgresRuntime; account: ServerAccount; folder: string },
  pid: number,
): Promise<void> {
  if (process.platform === 'win32') {
    // Signals do not exist there; pg_ctl knows the server's own way.
    await runProgram(runtime.pgCtl, ['stop', '-D', folder, '-m', 'fast', '-W'], { account, folder });
  } else if (isAlive(pid)) {
    process.kill(pid, 'SIGINT');
  }
}

/** Whether a process has this pid; one of another account counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
