import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** RFC 9457, without what the caller sent: paths hold user ids. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** A code of ours or of the server, for programs. */
  readonly code?: string;
  /** A sentence of ours, for people. */
  readonly detail?: string;
}

export function problemOf(status: number, more: Pick<Problem, 'code' | 'detail'> = {}): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, ...more };
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  more?: Pick<Problem, 'code' | 'detail'>,
): FastifyReply {
  return reply.code(status).type('application/problem+json').send(problemOf(status, more));
}
