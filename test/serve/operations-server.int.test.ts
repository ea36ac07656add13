import { request as httpRequest } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { AfterwordError } from '../../src/errors.ts';
import { Heartbeats } from '../../src/serve/heartbeats.ts';
import {
  createOperationsServer,
  type OperationsServer,
  type OperationsServerOptions,
} from '../../src/serve/operations-server.ts';
import { Readiness } from '../../src/serve/readiness-checks.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { captureLog } from '../telemetry/captured-log.ts';

const running: OperationsServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function startServer(options: Partial<OperationsServerOptions> = {}) {
  const parts = {
    host: '127.0.0.1',
    port: 0,
    readiness: new Readiness({ checkTimeoutMs: 50 }),
    heartbeats: new Heartbeats(),
    metrics: createMetrics(),
    clock: { nowMs: () => 10_000 },
    token: null,
    ...options,
  };
  const { log, lines } = captureLog();
  const server = createOperationsServer({ log, ...parts });
  running.push(server);
  const { port } = await server.start();
  return { ...parts, server, lines, port, url: `http://127.0.0.1:${port}` };
}

/** Unlike fetch, sends the Host header that it is given. */
function statusWithHost(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path: '/metrics', headers: { host } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on('error', reject).end();
  });
}

/** Everything that the server answers to raw bytes, until it closes the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString('utf8')));
    socket.on('close', () => {
      resolve(answer);
    });
    socket.on('error', reject);
  });
}

describe('/healthz', () => {
  it('is well while every loop comes round, and names those that do not', async () => {
    const { url, heartbeats } = await startServer();
    const relay = heartbeats.start('relay', 1_000, 9_500);
    const well = await fetch(`${url}/healthz`);
    expect([well.status, await well.json()]).toEqual([200, { healthy: true, stalled: [] }]);
    relay.beat(2_000);
    const ill = await fetch(`${url}/healthz`);
    expect([ill.status, await ill.json()]).toEqual([
      503,
      { healthy: false, stalled: [{ loop: 'relay', silentMs: 8_000 }] },
    ]);
  });
});

describe('/readyz', () => {
  it('answers 200 when every check holds and 503 with reasons when one does not', async () => {
    const { url, readiness } = await startServer();
    readiness.register({ name: 'database', check: () => Promise.resolve({ ok: true }) });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    readiness.register({
      name: 'messages-topic',
      check: () => Promise.resolve({ ok: false, reason: 'TOPIC_MISSING', hint: 'Make the topic.' }),
    });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      ready: false,
      checks: [
        { name: 'messages-topic', ok: false, reason: 'TOPIC_MISSING', hint: 'Make the topic.' },
        { name: 'database', ok: true },
      ],
    });
  });

  it('answers although the database hangs', async () => {
    const { url, readiness } = await startServer();
    readiness.register({ name: 'database', check: () => new Promise(() => undefined) });
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    expect([response.status, await response.text()]).toEqual([
      503,
      '{"ready":false,"checks":[{"name":"database","ok":false,"reason":"no answer within 50 ms"}]}',
    ]);
  });
});

it('gives the metrics in the Prometheus text form', async () => {
  const metrics = createMetrics();
  const { url } = await startServer({ metrics });
  metrics.windowsOpen.set(3);
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toContain('\nafterword_windows_open 3\n');
});

it('answers an unknown route with a problem that does not repeat it', async () => {
  const { url } = await startServer();
  const response = await fetch(`${url}/planted?planted=1`);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({ type: 'about:blank', title: 'Not Found', status: 404 });
});

describe('with a token', () => {
  const token = new Secret('a-long-enough-token');
  const withToken = { headers: { authorization: 'Bearer a-long-enough-token' } };

  it('asks for it on every route but the probes', async () => {
    const { url } = await startServer({ token });
    for (const path of ['/metrics', '/unknown']) {
      const response = await fetch(url + path);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect((await fetch(url + path, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    }
    expect((await fetch(`${url}/metrics`, withToken)).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('gives the reasons only to whoever shows it', async () => {
    const { url, readiness } = await startServer({ token });
    readiness.register({ name: 'database', check: () => Promise.resolve({ ok: false, reason: 'away' }) });
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
      ready: false,
      checks: [{ name: 'database', ok: false }],
    });
    expect(await (await fetch(`${url}/readyz`, withToken)).json()).toMatchObject({
      checks: [{ reason: 'away' }],
    });
  });

  it('may be asked under any host name', async () => {
    const { port } = await startServer({ token });
    expect(await statusWithHost(port, 'afterword.example')).toBe(401);
  });
});

it('without a token answers this machine’s own names only', async () => {
  const { port } = await startServer();
  expect(await statusWithHost(port, 'rebound.example')).toBe(421);
  for (const host of ['localhost:8787', '127.0.0.1', `[::1]:${port}`]) {
    expect(await statusWithHost(port, host)).toBe(200);
  }
});

describe('further routes', () => {
  const planted = 'planted words';
  const plugin: NonNullable<OperationsServerOptions['plugins']>[number] = (app) => {
    app.post('/echo/:user', (request) => ({ got: request.body }));
    app.get('/fails/:user', () => {
      throw new Error(planted);
    });
    app.get('/away', () => {
      throw new AfterwordError('DATABASE_UNAVAILABLE', 'the database is away', { retryable: true });
    });
    app.get('/wrong', () => {
      throw new AfterwordError('INPUT_INVALID', 'limit is a whole number');
    });
    app.get('/page', { config: { isOpen: true } }, () => 'page');
    return Promise.resolve();
  };

  it('show nothing of a foreign error, and log it once by route', async () => {
    const { url, lines } = await startServer({ plugins: [plugin] });
    const response = await fetch(`${url}/fails/ann-smith`);
    expect([response.status, await response.json()]).toEqual([
      500,
      { type: 'about:blank', title: 'Internal Server Error', status: 500, code: 'Error' },
    ]);
    const failures = lines.filter((line) => line.includes('request.failed'));
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('/fails/:user');
    expect(lines.join('')).not.toMatch(/planted|ann-smith/);
  });

  it('tell our own errors by their code and message', async () => {
    const { url } = await startServer({ plugins: [plugin] });
    expect(await (await fetch(`${url}/away`)).json()).toMatchObject({
      status: 503,
      code: 'DATABASE_UNAVAILABLE',
      detail: 'the database is away',
    });
    expect(await (await fetch(`${url}/wrong`)).json()).toMatchObject({ status: 400, code: 'INPUT_INVALID' });
  });

  it('refuse a body that is too large or not JSON, without quoting it', async () => {
    const { url } = await startServer({ plugins: [plugin], limits: { bodyBytes: 100 } });
    const post = (body: string) =>
      fetch(`${url}/echo/ann`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect((await post(JSON.stringify({ a: 1 }))).status).toBe(200);
    expect((await post(JSON.stringify('a'.repeat(100)))).status).toBe(413);
    const broken = await post(planted);
    expect(broken.status).toBe(400);
    expect(await broken.text()).not.toContain('planted');
  });

  it('may be open where they hold no data', async () => {
    const { url } = await startServer({ plugins: [plugin], token: new Secret('t') });
    expect((await fetch(`${url}/page`)).status).toBe(200);
    expect((await fetch(`${url}/away`)).status).toBe(401);
  });
});

describe('a connection', () => {
  it('that sends no HTTP gets a problem and is closed', async () => {
    const { port } = await startServer();
    const answer = await exchange(port, 'planted\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('application/problem+json');
    expect(answer).not.toContain('planted');
  });

  it('that never finishes its headers is closed', async () => {
    const { port } = await startServer({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    expect(await exchange(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n')).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('stopping', () => {
  it('lets a request under way end, and is not ready from then on', async () => {
    let release = (): void => undefined;
    let entered = (): void => undefined;
    const isInside = new Promise<void>((resolve) => (entered = resolve));
    const { url, server, readiness } = await startServer({
      plugins: [
        (app) => {
          app.get('/slow', async () => {
            entered();
            await new Promise<void>((resolve) => (release = resolve));
            return { done: true };
          });
          return Promise.resolve();
        },
      ],
    });
    const answer = fetch(`${url}/slow`);
    await isInside;
    const stopped = server.stop();
    expect((await readiness.report()).ready).toBe(false);
    release();
    expect(await (await answer).json()).toEqual({ done: true });
    await stopped;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('cuts what does not end, closes kept connections, and may be asked for twice', async () => {
    let entered = (): void => undefined;
    const isInside = new Promise<void>((resolve) => (entered = resolve));
    const { url, server } = await startServer({
      limits: { drainMs: 50 },
      plugins: [
        (app) => {
          app.get('/stuck', () => {
            entered();
            return new Promise(() => undefined);
          });
          return Promise.resolve();
        },
      ],
    });
    await (await fetch(`${url}/healthz`)).text();
    const answer = fetch(`${url}/stuck`).catch(() => 'cut');
    await isInside;
    await Promise.all([server.stop(), server.stop()]);
    expect(await answer).toBe('cut');
  });
});

it('names the setting when the port is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const starting = startServer({ port });
  await expect(starting).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `cannot listen on port ${port} (EADDRINUSE)`,
    hint: expect.stringContaining('HTTP_PORT') as string,
  });
  await new Promise((resolve) => other.close(resolve));
});
