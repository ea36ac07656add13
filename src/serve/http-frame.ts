import type { FastifyError, FastifyInstance } from 'fastify';
import { isAfterwordError } from '../errors.ts';
import { failureCode } from '../telemetry/failure.ts';
import type { Logger } from '../telemetry/logger.ts';
import { guardAccess, type AccessToken } from './access.ts';
import { sendProblem } from './problem.ts';

/** Access rules, headers and error answers that hold for every route. */
export function addFrame(app: FastifyInstance, token: AccessToken | null, log: Logger): void {
  // Not an async hook: awaiting a reply waits until it has been sent.
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    done();
  });
  app.addHook('onRequest', guardAccess(token));
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 404));
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const status = statusOf(error);
    if (status >= 500) {
      const { method, routeOptions, id: requestId } = request;
      log.failure('request.failed', error, { requestId, method, route: routeOptions.url ?? 'none', status });
    }
    // Only our own messages are shown: a foreign one can quote what it was given.
    const detail = isAfterwordError(error) ? { detail: error.message } : {};
    return sendProblem(reply, status, { code: failureCode(error), ...detail });
  });
}

function statusOf(error: FastifyError | Error): number {
  if (isAfterwordError(error)) {
    if (error.code === 'INPUT_INVALID') return 400;
    return error.retryable ? 503 : 500;
  }
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return status !== undefined && status >= 400 && status < 600 ? status : 500;
}
