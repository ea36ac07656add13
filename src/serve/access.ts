import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.ts';

/** Compares in constant time; `Secret` of the configuration is one. */
export interface AccessToken {
  matches(candidate: string): boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without the token: for probes and for pages that hold no data. */
    readonly isOpen?: boolean;
  }
}

/** Whether the request shows the token, or none is asked for. */
export function isAuthorized(request: FastifyRequest, token: AccessToken | null): boolean {
  if (token === null) return true;
  const shown = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return shown !== undefined && token.matches(shown);
}

/**
 * Answers 401 without the token. Without a token to ask for, the server listens on
 * this machine only; then a request must also name this machine as its host, or a
 * page that rebinds its own name to 127.0.0.1 could read memories from a browser.
 */
export function guardAccess(token: AccessToken | null) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (token === null) return isLocalHost(request.hostname) ? undefined : sendProblem(reply, 421);
    if (request.routeOptions.config.isOpen === true || isAuthorized(request, token)) return undefined;
    return sendProblem(reply.header('www-authenticate', 'Bearer'), 401);
  };
}

function isLocalHost(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}
