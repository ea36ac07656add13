import { expect, it } from 'vitest';
import { AfterwordError } from '../../src/errors.ts';
import { formatLogLine } from '../../src/telemetry/format-log-line.ts';
import { captureLog } from './captured-log.ts';

function formatted(write: (log: ReturnType<typeof captureLog>['log']) => void): string {
  const { log, lines } = captureLog();
  write(log);
  return lines.map(formatLogLine).join('');
}

it('writes one short line an event', () => {
  const text = formatted((log) => {
    log.warn('topic.refused', { topic: 'bot.messages', reason: 'compacted' });
  });
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}topic\.refused topic=bot\.messages reason=compacted\n$/,
  );
});

it('writes a failure below its event, with hint, frames and causes', () => {
  const cause = Object.assign(new Error('planted'), { code: 'ECONNREFUSED' });
  const error = new AfterwordError('DATABASE_UNAVAILABLE', 'the database is away', {
    cause,
    hint: 'Start it.',
  });
  const text = formatted((log) => {
    log.failure('database.failed', error, {});
  });
  expect(text).toContain(
    'ERROR database.failed\n  AfterwordError DATABASE_UNAVAILABLE - the database is away\n  hint: Start it.\n    at ',
  );
  expect(text).toMatch(/\n {2}caused by\n {4}Error ECONNREFUSED\n/);
  expect(text).not.toContain('planted');
});

it('lets no control character through to the terminal', () => {
  const line = JSON.stringify({ time: '', level: 'info', event: 'x', id: '\u001b[2J\u0007\u009b' });
  expect(formatLogLine(line)).toBe(' INFO  x id=?[2J??\n');
});
