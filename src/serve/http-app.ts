import fastify, { type FastifyInstance } from 'fastify';
import { problemOf } from './problem.ts';

export interface ServerLimits {
  readonly bodyBytes: number;
  /** Until the headers of a request are in. */
  readonly headersTimeoutMs: number;
  /** Until a whole request is in. */
  readonly requestTimeoutMs: number;
  /** How long requests under way may go on when the server stops. */
  readonly drainMs: number;
}

export const defaultLimits: ServerLimits = {
  bodyBytes: 64 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  drainMs: 5_000,
};

/** A server with limits and without routes. */
export function createHttpApp(limits: ServerLimits): FastifyInstance {
  const { headersTimeoutMs, requestTimeoutMs } = limits;
  return fastify({
    // Request lines hold user ids in their paths; failures are logged by route instead.
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1_024 },
    http: {
      headersTimeout: headersTimeoutMs,
      // Node looks for overdue requests at this interval only, by default every 30 s.
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    },
    clientErrorHandler: (error, socket) => {
      const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
      refuseConnection(socket, status);
    },
  });
}

/** For what never became a request. */
function refuseConnection(
  socket: { readonly writable: boolean; end(text: string): unknown; destroy(): unknown },
  status: number,
): void {
  if (!socket.writable) return void socket.destroy();
  const { title, ...rest } = problemOf(status);
  const body = JSON.stringify({ title, ...rest });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
