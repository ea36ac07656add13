#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runProgram } from './cli/program.ts';
import { reportFailure } from './cli/report-failure.ts';
import { terminalOutput } from './cli/terminal-output.ts';
import type { CommandContext, ContextNeeds, ExitCode } from './cli/command-context.ts';
import { environmentWithDotenv } from './config/dotenv-file.ts';
import { loadConfig } from './config/load-config.ts';
import { requireSchema } from './adapters/postgres/migrate.ts';
import { ensureError } from './errors.ts';
import { chooseLog } from './log.ts';
import { loadModules } from './modules/load-modules.ts';
import { openDatabase } from './resources.ts';
import { standardErrorDestination } from './telemetry/log-destination.ts';
import { createLogger, type Logger, type LogLevel } from './telemetry/logger.ts';

const sameSignalMs = 1_000;
/** Orchestrators kill after 30 s: whatever hangs by then (a start, say) would hang on. */
const lastResortMs = 29_000;

/** The entry point: the only reader of the environment, of signals and of argv. */
const version = readVersion();
const output = terminalOutput(process.stdout, process.stderr);
const stop = stopOnSignals();
let outputGone = false;
endWhenOutputIsGone();
dieOfFaults();

try {
  process.exitCode = await runProgram(process.argv.slice(2), makeContext, version);
} catch (error) {
  process.exitCode = report(ensureError(error));
}
// Whatever still holds the event loop (a pool that waits for a dead server) must not keep
// the process alive once the work is done and its output written.
setTimeout(() => process.exit(), 2_000).unref();

async function makeContext({ usesConfiguration }: ContextNeeds): Promise<CommandContext> {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  const environment = environmentWithDotenv(process.env, readFile);
  const { config, modules } = await loadModules(loadConfig(usesConfiguration ? environment : {}, readFile));
  for (const warning of config.warnings) output.note(`warning: ${warning}`);
  const destination = standardErrorDestination(process.stderr);
  const loggerAt = (level: LogLevel): Logger => createLogger({ level, destination });
  const logger = loggerAt(config.logLevel);
  return {
    config,
    modules,
    version,
    environment,
    output,
    logger,
    loggerAt,
    signal: stop.signal,
    openDatabase: () => openDatabase(config, logger),
    requireSchema: (database) => requireSchema(database.pool),
    openTopicAdmin: (database) => chooseLog(config, database, logger).createAdmin(),
    openSink: (database) => chooseLog(config, database, logger).createSink(),
  };
}

/**
 * The first signal stops in good order; one more, at once. Launchers such as npx pass on
 * what the terminal has sent to everybody already: within a second it is the same Ctrl-C.
 */
function stopOnSignals(): AbortController {
  const controller = new AbortController();
  let firstMs: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > sameSignalMs) process.exit(1);
      controller.abort(new Error(`stopped by ${signal}`));
      setTimeout(() => process.exit(1), lastResortMs).unref();
    });
  }
  return controller;
}

/** Being stopped is no failure to explain, unless stopping itself failed. */
function report(error: Error): ExitCode {
  if (outputGone) return 0;
  const { aborted } = stop.signal;
  const reason: unknown = stop.signal.reason;
  if (!aborted || (error !== reason && error.name !== 'AbortError')) return reportFailure(error, output);
  output.note(`afterword: ${ensureError(reason).message}`);
  return 1;
}

/** `afterword windows --json | head`: a reader that has seen enough is no failure. */
function endWhenOutputIsGone(): void {
  process.stdout.on('error', () => {
    outputGone = true;
    stop.abort(new Error('nobody reads the output any more'));
  });
  process.stderr.on('error', () => undefined);
}

/** A fault of ours that nothing waits for: told without its message, which may quote a conversation. */
function dieOfFaults(): void {
  const logger = createLogger({ level: 'error', destination: standardErrorDestination(process.stderr) });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (thrown: unknown) => {
      logger.failure('process.failed', thrown, {});
      process.exit(1);
    });
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version: found } = JSON.parse(text) as { version: string };
  return found;
}
