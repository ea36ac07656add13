import { request } from 'node:http';

export type TestQdrant =
  | { readonly available: true; readonly url: string; stop(): Promise<void> }
  | { readonly available: false; readonly reason: string };

/** A real Qdrant: the one of QDRANT_URL, else a container where a Docker engine answers. */
export async function startQdrant(): Promise<TestQdrant> {
  const given = process.env['QDRANT_URL'];
  if (given !== undefined && given !== '') {
    return { available: true, url: given, stop: () => Promise.resolve() };
  }
  if (!(await dockerAnswers())) return { available: false, reason: 'no QDRANT_URL and no Docker engine' };
  // Loaded only here: it is large, and most machines that run these tests have no Docker.
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer('qdrant/qdrant:v1.18.0')
    .withExposedPorts(6333)
    .withWaitStrategy(Wait.forHttp('/readyz', 6333))
    .start();
  return {
    available: true,
    url: `http://${container.getHost()}:${String(container.getMappedPort(6333))}`,
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
