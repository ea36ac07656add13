import { pino, type DestinationStream } from 'pino';
import { formatLogLine } from './format-log-line.ts';

export interface StandardError {
  readonly isTTY?: boolean;
  readonly fd: number;
}

/**
 * Standard error, since data goes to standard output: JSON lines, or one short line
 * an event where a person watches. Written at once, so that the last line before a
 * crash is not lost.
 */
export function standardErrorDestination(stderr: StandardError): DestinationStream {
  const destination = pino.destination({ dest: stderr.fd, sync: true });
  // A reader that went away must not end the process.
  destination.on('error', () => undefined);
  if (stderr.isTTY !== true) return destination;
  return { write: (line) => destination.write(formatLogLine(line)) };
}
