import { readExperiments, type ExperimentFilter } from '../adapters/postgres/read-experiments.ts';
import { AfterwordError } from '../errors.ts';
import { compareStrategies, type StrategyTally } from '../experiments/compare-strategies.ts';
import { defaultStrategyName } from '../model/strategy-choices.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { experimentDocument } from './experiments-document.ts';
import { formatExperiments, notesOnExperiments } from './format-experiments.ts';

export interface ExperimentsOptions {
  readonly bot?: string | undefined;
  /** Results made from this time on, epoch ms. */
  readonly since?: number | undefined;
  /** And before this one. */
  readonly until?: number | undefined;
  /** What the others are compared with; else `default`, or the one with the most windows. */
  readonly baseline?: string | undefined;
  readonly json: boolean;
}

/**
 * Compares strategies by the windows that were extracted with them; with `json` one object a line.
 *
 * @throws AfterwordError INPUT_INVALID for a baseline that extracted nothing, DATABASE_UNAVAILABLE
 */
export async function runExperiments(
  context: CommandContext,
  options: ExperimentsOptions,
): Promise<ExitCode> {
  const { output } = context;
  const { bot: botId, since: sinceMs, until: untilMs } = options;
  const all = await withDatabase(context, { botId, sinceMs, untilMs });
  const tallies = all.filter(({ windows }) => windows > 0);
  const baseline = baselineOf(tallies, options.baseline);
  if (baseline === undefined) {
    for (const note of ['no window was extracted by a model', ...notesOnExperiments(all)]) output.note(note);
    return 0;
  }
  const comparison = compareStrategies(tallies, baseline);
  const lines = options.json
    ? comparison.strategies.map((strategy) => JSON.stringify(experimentDocument(comparison, strategy)))
    : formatExperiments(comparison);
  for (const note of notesOnExperiments(all)) output.note(note);
  for (const line of lines) output.out(line);
  return 0;
}

async function withDatabase(context: CommandContext, filter: ExperimentFilter): Promise<StrategyTally[]> {
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    return await readExperiments(database.pool, filter);
  } finally {
    await database.stop();
  }
}

function baselineOf(tallies: readonly StrategyTally[], asked: string | undefined): string | undefined {
  const names = tallies.map(({ strategy }) => strategy);
  const wanted = asked ?? defaultStrategyName;
  if (names.includes(wanted)) return wanted;
  if (asked !== undefined) {
    throw new AfterwordError('INPUT_INVALID', 'no window was extracted with the strategy of --baseline', {
      hint: names.length === 0 ? 'none was extracted by a model' : `there are ${names.join(', ')}`,
    });
  }
  // By name where two have as many.
  const [most] = [...tallies].sort((a, b) => b.windows - a.windows);
  return most?.strategy;
}
