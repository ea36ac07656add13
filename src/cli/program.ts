import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { costGroupings, type CostGrouping } from '../adapters/postgres/read-costs.ts';
import { parseSentAt } from '../consume/sent-at.ts';
import { roleNames, type RoleName } from '../roles/role.ts';
import type { CommandContext, ContextNeeds, ExitCode } from './command-context.ts';
import { runCosts } from './costs.ts';
import { runDemo } from './demo.ts';
import { runDoctor } from './doctor.ts';
import { runEvaluate, type EvaluateCommandOptions } from './evaluate.ts';
import { runExperiments, type ExperimentsOptions } from './experiments.ts';
import { runMigrate } from './migrate.ts';
import { runPublish } from './publish.ts';
import { runReindex } from './reindex.ts';
import { runWorker } from './run.ts';
import { runSearch } from './search.ts';
import { applyConfiguredSettings, showSettings } from './settings.ts';
import { runShow } from './show.ts';
import { runStatus } from './status.ts';
import { runWindows } from './windows.ts';

/** Made only when a command really runs, so that `--help` needs no valid configuration. */
export type MakeContext = (needs: ContextNeeds) => CommandContext | Promise<CommandContext>;

/**
 * The command line. Returns the exit code: 0 done, 1 failed, 2 wrong usage. Commands
 * themselves live in a file each; this one only reads their options.
 */
export async function runProgram(
  argv: readonly string[],
  makeContext: MakeContext,
  version: string,
): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command('afterword')
    .description('Turns finished conversations into memory.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help tells the options)');
  const run: Run = async (work, needs = { usesConfiguration: true }) => {
    exitCode = await work(await makeContext(needs));
  };
  addWorkCommands(program, run);
  addReadCommands(program, run);
  addSettingsCommands(program, run);
  addEvaluateCommand(program, run);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has printed what it has to say; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

type Run = (work: (context: CommandContext) => Promise<ExitCode>, needs?: ContextNeeds) => Promise<void>;

function addWorkCommands(program: Command, run: Run): void {
  program
    .command('run')
    .description('Read messages, extract what closed, publish results, until stopped.')
    .option('--roles <roles>', `comma-separated, of ${roleNames.join(', ')}`, parseRoles, [...roleNames])
    .option('--no-migrate', 'do not bring the schema up to date first')
    .option('--create-topics', 'make missing topics on Kafka (4 partitions each)', false)
    .action((options: { roles: RoleName[]; migrate: boolean; createTopics: boolean }) =>
      run((context) => runWorker(context, options)),
    );
  program
    .command('demo')
    .description('Everything embedded: sample conversations in, what was learnt out.')
    .option('--file <file>', 'other conversations, JSON lines of message events')
    .option('--serve', 'keep running until stopped', false)
    .action((options: { file?: string; serve: boolean }) =>
      run((context) => runDemo(context, options), { usesConfiguration: false }),
    );
  program
    .command('migrate')
    .description("Bring the database's schema up to this version.")
    .action(() => run(runMigrate));
  program
    .command('publish')
    .description('Publish JSON lines onto the messages topic.')
    .argument('<file>', 'file of message events, or - for standard input')
    .option('--create-topics', 'make missing topics on Kafka (4 partitions each)', false)
    .action((file: string, options: { createTopics: boolean }) =>
      run((context) => runPublish(context, { file, ...options })),
    );
  program
    .command('reindex')
    .description('Write every summary and fact into the vector index again.')
    .action(() => run(runReindex));
}

interface WhoOptions {
  readonly bot?: string;
  readonly user?: string;
  readonly json: boolean;
}

const json = (): Option => new Option('--json', 'one JSON object a line').default(false);

