import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { AfterwordError } from '../errors.ts';
import type { Clock } from '../clock.ts';
import { failureCode } from '../telemetry/failure.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { isAuthorized, type AccessToken } from './access.ts';
import type { Heartbeats } from './heartbeats.ts';
import { createHttpApp, defaultLimits, type ServerLimits } from './http-app.ts';
import { addFrame } from './http-frame.ts';
import type { Readiness } from './readiness-checks.ts';
import { withoutReasons } from './readiness.ts';

export interface OperationsServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly readiness: Readiness;
  readonly heartbeats: Heartbeats;
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly log: Logger;
  readonly clock: Clock;
  /** null: no token is asked for; then only this machine may be listened to. */
  readonly token: AccessToken | null;
  /** More routes, under the same limits, access rules and error answers. */
  readonly plugins?: readonly FastifyPluginAsync[];
  readonly limits?: Partial<ServerLimits>;
}

export interface OperationsServer {
  /** Rejects with CONFIG_INVALID when the address cannot be listened on. */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /** Not ready from now on; takes no new connections, lets requests end, cuts what does not. Idempotent. */
  stop(): Promise<void>;
}

/** Health, readiness and metrics over HTTP, and the frame for further routes. */
export function createOperationsServer(options: OperationsServerOptions): OperationsServer {
  const limits = { ...defaultLimits, ...options.limits };
  const app = createHttpApp(limits);
  addFrame(app, options.token, options.log);
  addOperationsRoutes(app, options);
  for (const plugin of options.plugins ?? []) void app.register(plugin);
  let stopped: Promise<void> | undefined;
  return {
    start: () => listen(app, options),
    stop: () => {
      options.readiness.stop();
      return (stopped ??= drain(app, limits.drainMs));
    },
  };
}

/** Orchestrators ask these without credentials. */
const open = { config: { isOpen: true } };

function addOperationsRoutes(app: FastifyInstance, options: OperationsServerOptions): void {
  const { readiness, heartbeats, metrics, token, clock } = options;
  app.get('/healthz', open, (_request, reply) => {
    const stalled = heartbeats.stalled(clock.nowMs());
    return reply.code(stalled.length === 0 ? 200 : 503).send({ healthy: stalled.length === 0, stalled });
  });
  app.get('/readyz', open, async (request, reply) => {
    const report = await readiness.report();
    return reply
      .code(report.ready ? 200 : 503)
      .send(isAuthorized(request, token) ? report : withoutReasons(report));
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
}

async function listen(
  app: FastifyInstance,
  { host, port, log }: OperationsServerOptions,
): Promise<{ host: string; port: number }> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const hint = 'Choose another HTTP_PORT, or 0 for any free one, and an HTTP_HOST of this machine.';
    throw new AfterwordError('CONFIG_INVALID', `cannot listen on port ${port} (${failureCode(error)})`, {
      cause: error,
      hint,
    });
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  log.info('server.started', { host, port: bound });
  return { host, port: bound };
}

async function drain(app: FastifyInstance, drainMs: number): Promise<void> {
  const cut = setTimeout(() => {
    app.server.closeAllConnections();
  }, drainMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
