import type pg from 'pg';
import type { StrategyTally } from '../../experiments/compare-strategies.ts';
import { measureNames, type MeasureName } from '../../experiments/measures.ts';
import { translating } from './database-errors.ts';

export interface ExperimentFilter {
  readonly botId?: string | undefined;
  /** Results made from this time on, ms; else all. */
  readonly sinceMs?: number | undefined;
  /** And before this one. */
  readonly untilMs?: number | undefined;
}

/**
 * What is measured of a window, as SQL over `asked` (a window's newest results) and `called` (the
 * calls that they took). Null: not known of this window; such windows do not count for the measure.
 * One more measure is a line here and one in `measures`.
 */
const measureSql: Readonly<Record<MeasureName, string>> = {
  failures: 'asked.failed::int',
  grounding: `(asked.summary ->> 'grounded_share')::float8`,
  compression: `(asked.summary ->> 'compression_ratio')::float8`,
  topic_diversity: `(asked.summary ->> 'topic_diversity')::float8`,
  // Summaries that nearly repeat an earlier one of the same person.
  duplicates: `case when asked.summary is not null then
    (exists (select from afterword.summary_links l where l.window_id = asked.window_id))::int end`,
  calls: 'called.calls',
  input_tokens: 'called.input_tokens',
  cached_input_tokens: 'called.cached_input_tokens',
  output_tokens: 'called.output_tokens',
  cost_usd: 'called.cost_nano_usd / 1e9',
  latency_ms: 'called.latency_ms',
};

/**
 * - `asked`: live windows of runs that readers see, each with the results of its newest revision,
 *   by the strategy that made them. `by_model`: a model was asked, whatever came of it; where
 *   all were skipped nobody was, and such windows are not read.
 * - `called`: latency is the time during which calls of the revision were under way, those side
 *   by side once, waits between them not at all. Its cost is not known where that of one call is not.
 * - A row for each person and one for the whole, told apart by `key_id`: what leaves the database
 *   is as much as there are people, not windows.
 */
const selectTallies = `
  with asked as (
    select t.strategy, t.key_id, t.window_id, t.revision, k.bot_id,
      bool_or(t.method = 'model') is true or bool_or(t.method = 'offline') is not true as by_model,
      bool_or(t.status = 'failed') as failed,
      (array_agg(t.result) filter (where t.stage = 'summary' and t.method = 'model'))[1] as summary,
      array_agg(distinct t.model) filter (where t.model is not null) as models
    from afterword.windows w
    join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
    join afterword.stage_tasks t on t.window_id = w.window_id and t.revision = w.revision and t.superseded_at is null
    where w.status in ('open', 'closed') and ($1::text is null or k.bot_id = $1)
      and ($2::timestamptz is null or t.created_at >= $2) and ($3::timestamptz is null or t.created_at < $3)
    group by t.strategy, t.key_id, t.window_id, t.revision, k.bot_id
    having not bool_and(t.status = 'skipped')
  ), calls as (
    select c.window_id, c.revision, c.strategy, count(*)::float8 as calls,
      sum(c.input_tokens)::float8 as input_tokens, sum(c.cached_input_tokens)::float8 as cached_input_tokens, sum(c.output_tokens)::float8 as output_tokens,
      case when bool_and(c.cost_nano_usd is not null) then sum(c.cost_nano_usd)::float8 end as cost_nano_usd,
      range_agg(tstzrange(c.called_at, c.called_at + c.took_ms * interval '1 millisecond'))
        filter (where c.took_ms is not null) as under_way
    from afterword.model_calls c
    where c.outcome is not null
      and exists (select from asked a
        where a.window_id = c.window_id and a.revision = c.revision and a.strategy = c.strategy)
    group by c.window_id, c.revision, c.strategy
  ), called as (
    select c.*, case when under_way is not null then
        coalesce((select sum(extract(epoch from upper(r) - lower(r))) * 1000 from unnest(under_way) r), 0)
      end::float8 as latency_ms
    from calls c
  ), measured as (
    select asked.strategy, asked.key_id, asked.bot_id, asked.by_model, asked.models,
      ${measureNames.map((name) => `${measureSql[name]} as ${name}`).join(',\n      ')}
    from asked left join called using (window_id, revision, strategy)
  ), tallied as (
    select strategy, key_id, count(*) filter (where by_model) as windows,
      count(*) filter (where not by_model) as offline_windows, array_agg(distinct bot_id) as bots,
      percentile_cont(array[0.5, 0.95]) within group (order by latency_ms) filter (where by_model) as latencies,
      ${measureNames.map(sumsOf).join(',\n      ')}
    from measured
    group by grouping sets ((strategy, key_id), (strategy))
  ), answering as (
    select strategy, array_agg(distinct model order by model) as models
    from measured cross join lateral unnest(models) model where by_model group by strategy
  )
  select tallied.*, models from tallied left join answering using (strategy)
  order by strategy, key_id nulls first`;

function sumsOf(name: MeasureName): string {
  const byModel = 'filter (where by_model)';
  return `count(${name}) ${byModel} as ${name}_count, coalesce(sum(${name}) ${byModel}, 0)::float8 as ${name}_sum`;
}

type TallyRow = Readonly<Record<`${MeasureName}_count`, string>> &
  Readonly<Record<`${MeasureName}_sum`, number>> & {
    readonly strategy: string;
    /** Null: the row of the whole strategy, which comes first. */
    readonly key_id: string | null;
    readonly windows: string;
    readonly offline_windows: string;
    readonly bots: readonly string[];
    readonly models: readonly string[] | null;
    readonly latencies: readonly [number, number] | null;
  };

/**
 * What the windows of each strategy add up to, by name; strategies without windows are not there.
 *
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export async function readExperiments(pool: pg.Pool, filter: ExperimentFilter): Promise<StrategyTally[]> {
  const { rows } = await translating(() =>
    pool.query<TallyRow>(selectTallies, [
      filter.botId ?? null,
      toTime(filter.sinceMs),
      toTime(filter.untilMs),
    ]),
  );
  return rows.filter((row) => row.key_id === null).map((whole) => toTally(whole, rows));
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function toTally(whole: TallyRow, rows: readonly TallyRow[]): StrategyTally {
  const people = rows.filter((row) => row.key_id !== null && row.strategy === whole.strategy);
  const [p50, p95] = whole.latencies ?? [];
  return {
    strategy: whole.strategy,
    windows: Number(whole.windows),
    offlineWindows: Number(whole.offline_windows),
    bots: whole.bots,
    models: whole.models ?? [],
    people: people.map(toPerson),
    latencyMs: p50 === undefined || p95 === undefined ? null : { p50, p95 },
  };
}

function toPerson(row: TallyRow): StrategyTally['people'][number] {
  const entries = measureNames.map((name) => [
    name,
    { count: Number(row[`${name}_count`]), sum: row[`${name}_sum`] },
  ]);
  return Object.fromEntries(entries) as StrategyTally['people'][number];
}