function addReadCommands(program: Command, run: Run): void {
  program
    .command('windows')
    .description('List session windows.')
    .option('--bot <bot>')
    .option('--user <user>')
    .option('--status <status>')
    .option('--limit <number>', 'the newest so many', parsePositive)
    .option('--all', 'superseded ones too', false)
    .addOption(json())
    .action((options: WhoOptions & { status?: string; limit?: number; all: boolean }) =>
      run((context) => runWindows(context, options)),
    );
  program
    .command('show')
    .description('What is known of a person, with the words that carry it.')
    .argument('<bot>')
    .argument('<user>')
    .addOption(json())
    .action((bot: string, user: string, options: { json: boolean }) =>
      run((context) => runShow(context, { bot, user, ...options })),
    );
  program
    .command('search')
    .description('Search summaries and facts.')
    .argument('<text>')
    .option('--bot <bot>')
    .option('--user <user>')
    .addOption(new Option('--kind <kind>').choices(['summary', 'fact']))
    .option('--limit <number>', 'how many', parsePositive, 10)
    .addOption(json())
    .action((text: string, options: WhoOptions & { kind?: 'summary' | 'fact'; limit: number }) =>
      run((context) => runSearch(context, { text, ...options })),
    );
  program
    .command('status')
    .description('Where everything stands, on one screen.')
    .option('--by-bot', 'a line for each bot', false)
    .addOption(json())
    .action((options: { byBot: boolean; json: boolean }) => run((context) => runStatus(context, options)));
  program
    .command('costs')
    .description('What calls of the model cost, failed and repair ones too.')
    .addOption(new Option('--by <grouping>', 'group by').choices(costGroupings).default('day'))
    .option('--since <date>', 'from this UTC day on, such as 2026-03-01', parseDay)
    .addOption(json())
    .action((options: { by: CostGrouping; since?: string; json: boolean }) =>
      run((context) => runCosts(context, options)),
    );
  program
    .command('experiments')
    .description('Compare strategies: failures, grounding, tokens, cost and latency, with intervals.')
    .option('--bot <bot>', 'windows of this bot')
    .option(
      '--since <time>',
      'results made from this day or time on (UTC), such as 2026-03-01',
      parseDayOrTime,
    )
    .option('--until <time>', 'results made before this day or time', parseDayOrTime)
    .option('--baseline <strategy>', 'compare with this one; else with default, or the one with most windows')
    .addOption(json())
    .action((options: ExperimentsOptions) => run((context) => runExperiments(context, options)));
  program
    .command('doctor')
    .description('Check every part, and say what to do.')
    .option('--config', 'also print every setting, and where it comes from', false)
    .option('--bot <bot>', 'also print what holds for this bot')
    .addOption(json())
    .action((options: { bot?: string; config: boolean; json: boolean }) =>
      run((context) => runDoctor(context, options)),
    );
}

function addSettingsCommands(program: Command, run: Run): void {
  const settings = program.command('settings').description('What decides where windows end.');
  settings
    .command('show')
    .description('What holds since when, and where this process is configured otherwise.')
    .addOption(json())
    .action((options: { json: boolean }) => run((context) => showSettings(context, options)));
  settings
    .command('apply')
    .description("Make this process's configuration hold for messages to come.")
    .option(
      '--at <time>',
      'event time from which it holds, RFC 3339; otherwise as soon as possible',
      parseTime,
    )
    .option('--replace', 'take back settings that are planned for later', false)
    .option('--dry-run', 'tell what would change, and change nothing', false)
    .action((options: { at?: number; replace: boolean; dryRun: boolean }) =>
      run((context) =>
        applyConfiguredSettings(context, { ...options, atMs: options.at, replaces: options.replace }),
      ),
    );
}

function parseDay(text: string): string {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // The parser takes February 30 for a day of March.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text) {
    throw new InvalidArgumentError('a day such as 2026-03-01');
  }
  return text;
}

function addEvaluateCommand(program: Command, run: Run): void {
  program
    .command('evaluate')
    .description('Compare what is extracted from labelled conversations with their labels.')
    .argument('<file>', 'JSON lines, as in schemas/evaluation-conversation.v1.json')
    .option('--offline', 'by rules, even where there is a key', false)
    .option('--model <name>', 'instead of the configured model')
    .option('--strategy <name>', 'one strategy for everybody; else each user’s own, as in production')
    .option('--stage <stages>', 'comma-separated; all that are enabled unless told', parseNames)
    .addOption(new Option('--half <half>').choices(['tuned', 'untouched', 'all']).default('all'))
    .option('--min-recall <share>', 'end with 1 below this recall of facts, 0 to 1', parseShare)
    .option('--min-precision <share>', 'end with 1 below this precision of facts, 0 to 1', parseShare)
    .addOption(json())
    .action((file: string, options: Omit<EvaluateCommandOptions, 'file'>) =>
      run((context) => runEvaluate(context, { file, ...options })),
    );
}

function parseNames(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError('a number from 0 to 1');
  return share;
}

function parseTime(text: string): number {
  const time = parseSentAt(text);
  if (!time.ok) throw new InvalidArgumentError(`${time.fault}; such as 2026-03-01T10:00:00Z`);
  return time.atMs;
}

function parseDayOrTime(text: string): number {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${parseDay(text)}T00:00:00Z`) : parseTime(text);
}

function parseRoles(text: string): RoleName[] {
  const names = text.split(',').map((name) => name.trim());
  const isRole = (name: string): name is RoleName => (roleNames as readonly string[]).includes(name);
  const unknown = names.filter((name) => !isRole(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`unknown: ${unknown.join(', ')}; roles are ${roleNames.join(', ')}`);
  }
  return names.filter(isRole);
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0');
  return value;
}
