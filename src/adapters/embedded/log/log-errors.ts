import { AfterwordError } from '../../../errors.ts';

export function missingTopic(topic: string): AfterwordError {
  return new AfterwordError('TOPIC_MISSING', `there is no topic ${topic}`, { details: { topic } });
}

/** SQLSTATE or a network code; a foreign message could quote what it was given. */
export function reasonOf(error: unknown): string {
  if (error instanceof AfterwordError) return error.code;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : typeof error;
}

/** The cause is left behind: `pg` puts the values of a refused row into its errors. */
export function toLogError(error: unknown, doing: string): AfterwordError {
  if (error instanceof AfterwordError) return error;
  const reason = reasonOf(error);
  const translated = new AfterwordError('LOG_UNAVAILABLE', `embedded log: ${doing} failed (${reason})`, {
    retryable: true,
    details: { reason },
  });
  if (error instanceof Error && error.stack !== undefined) {
    translated.stack = `${translated.name}: ${translated.message}\n${framesOf(error.stack)}`;
  }
  return translated;
}

function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}
