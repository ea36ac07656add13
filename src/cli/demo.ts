import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorker } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/config.ts';
import { AfterwordError } from '../errors.ts';
import { chooseLog, prepareTopics } from '../log.ts';
import { openDatabase, type OpenDatabase } from '../resources.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { parseConversations, toDemoRecords, type Event } from './demo-records.ts';
import { readDemoState, reportPeople, showWindow } from './demo-report.ts';
import { prepareSchema } from './run.ts';

export interface DemoOptions {
  /** Other conversations than the samples. */
  readonly file?: string;
  /** Keep running after the report. */
  readonly serve: boolean;
}

const samples = new URL('../../samples/conversations.jsonl', import.meta.url);
const deadlineMs = 50_000;
const pollMs = 100;
const stopDeadlineMs = 5_000;

/**
 * Everything embedded in a folder of its own that goes with the demo: no Kafka, no
 * Postgres, no key, whatever the environment holds. Publishes conversations, shows
 * windows closing, and prints what was learnt about each person with the quotes.
 */
export async function runDemo(context: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const { output } = context;
  // Before anything is started, so that a wrong file costs no time.
  const events = parseConversations(await readConversations(options.file));
  const dataDir = await mkdtemp(join(tmpdir(), 'afterword-demo-'));
  const config = demoConfig(dataDir, context, options.serve);
  const logger = context.loggerAt('warn');
  output.note('Starting an embedded Postgres and an embedded log (nothing else is needed) …');
  try {
    const database = await openDatabase(config, logger);
    try {
      return await playDemo({ ...context, config, logger }, database, events, options.serve);
    } finally {
      await database.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function readConversations(file: string | undefined): Promise<string> {
  try {
    return await readFile(file ?? samples, 'utf8');
  } catch {
    throw new AfterwordError('INPUT_INVALID', `cannot read ${file ?? 'the sample conversations'}`, {
      hint: 'give a readable file of JSON lines, one message event each',
    });
  }
}

function demoConfig(dataDir: string, { environment }: CommandContext, serve: boolean): Config {
  const kept = serve ? { HTTP_PORT: environment['HTTP_PORT'] } : {};
  return loadConfig({ ...kept, DATA_DIR: dataDir, SESSION_GRACE: '1s' }, () => '');
}

async function playDemo(
  context: CommandContext,
  database: OpenDatabase,
  events: readonly Event[],
  serve: boolean,
): Promise<ExitCode> {
  const { config, logger, output, signal } = context;
  const startedMs = Date.now();
  await prepareSchema({ output: { ...output, note: () => undefined } }, database, true);
  await prepareTopics(config, database, logger, true);
  const worker = await createWorker({
    config,
    database,
    logger,
    roles: serve ? ['consume', 'extract', 'publish', 'serve'] : ['consume', 'extract', 'publish'],
  });
  const { http } = await worker.start();
  try {
    const records = toDemoRecords(events, config, Date.now());
    const sink = chooseLog(config, database, logger).createSink();
    await sink.send(records);
    await sink.stop();
    output.note(`Published ${records.length} records. Windows close when a gap of silence is over:`);
    await followWindows(context, database, records.length);
    await reportPeople(database.pool, output);
    const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
    output.note(
      `\nDone in ${seconds} s, offline (no model key). With ANTHROPIC_API_KEY set, \`afterword run\` asks Claude.`,
    );
    if (serve && http !== undefined) {
      output.note(`Running on: http://${http.host}:${http.port}/readyz (Ctrl-C stops)`);
      await stopAsked(signal);
    }
    return 0;
  } finally {
    await worker.stop(stopDeadlineMs);
  }
}

/** Prints each window as its results become durable, until nothing is left to do. */
async function followWindows(
  { output, signal }: CommandContext,
  database: OpenDatabase,
  published: number,
): Promise<void> {
  const shown = new Set<string>();
  const untilMs = Date.now() + deadlineMs;
  while (Date.now() < untilMs) {
    signal.throwIfAborted();
    const state = await readDemoState(database.pool);
    for (const window of state.windows) {
      if (window.status !== 'settled' || shown.has(`${window.windowId}/${window.revision}`)) continue;
      shown.add(`${window.windowId}/${window.revision}`);
      output.out(showWindow(window));
    }
    if (state.recordsEnded >= published && state.unsettled === 0) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new AfterwordError('INVARIANT_BROKEN', 'the demo did not finish in time', {
    hint: 'run it again with LOG_LEVEL=debug and report what it says',
  });
}

function stopAsked(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
