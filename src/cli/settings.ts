import { applySettings, readSettings, type AppliedSettings } from '../adapters/postgres/run-settings.ts';
import type { Config } from '../config/config.ts';
import { settingDifferences, toRunConfiguration } from '../config/run-configuration.ts';
import { entryInForce, type RunConfiguration, type SettingsStanding } from '../model/run-settings.ts';
import type { OpenDatabase } from '../resources.ts';
import { planSettingsChange } from '../sessions/plan-settings-change.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import {
  boundariesDocument,
  boundariesLine,
  differenceDocument,
  differenceHints,
  differenceText,
  entryDocument,
  isBeginning,
  utcSecond,
} from './format-settings.ts';
import { alignColumns, printable } from './format-text.ts';

/** What holds since when, what this process is configured to, and what of it differs. */
export async function showSettings(context: CommandContext, options: { json: boolean }): Promise<ExitCode> {
  return withDatabase(context, async (database) => {
    const configured = toRunConfiguration(context.config);
    const standing = await readSettings(database.pool);
    const lines = options.json
      ? [JSON.stringify({ ...settingsShown(standing, configured), stages: context.config.ownStages })]
      : [...formatShown(standing, configured), ...ownStagesLine(context.config)];
    for (const line of lines) context.output.out(line);
    return 0;
  });
}

async function withDatabase(
  context: CommandContext,
  work: (database: OpenDatabase) => Promise<ExitCode>,
): Promise<ExitCode> {
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    return await work(database);
  } finally {
    await database.stop();
  }
}

function settingsShown(standing: SettingsStanding | undefined, configured: RunConfiguration): object {
  return {
    run_id: standing === undefined ? null : String(standing.runId),
    entries:
      standing?.entries.map((entry) => ({
        ...entryDocument(entry),
        state: stateOf(standing, entry.fromMs),
      })) ?? [],
    configured: boundariesDocument(configured.settings),
    extraction: { configured: configured.extraction, recorded: standing?.extraction ?? null },
    differences:
      standing === undefined ? [] : settingDifferences(standing, configured).map(differenceDocument),
  };
}

function ownStagesLine({ ownStages }: Config): string[] {
  const named = ownStages.map(({ name, version }) => `${name} (version ${printable(version)})`);
  return named.length === 0 ? [] : [`stages that modules add here: ${named.join(', ')}`];
}

function stateOf({ entries, nowMs }: SettingsStanding, fromMs: number): 'past' | 'in force' | 'planned' {
  if (fromMs > nowMs) return entries[0].fromMs === fromMs ? 'in force' : 'planned';
  const isReplaced = entries.some((other) => other.fromMs > fromMs && other.fromMs <= nowMs);
  return isReplaced ? 'past' : 'in force';
}

function formatShown(standing: SettingsStanding | undefined, configured: RunConfiguration): string[] {
  const here = ['configured here', '', boundariesLine(configured.settings)];
  if (standing === undefined) {
    return [
      ...alignColumns([here]),
      'nothing is in force: the first worker, or `settings apply`, begins a run',
    ];
  }
  const rows = standing.entries.map((entry) => [
    isBeginning(entry.fromMs) ? 'from the beginning' : `from ${utcSecond(entry.fromMs)}`,
    stateOf(standing, entry.fromMs),
    boundariesLine(entry.settings),
  ]);
  const differences = settingDifferences(standing, configured);
  const kinds = [...new Set(differences.map(({ kind }) => kind))];
  return [
    `run ${standing.runId}; an entry holds for messages sent from its date on`,
    ...alignColumns([...rows, here]),
    ...(differences.length === 0 ? ['this process is configured alike'] : []),
    ...kinds.flatMap((kind) => [
      ...differences.filter((difference) => difference.kind === kind).map(differenceText),
      `  → ${differenceHints[kind]}`,
    ]),
  ];
}

export interface ApplyOptions {
  readonly atMs: number | undefined;
  readonly replaces: boolean;
  readonly dryRun: boolean;
}

/**
 * Writes this process's configuration into the database for the time to come. Running
 * workers take it with their next batch; what was cut before keeps its windows.
 */
export async function applyConfiguredSettings(
  context: CommandContext,
  options: ApplyOptions,
): Promise<ExitCode> {
  return withDatabase(context, async ({ pool }) => {
    const configured = toRunConfiguration(context.config);
    const applied = await (options.dryRun
      ? planOnly(pool, configured, options)
      : applySettings(pool, configured, options));
    for (const line of formatApplied(applied, configured)) context.output.out(line);
    if (options.dryRun) context.output.note('nothing was written');
    else if (applied.change.entry !== undefined)
      context.logger.info('settings.applied', { runId: String(applied.before?.runId), settings: 1 });
    return 0;
  });
}

/** As `applySettings` would find it; nothing is locked, so another process may still come between. */
async function planOnly(
  pool: OpenDatabase['pool'],
  configured: RunConfiguration,
  request: ApplyOptions,
): Promise<Applied> {
  const before = await readSettings(pool);
  const nothing = { entry: undefined, replaced: [], recordsExtraction: false };
  return before === undefined
    ? { began: true, before, change: nothing }
    : { began: false, before, change: planSettingsChange(before, configured, request) };
}

/** `before` is missing where a run would only begin. */
type Applied = Omit<AppliedSettings, 'before'> & { readonly before: SettingsStanding | undefined };

function formatApplied({ began, before, change }: Applied, { settings }: RunConfiguration): string[] {
  if (began) return [`from the beginning of a new run: ${boundariesLine(settings)}`];
  const { entry, replaced, recordsExtraction } = change;
  const lines = replaced.map(
    ({ fromMs, settings: planned }) => `taken back, from ${utcSecond(fromMs)} on: ${boundariesLine(planned)}`,
  );
  if (entry !== undefined && before !== undefined) {
    lines.push(
      `until ${utcSecond(entry.fromMs)}: ${boundariesLine(entryInForce(before).settings)}`,
      `messages sent from ${utcSecond(entry.fromMs)} on: ${boundariesLine(entry.settings)}`,
    );
  }
  if (recordsExtraction) lines.push('extraction settings recorded; every process uses its own');
  return lines.length === 0 ? ['nothing to apply: this configuration holds already'] : lines;
}
