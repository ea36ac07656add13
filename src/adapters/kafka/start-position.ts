import type { StartPosition } from '../../consume/record-source.ts';

/**
 * Where reading starts: the answer where there is one, else the committed offset,
 * else the log's start. An offset that the log does not hold becomes its start:
 * whatever there is to read is read, and repeats are dropped by identity.
 */
export function settlePosition(start: StartPosition, answer: bigint | undefined): bigint {
  const wanted = answer ?? start.committed ?? start.logStart;
  return wanted < start.logStart || wanted > start.logEnd ? start.logStart : wanted;
}
