import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from './adapters/postgres/migrate.ts';
import { createWorker, type Worker } from './app.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load-config.ts';
import type { DecodeFunction } from './consume/decode-with.ts';
import type { StageDefinition } from './extract/define-stage.ts';
import { chooseLog, prepareTopics } from './log.ts';
import { loadModules } from './modules/load-modules.ts';
import type { MessageEvent } from './model/message-event.ts';
import type { OutgoingRecord, RecordSink } from './publish/record-sink.ts';
import { openDatabase, type OpenDatabase } from './resources.ts';
import { roleNames, type RoleName } from './roles/role.ts';
import { stopInTurn } from './roles/stop-in-turn.ts';
import { createLogger, silentLogger, type Logger, type LogLevel } from './telemetry/logger.ts';

/** The public library: everything that other packages may import. */

export { AfterwordError, type ErrorCode } from './errors.ts';
export { messageEventSchema, type MessageEvent } from './model/message-event.ts';
export {
  resultEventSchemas,
  resultEventTypes,
  type ResultEvent,
  type ResultEventData,
  type ResultEventType,
} from './model/result-event.ts';
export type { Evidence, FactResult, PreferenceResult, SummaryResult } from './model/results.ts';
export type { Role, StoredMessage } from './model/message.ts';
export {
  defineStage,
  type StageCheck,
  type StageDefinition,
  type ToRemember,
} from './extract/define-stage.ts';
export type { FactDraft, PreferenceDraft } from './extract/stages/drafts.ts';
export type { Transcript, TranscriptLine } from './extract/transcript.ts';
export {
  citationsSchema,
  verifyCitations,
  type Citation,
  type VerifiedCitations,
} from './extract/verify-citations.ts';
export type { DecodeFunction, RawRecord } from './consume/decode-with.ts';
/** The zod that stages' schemas are made with: a module that takes it from here needs none of its own. */
export { z } from 'zod';
export type { RoleName } from './roles/role.ts';

export interface StartOptions {
  /**
   * The settings of docs/CONFIGURATION.md by their names. Nothing else is read: pass
   * `process.env` to configure it as the command is.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Which part of the work this process takes; all of it by default. */
  readonly roles?: readonly RoleName[];
  /** Takes the log, one JSON line at a time; without it nothing is logged. */
  readonly log?: { write(line: string): void; readonly level?: LogLevel };
  /** Stages of your own, beside those of the modules that the configuration names. */
  readonly stages?: readonly StageDefinition[];
  /** Makes message events of records of another shape; `publish` goes by it as well. */
  readonly decode?: DecodeFunction;
  /** Make topics that are missing on Kafka. The embedded log's are always made. */
  readonly createTopics?: boolean;
}

export interface Afterword {
  /** Where health, metrics and readiness are served; undefined without the role `serve`. */
  readonly http: { readonly host: string; readonly port: number } | undefined;
  /** Publishes message events (contract: schemas/message-event.v1.json), in their order. */
  publish(events: readonly MessageEvent[]): Promise<void>;
  /** Resolves with the cause when reading died for good; stop it then. */
  readonly died: Promise<Error>;
  /** Finishes what is in hand, gives leases back, closes everything. Idempotent. */
  stop(): Promise<void>;
}

/** Orchestrators wait for 30 s; the database closes after this. */
const stopDeadlineMs = 22_000;
/** Nothing is in hand yet. */
const failedStartDeadlineMs = 5_000;

/**
 * Starts Afterword inside this process: applies missing migrations, then runs its roles.
 * It takes no signals and ends no process: that stays with the host.
 *
 * @throws AfterwordError CONFIG_INVALID with all faults, SCHEMA_TOO_NEW, DATABASE_UNAVAILABLE,
 *   EMBEDDED_POSTGRES, LOG_UNAVAILABLE; nothing keeps running then
 */
export async function startAfterword(options: StartOptions): Promise<Afterword> {
  const { stages, decode } = options;
  const given = stages === undefined && decode === undefined ? undefined : { stages, decode };
  const { config, modules } = await loadModules(
    loadConfig(options.environment, (path) => readFileSync(path, 'utf8')),
    given && { name: 'startAfterword', exports: given },
  );
  const logger = createLoggerFor(options.log, config.logLevel);
  const database = await openDatabase(config, logger);
  let worker: Worker | undefined;
  try {
    await migrate(database.pool);
    await prepareTopics(config, database, logger, options.createTopics ?? false);
    worker = await createWorker({ config, database, logger, roles: options.roles ?? roleNames, modules });
    const { http } = await worker.start();
    const sink = chooseLog(config, database, logger).createSink();
    return runningAfterword({ config, database, worker, sink, http, logger });
  } catch (error) {
    await worker?.stop(failedStartDeadlineMs);
    await database.stop();
    throw error;
  }
}

function createLoggerFor(log: StartOptions['log'], configured: LogLevel): Logger {
  if (log === undefined) return silentLogger;
  return createLogger({ level: log.level ?? configured, destination: log });
}

interface Parts {
  readonly config: Config;
  readonly database: OpenDatabase;
  readonly worker: Worker;
  readonly sink: RecordSink;
  readonly http: Afterword['http'];
  readonly logger: Logger;
}

function runningAfterword({ config, database, worker, sink, http, logger }: Parts): Afterword {
  let stopped: Promise<void> | undefined;
  // The database last: everything before it still writes.
  const stopAll = async (): Promise<void> => {
    const options = { deadlineMs: stopDeadlineMs, nowMs: () => Date.now(), pause, logger };
    await Promise.all([
      stopInTurn([{ name: 'sink', stop: () => sink.stop() }], options),
      worker.stop(stopDeadlineMs),
    ]);
    await database.stop();
  };
  return {
    http,
    died: worker.died,
    publish: (events) => sink.send(events.map((event) => toRecord(config.kafka.messagesTopic, event))),
    stop: () => (stopped ??= stopAll()),
  };
}

const pause = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** The key keeps a user's messages in one partition. */
function toRecord(topic: string, event: MessageEvent): OutgoingRecord {
  return { topic, key: `${event.bot_id}/${event.user_id}`, value: JSON.stringify(event), headers: [] };
}
