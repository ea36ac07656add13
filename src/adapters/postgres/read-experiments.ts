import type pg from 'pg';
import type { StrategyTally } from '../../experiments/compare-strategies.ts';
import { measureNames, type MeasureName } from '../../experiments/measures.ts';
import { translating } from './database-errors.ts';
import { unhurried } from './pool.ts';

export interface ExperimentFilter {
  readonly botId?: string | undefined;
  /** Results made from this time on, ms; else all. */
  readonly sinceMs?: number | undefined;
  /** And before this one. */
  readonly untilMs?: number | undefined;
}

/**
 * What is measured of a window, as SQL over `w`: a window's newest results and the calls that they
 * took. Null: not known of this window; such windows do not count for the measure. One more
 * measure is a line here and one in `measures`.
 */
const measureSql: Readonly<Record<MeasureName, string>> = {
  failures: 'w.failed::int',
  grounding: `(w.summary ->> 'grounded_share')::float8`,
  compression: `(w.summary ->> 'compression_ratio')::float8`,
  topic_diversity: `(w.summary ->> 'topic_diversity')::float8`,
  // Summaries that nearly repeat an earlier one of the same person.
  duplicates: `case when w.summary is not null then
    (exists (select from afterword.summary_links l where l.window_id = w.window_id))::int end`,
  calls: 'w.calls',
  input_tokens: 'w.input_tokens',
  cached_input_tokens: 'w.cached_input_tokens',
  output_tokens: 'w.output_tokens',
  cost_usd: 'w.cost_nano_usd / 1e9',
  latency_ms: `case when w.under_way is not null then coalesce(
        (select sum(extract(epoch from upper(span) - lower(span))) * 1000 from unnest(w.under_way) span), 0)::float8 end`,
};

/**
 * - `parts`: results of live windows' newest revisions in runs that readers see, and below them all
 *   calls. What belongs together is found by grouping and not by a join: whatever the
 *   statistics say, grouping reads each row once.
 * - `windows`: by the strategy that made them. Calls without results, and windows of which all was
 *   skipped, so that nobody was asked, fall out. `by_model`: a model was asked, whatever came of
 *   it. Latency is the time during which calls were under way, those side by side once, waits
 *   between them not at all; a cost is not known where that of one call is not.
 * - A row for each person and one for the whole, told apart by `key_id`: what leaves the database
 *   is as much as there are people, not windows.
 */
const selectTallies = `
  with parts as (
    select t.window_id, t.revision, t.strategy, t.key_id, k.bot_id, t.status, t.method, t.model,
      case when t.stage = 'summary' and t.method = 'model' then t.result end as summary,
      null::bigint as input_tokens, null::bigint as cached_input_tokens, null::bigint as output_tokens,
      null::bigint as cost_nano_usd, null::tstzrange as under_way
    from afterword.windows w
    join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
    join afterword.stage_tasks t on t.window_id = w.window_id and t.revision = w.revision and t.superseded_at is null
    where w.status in ('open', 'closed') and ($1::text is null or k.bot_id = $1)
      and ($2::timestamptz is null or t.created_at >= $2) and ($3::timestamptz is null or t.created_at < $3)
    union all
    select c.window_id, c.revision, c.strategy, null, null, null, null, null, null,
      c.input_tokens, c.cached_input_tokens, c.output_tokens, c.cost_nano_usd,
      tstzrange(c.called_at, c.called_at + c.took_ms * interval '1 millisecond')
    from afterword.model_calls c
    where c.outcome is not null and ($1::text is null or c.bot_id = $1)
  ), windows as (
    select strategy, window_id, max(key_id) as key_id, max(bot_id) as bot_id,
      bool_or(method = 'model') is true or bool_or(method = 'offline') is not true as by_model,
      coalesce(bool_or(status = 'failed'), false) as failed,
      (array_agg(summary) filter (where summary is not null))[1] as summary,
      array_agg(distinct model) filter (where model is not null) as models,
      nullif(count(input_tokens), 0)::float8 as calls, sum(input_tokens)::float8 as input_tokens,
      sum(cached_input_tokens)::float8 as cached_input_tokens, sum(output_tokens)::float8 as output_tokens,
      case when count(cost_nano_usd) = count(input_tokens) then sum(cost_nano_usd)::float8 end as cost_nano_usd,
      range_agg(under_way) filter (where not upper_inf(under_way)) as under_way
    from parts group by window_id, revision, strategy
    having bool_or(status <> 'skipped')
  ), measured as (
    select w.strategy, w.key_id, w.bot_id, w.by_model, w.models,
      ${measureNames.map((name) => `${measureSql[name]} as ${name}`).join(',\n      ')}
    from windows w
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
  const values = [filter.botId ?? null, toTime(filter.sinceMs), toTime(filter.untilMs)];
  // A long history takes its time.
  const { rows } = await translating(() => pool.query<TallyRow>(unhurried(selectTallies, values)));
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
