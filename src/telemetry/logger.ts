import { pino, type DestinationStream } from 'pino';
import { describeFailure } from './failure.ts';
import { events, type EventName, type Events } from './events.ts';
import { guardField, guardWord, type FieldSpec, type FieldsOf, type OnlyLiteralCodes } from './fields.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
type EventLevel = 'debug' | 'info' | 'warn' | 'error';

type Given<Name extends EventName, Fields> = Fields &
  FieldsOf<Events[Name]> &
  OnlyLiteralCodes<Events[Name], Fields>;

type LogEvent = <Name extends EventName, const Fields extends FieldsOf<Events[Name]>>(
  event: Name,
  fields: Given<Name, Fields>,
) => void;

/**
 * Writes events of the closed list and nothing else. `warn`: a person may have to
 * act; `error`: a person must.
 */
export interface Logger {
  readonly debug: LogEvent;
  readonly info: LogEvent;
  readonly warn: LogEvent;
  readonly error: LogEvent;
  /**
   * Logs a failure, once, where it ends: its class, codes, frames and causes. Messages
   * of foreign errors are left out, since they can quote a conversation.
   */
  failure<Name extends EventName, const Fields extends FieldsOf<Events[Name]>>(
    event: Name,
    error: unknown,
    fields: Given<Name, Fields>,
    level?: EventLevel,
  ): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes one JSON line at a time; see `standardErrorDestination`. */
  readonly destination: DestinationStream;
}

export function createLogger({ level, destination }: LoggerOptions): Logger {
  const writer = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const write = (at: EventLevel, event: EventName, fields: object, error?: object): void => {
    if (!writer.isLevelEnabled(at)) return;
    writer[at]({ event: guardWord(event), ...guardFields(event, fields), ...(error && { error }) });
  };
  return {
    debug: (event, fields) => {
      write('debug', event, fields);
    },
    info: (event, fields) => {
      write('info', event, fields);
    },
    warn: (event, fields) => {
      write('warn', event, fields);
    },
    error: (event, fields) => {
      write('error', event, fields);
    },
    failure: (event, error, fields, at = 'error') => {
      write(at, event, fields, describeFailure(error));
    },
  };
}

/** The types are the first guard; this one also holds against a cast. */
function guardFields(event: EventName, fields: object): Record<string, unknown> {
  const spec: FieldSpec = Object.hasOwn(events, event) ? events[event] : {};
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([key, value]) => [key, guardField(spec, key, value)]));
}

const ignore = (): void => undefined;

/** For parts that are run without anybody listening. */
export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  failure: ignore,
};
