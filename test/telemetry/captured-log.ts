import { createLogger, type LogLevel, type Logger } from '../../src/telemetry/logger.ts';

export interface CapturedLog {
  readonly log: Logger;
  /** What was written, one JSON text a line. */
  readonly lines: readonly string[];
  /** The last line as an object; fails when there is none. */
  readonly last: () => Record<string, unknown>;
}

export function captureLog(level: LogLevel = 'debug'): CapturedLog {
  const lines: string[] = [];
  const log = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  return {
    log,
    lines,
    last: () => {
      const line = lines.at(-1);
      if (line === undefined) throw new Error('nothing was logged');
      return JSON.parse(line) as Record<string, unknown>;
    },
  };
}
