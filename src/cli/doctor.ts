import { describeBot } from '../config/describe-config.ts';
import { failureCode } from '../telemetry/failure.ts';
import { isAfterwordError } from '../errors.ts';
import type { OpenDatabase } from '../resources.ts';
import { checkDatabase } from './doctor-checks/check-database.ts';
import { checkLog } from './doctor-checks/check-log.ts';
import { checkModel, checkVectors } from './doctor-checks/check-services.ts';
import { fail, ok, warn, type Finding } from './doctor-checks/check.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';

export interface DoctorOptions {
  readonly json: boolean;
  /** Also print what holds for this bot. */
  readonly bot?: string;
}

/** Looks at every part and says what to do. Exit code 1 when one of them fails. */
export async function runDoctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
  const { output, config } = context;
  const findings = [...configuration(context), ...(await examine(context)), ...(await checkModel(config))];
  for (const finding of findings) {
    if (options.json) output.out(JSON.stringify(finding));
    else print(output, finding);
  }
  if (options.bot !== undefined && !options.json) output.out(`\n${describeBot(config, options.bot)}`);
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

function configuration({ config }: CommandContext): Finding[] {
  if (config.warnings.length === 0) return [ok('configuration', 'no faults')];
  return config.warnings.map((warning) => warn('configuration', warning, 'see docs/CONFIGURATION.md'));
}

/** What needs the database: also a log that lives in it. */
async function examine(context: CommandContext): Promise<readonly Finding[]> {
  let database: OpenDatabase;
  try {
    database = await context.openDatabase();
  } catch (error) {
    const own = isAfterwordError(error) ? error : undefined;
    const says = own?.message ?? `cannot be opened (${failureCode(error)})`;
    return [fail('postgres', says, own?.hint ?? 'check DATABASE_URL or DATA_DIR')];
  }
  try {
    const found = await checkDatabase(database);
    const isUp = found.some(({ check, state }) => check === 'schema' && state === 'ok');
    const admin = context.openTopicAdmin(database);
    // The embedded log is as well as its database; Kafka is looked at either way.
    const log = isUp || context.config.kafka.connection !== null ? await checkLog(context.config, admin) : [];
    await admin.stop();
    const vectors = isUp ? await checkVectors(context.config, database) : [];
    return [...found, ...log, ...vectors];
  } finally {
    await database.stop();
  }
}

const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;

function print(output: Output, { check, state, says, hint }: Finding): void {
  output.out(`${marks[state]}  ${check.padEnd(28)} ${says}`);
  if (hint !== undefined) output.out(`      ${' '.repeat(28)} → ${hint}`);
}
