import { createWorker, type Worker } from '../app.ts';
import { migrate, requireSchema } from '../adapters/postgres/migrate.ts';
import { ensureError } from '../errors.ts';
import { prepareTopics } from '../log.ts';
import type { OpenDatabase } from '../resources.ts';
import type { RoleName } from '../roles/role.ts';
import type { CommandContext, ExitCode } from './command-context.ts';

export interface RunOptions {
  readonly roles: readonly RoleName[];
  /** Apply what the database is missing before starting. */
  readonly migrate: boolean;
  /** Make topics that are missing; with the embedded log that is always done. */
  readonly createTopics: boolean;
}

/** Orchestrators wait for 30 s; the database closes after this. */
const stopDeadlineMs = 22_000;
/** Nothing is in hand yet. */
const failedStartDeadlineMs = 5_000;

/** Runs until told to stop. Exit code 1 when reading died for good. */
export async function runWorker(context: CommandContext, options: RunOptions): Promise<ExitCode> {
  const { config, modules, logger, output } = context;
  const database = await context.openDatabase();
  try {
    await prepareSchema(context, database, options.migrate);
    await prepareTopics(config, database, logger, options.createTopics);
    const worker = await createWorker({ config, database, logger, roles: options.roles, modules });
    const { http } = await startOrStop(worker);
    logger.info('process.started', { version: context.version, pid: process.pid });
    if (http !== undefined) {
      output.note(
        `Afterword runs (${options.roles.join(', ')}); health at http://${http.host}:${http.port}/readyz`,
      );
    }
    return await runUntilStopped(context, worker);
  } finally {
    await database.stop();
  }
}

/** A start that fails half-way leaves no loop behind that asks a closed database. */
async function startOrStop(worker: Worker): ReturnType<Worker['start']> {
  try {
    return await worker.start();
  } catch (error) {
    await worker.stop(failedStartDeadlineMs);
    throw error;
  }
}

async function runUntilStopped({ signal, logger }: CommandContext, worker: Worker): Promise<ExitCode> {
  const stopAsked = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => {
      resolve(undefined);
    });
  });
  const death = await Promise.race([stopAsked, worker.died]);
  const startedMs = Date.now();
  if (death === undefined) logger.info('process.stopping', {});
  else logger.failure('process.failed', ensureError(death), {});
  await worker.stop(stopDeadlineMs);
  logger.info('process.stopped', { tookMs: Date.now() - startedMs });
  return death === undefined ? 0 : 1;
}

export async function prepareSchema(
  { output }: Pick<CommandContext, 'output'>,
  database: OpenDatabase,
  mayMigrate: boolean,
): Promise<void> {
  if (!mayMigrate) {
    await requireSchema(database.pool);
    return;
  }
  const report = await migrate(database.pool);
  for (const name of report.applied) output.note(`migrated: ${name}`);
  for (const notice of report.notices) output.note(notice);
}
