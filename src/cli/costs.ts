import { readCosts, type CostGrouping, type CostRow } from '../adapters/postgres/read-costs.ts';
import { toUsd } from '../model/model-cost.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { dollars } from './format-money.ts';
import { alignColumns, printable } from './format-text.ts';

export interface CostsOptions {
  readonly by: CostGrouping;
  /** UTC day, `YYYY-MM-DD`; else everything. */
  readonly since?: string | undefined;
  readonly json: boolean;
}

/** What calls of the model cost, failed and repair ones too; with `json` one object a line. */
export async function runCosts(context: CommandContext, options: CostsOptions): Promise<ExitCode> {
  const { output } = context;
  const rows = await withDatabase(context, options);
  if (options.json) {
    for (const row of rows) output.out(JSON.stringify(costDocument(options.by, row)));
    return 0;
  }
  if (rows.length === 0) {
    output.note('no calls of a model');
    return 0;
  }
  for (const line of formatCosts(options.by, rows)) output.out(line);
  for (const note of notesOn(rows)) output.note(note);
  return 0;
}

async function withDatabase(context: CommandContext, { by, since }: CostsOptions): Promise<CostRow[]> {
  const database = await context.openDatabase();
  try {
    await context.requireSchema(database);
    return await readCosts(database.pool, by, since);
  } finally {
    await database.stop();
  }
}

function costDocument(by: CostGrouping, row: CostRow): Readonly<Record<string, unknown>> {
  return {
    [by]: row.name,
    calls: row.calls,
    failed: row.failed,
    input_tokens: row.inputTokens,
    cached_input_tokens: row.cachedInputTokens,
    cache_write_input_tokens: row.cacheWriteInputTokens,
    output_tokens: row.outputTokens,
    // With no cost known there is no sum, and not a sum of 0.
    cost_usd: row.unpriced === row.calls ? null : toUsd(row.costNanoUsd),
    estimated_usd: toUsd(row.estimatedNanoUsd),
    unpriced_calls: row.unpriced,
  };
}

function formatCosts(by: CostGrouping, rows: readonly CostRow[]): string[] {
  const head = [by, 'calls', 'failed', 'input', 'cached', 'cache writes', 'output', 'cost'];
  // A call that asked three stages is one of each.
  const total = by === 'stage' ? [] : [toCells(rows.reduce(addRows))];
  return alignColumns([head, ...rows.map(toCells), ...total]);
}

function toCells(row: CostRow): string[] {
  return [
    printable(row.name),
    String(row.calls),
    String(row.failed),
    String(row.inputTokens),
    String(row.cachedInputTokens),
    String(row.cacheWriteInputTokens),
    String(row.outputTokens),
    row.unpriced === row.calls ? 'unknown' : dollars(row.costNanoUsd),
  ];
}

function addRows(a: CostRow, b: CostRow): CostRow {
  return {
    name: 'total',
    calls: a.calls + b.calls,
    failed: a.failed + b.failed,
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWriteInputTokens: a.cacheWriteInputTokens + b.cacheWriteInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    estimatedNanoUsd: a.estimatedNanoUsd + b.estimatedNanoUsd,
    unpriced: a.unpriced + b.unpriced,
  };
}

function notesOn(rows: readonly CostRow[]): string[] {
  const estimated = rows.reduce((sum, row) => sum + row.estimatedNanoUsd, 0);
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0);
  return [
    ...(estimated === 0
      ? []
      : [`${dollars(estimated)} of it is the most that calls can have cost whose end nobody knows`]),
    ...(unpriced === 0
      ? []
      : [`${unpriced} calls of models without a price are not in it; set \`prices\` in AFTERWORD_CONFIG`]),
  ];
}
