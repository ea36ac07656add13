import type pg from 'pg';
import { translating } from './database-errors.ts';

export const costGroupings = ['day', 'bot', 'stage', 'model', 'strategy', 'window'] as const;
export type CostGrouping = (typeof costGroupings)[number];

/** Calls that have ended, together. Money in nano-dollars. */
export interface CostRow {
  readonly name: string;
  /** With `stage`: those that asked the stage, and so more than there were. */
  readonly calls: number;
  /** Without an answer. */
  readonly failed: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteInputTokens: number;
  readonly outputTokens: number;
  /** Of the calls whose cost is known. */
  readonly costNanoUsd: number;
  /** Of it, what calls can have cost of which nobody knows the end. */
  readonly estimatedNanoUsd: number;
  /** Calls of a model without a price. */
  readonly unpriced: number;
}

interface Row {
  name: string;
  calls: string;
  failed: string;
  input: string;
  cached: string;
  written: string;
  output: string;
  cost: string;
  estimated: string;
  unpriced: string;
}

const names: Readonly<Record<CostGrouping, string>> = {
  day: `to_char(c.day, 'YYYY-MM-DD')`,
  bot: 'c.bot_id',
  stage: 's.stage',
  model: 'c.model',
  strategy: 'c.strategy',
  window: 'c.window_id::text',
};

/**
 * What calls cost, grouped; from a UTC day on (`YYYY-MM-DD`), or all. The shares of stages add
 * up to the calls, so every grouping has the same sum.
 *
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export function readCosts(pool: pg.Pool, by: CostGrouping, since: string | undefined): Promise<CostRow[]> {
  const shares =
    'jsonb_to_recordset(c.stage_usage) as s (stage text, input_tokens bigint, cached_input_tokens bigint, ' +
    'cache_write_input_tokens bigint, output_tokens bigint, cost_nano_usd bigint)';
  const [from, counted] = by === 'stage' ? [`cross join lateral ${shares}`, 's'] : ['', 'c'];
  return translating(async () => {
    const { rows } = await pool.query<Row>(
      `select ${names[by]} as name, count(*) as calls, count(*) filter (where c.outcome <> 'ok') as failed,
         sum(${counted}.input_tokens) as input, sum(${counted}.cached_input_tokens) as cached,
         sum(${counted}.cache_write_input_tokens) as written, sum(${counted}.output_tokens) as output,
         coalesce(sum(${counted}.cost_nano_usd), 0) as cost,
         coalesce(sum(${counted}.cost_nano_usd) filter (where c.cost_is_estimate), 0) as estimated,
         count(*) filter (where c.cost_nano_usd is null) as unpriced
       from afterword.model_calls c ${from}
       where c.outcome is not null and ($1::date is null or c.day >= $1::date)
       group by 1 order by 1`,
      [since ?? null],
    );
    return rows.map(toCostRow);
  });
}

function toCostRow(row: Row): CostRow {
  return {
    name: row.name,
    calls: Number(row.calls),
    failed: Number(row.failed),
    inputTokens: Number(row.input),
    cachedInputTokens: Number(row.cached),
    cacheWriteInputTokens: Number(row.written),
    outputTokens: Number(row.output),
    costNanoUsd: Number(row.cost),
    estimatedNanoUsd: Number(row.estimated),
    unpriced: Number(row.unpriced),
  };
}
