import type { Config } from '../config/config.ts';
import type { LoadedModules } from '../modules/loaded-modules.ts';
import type { TopicAdmin } from '../publish/topic-admin.ts';
import type { RecordSink } from '../publish/record-sink.ts';
import type { OpenDatabase } from '../resources.ts';
import type { Logger, LogLevel } from '../telemetry/logger.ts';

/** Data goes to stdout, everything else to stderr. */
export interface Output {
  /** One line of data. */
  out(line: string): void;
  /** One line for people: progress, hints. */
  note(line: string): void;
  /** Over-writes the line on a terminal; elsewhere prints it as it is. */
  progress(line: string): void;
  readonly isTerminal: boolean;
}

/** What every command is given; `main` makes it from the environment. */
export interface CommandContext {
  readonly config: Config;
  /** Stages and a decoder that the configuration names. */
  readonly modules: LoadedModules;
  readonly output: Output;
  readonly logger: Logger;
  /** A logger that says less (or more) than the configured one. */
  loggerAt(level: LogLevel): Logger;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** What the configuration was read from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  openDatabase(): Promise<OpenDatabase>;
  /** Refuses a schema that this binary cannot use, naming both versions. */
  requireSchema(database: OpenDatabase): Promise<void>;
  /** The log of this configuration: Kafka, or the embedded one in `database`. */
  openTopicAdmin(database: OpenDatabase): TopicAdmin;
  openSink(database: OpenDatabase | undefined): RecordSink;
}

export interface ContextNeeds {
  /** False: what the user has configured is not read, and so cannot be refused. */
  readonly usesConfiguration: boolean;
}

/** 0 done, 1 failed, 2 wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2;
