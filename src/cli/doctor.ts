import { setTimeout as sleep } from 'node:timers/promises';
import { describeBot, describeConfig } from '../config/describe-config.ts';
import type { OpenDatabase } from '../resources.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';
import { checkDatabase } from './doctor-checks/check-database.ts';
import { checkEmbeddedLog, checkKafka } from './doctor-checks/check-log.ts';
import { checkMachine } from './doctor-checks/check-machine.ts';
import { checkModules } from './doctor-checks/check-modules.ts';
import { checkEmbeddings, checkModel, checkVectors } from './doctor-checks/check-services.ts';
import { fail, failed, ok, type Finding } from './doctor-checks/check.ts';

export interface DoctorOptions {
  readonly json: boolean;
  /** Also print what holds for this bot. */
  readonly bot?: string | undefined;
  /** Also print every setting, and where it comes from. Secrets are masked. */
  readonly config?: boolean | undefined;
}

/**
 * Looks at every part and says what to do, whatever is broken: it never throws for a part
 * that is. Words, codes and counts only. Exit code 1 when a part fails.
 */
export async function runDoctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
  const { output, config } = context;
  const findings = await examine(context);
  for (const finding of findings) {
    if (options.json) output.out(JSON.stringify(finding));
    else print(output, finding);
  }
  if (!options.json) output.note(verdict(findings));
  if (options.config === true) printConfig(output, options.json, describeConfig(config));
  if (options.bot !== undefined)
    printBot(output, options.json, options.bot, describeBot(config, options.bot));
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

/** Side by side, so that several dead parts cost one wait; told in one order. */
async function examine(context: CommandContext): Promise<readonly Finding[]> {
  const { config, logger } = context;
  const machine = { nodeVersion: process.versions.node, nowMs: Date.now() };
  const groups = await Promise.all([
    examineStorage(context),
    config.kafka.connection === null ? Promise.resolve([]) : checkKafka(config, logger),
    checkVectors(config),
    checkEmbeddings(config),
    checkModel(config),
  ]);
  return [...checkMachine(config, machine), ...checkModules(config, context.modules), ...groups.flat()];
}

/** The database, and the log where it lives there. */
async function examineStorage(context: CommandContext): Promise<readonly Finding[]> {
  let database: OpenDatabase;
  try {
    database = await context.openDatabase();
  } catch (error) {
    return [failed('postgres', 'check DATABASE_URL, or DATA_DIR', error), ...unusableLog(context)];
  }
  try {
    return await examineOpen(context, database);
  } finally {
    await stopWithin(database, stopDeadlineMs);
  }
}

const stopDeadlineMs = 5_000;

/** A server that hangs under a question must not keep the findings back. */
async function stopWithin(database: OpenDatabase, deadlineMs: number): Promise<void> {
  const stopped = database.stop().catch(() => undefined);
  await Promise.race([stopped, sleep(deadlineMs, undefined, { ref: false })]);
}

async function examineOpen(context: CommandContext, database: OpenDatabase): Promise<readonly Finding[]> {
  const { config, logger } = context;
  const { findings, isUsable } = await checkDatabase(config, database);
  if (config.kafka.connection !== null) return findings;
  if (isUsable) return [...findings, ...(await checkEmbeddedLog(config, database, logger))];
  if (findings.some(({ state }) => state === 'fail')) return [...findings, ...unusableLog(context)];
  return [...findings, ok('log', 'embedded log: it is made with the schema')];
}

function unusableLog({ config }: CommandContext): Finding[] {
  if (config.kafka.connection !== null) return [];
  return [fail('log', 'the embedded log lives in the database', 'mend the database')];
}

const marks = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;
const nameWidth = 28;

function print(output: Output, { check, state, says, hint }: Finding): void {
  output.out(`${marks[state]}  ${check.padEnd(nameWidth)} ${says}`);
  if (hint !== undefined) output.out(`      ${' '.repeat(nameWidth)} → ${hint}`);
}

function verdict(findings: readonly Finding[]): string {
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const [failures, warnings] = [count('fail'), count('warn')];
  if (failures + warnings === 0) return 'everything is well';
  return `${failures} failed, ${warnings} worth a look, ${count('ok')} well`;
}

function printConfig(output: Output, json: boolean, described: string): void {
  const lines = described.split('\n').map((line) => line.trim());
  if (json) output.out(JSON.stringify({ configuration: lines.filter((line) => line !== '') }));
  else output.out(`\n${described}`);
}

function printBot(output: Output, json: boolean, bot: string, described: string): void {
  const [, ...lines] = described.split('\n');
  if (json) output.out(JSON.stringify({ bot, holds: lines.map((line) => line.trim()) }));
  else output.out(`\n${described}`);
}
