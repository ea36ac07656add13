import { migrate } from '../adapters/postgres/migrate.ts';
import type { CommandContext, ExitCode } from './command-context.ts';

/** Brings the database's schema up to this binary's version. */
export async function runMigrate(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const database = await context.openDatabase();
  try {
    const report = await migrate(database.pool);
    for (const name of report.applied) output.note(`applied ${name}`);
    for (const notice of report.notices) output.note(notice);
    output.out(
      report.applied.length === 0
        ? `schema is at version ${report.to}, nothing to do`
        : `schema migrated from version ${report.from} to ${report.to}`,
    );
    return 0;
  } finally {
    await database.stop();
  }
}
