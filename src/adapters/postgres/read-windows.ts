import type pg from 'pg';
import type { CloseReason } from '../../model/session-window.ts';
import { translating } from './database-errors.ts';
import { inTransaction } from './transaction.ts';

/**
 * Where a window stands, its extraction included: `open` may still grow · `closed` waits
 * for its extraction to end · `retrying` and `deferred` wait because of a failure that may
 * pass, or of one that a person has to mend · `enriched`, `skipped`, `failed` are how
 * the stages of its newest revision ended · `superseded` by other windows · `erased`.
 */
export const windowStates = [
  'open',
  'closed',
  'retrying',
  'deferred',
  'enriched',
  'skipped',
  'failed',
  'superseded',
  'erased',
] as const;
export type WindowState = (typeof windowStates)[number];

/** Of `windows w left join extractions e`. */
export const stateExpression = `case when w.status <> 'closed' then w.status
         when e.status is null or e.status in ('pending', 'running') then 'closed'
         when e.status = 'done' then 'enriched' else e.status end`;

/** Times are epoch milliseconds of event time. */
export interface ListedWindow {
  readonly windowId: string;
  /** The newest revision whose results are stored; 0: none yet. */
  readonly revision: number;
  readonly botId: string;
  readonly userId: string;
  readonly runId: number;
  readonly channelId: string | null;
  readonly channelType: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  /** Null: still open. */
  readonly closeReason: CloseReason | null;
  readonly state: WindowState;
  /** That its user wrote in: a BCP-47 tag or `und`; null: not told yet. */
  readonly language: string | null;
  /** How each stage ended last, by its name. */
  readonly stages: Readonly<Record<string, string>>;
  /** Of all its calls that have ended, whatever the revision, nano-dollars; 0: there was none. Null: not known, or not asked for. */
  readonly costNanoUsd: number | null;
}

export interface WindowFilter {
  readonly botId?: string | undefined;
  readonly userId?: string | undefined;
  readonly state?: WindowState | undefined;
  /** Also windows of other runs than the active one, superseded and erased ones. */
  readonly all?: boolean | undefined;
  /** The newest so many; without it all. */
  readonly limit?: number | undefined;
  /** Reads every recorded call once, however few windows are listed. */
  readonly withCosts?: boolean | undefined;
}

const fetchSize = 1_000;

/**
 * Hands over the windows that pass the filter, oldest first, as of one instant. Reads in
 * portions: there may be millions. `onWindow` may throw to stop. Returns how many.
 *
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export async function eachWindow(
  pool: pg.Pool,
  filter: WindowFilter,
  onWindow: (window: ListedWindow) => void,
): Promise<number> {
  const values = [
    filter.botId ?? null,
    filter.userId ?? null,
    filter.state ?? null,
    filter.all ?? false,
    filter.limit ?? null,
    filter.withCosts ?? false,
  ];
  return inTransaction(pool, async (client) => {
    await translating(() => client.query(`declare listed no scroll cursor for ${selectWindows}`, values));
    let listed = 0;
    for (;;) {
      const { rows } = await translating(() => client.query<WindowRow>(`fetch ${fetchSize} from listed`));
      for (const row of rows) onWindow(toListed(row));
      listed += rows.length;
      if (rows.length < fetchSize) return listed;
    }
  });
}

/**
 * - `newest`: live, that is of the key's active run, neither superseded nor erased, unless that state is asked for.
 * - `costs`: by one pass over the calls, which have no index by window; a call without a known cost
 *   leaves the window's unknown.
 */
const selectWindows = `
  with newest as materialized (
    select w.window_id, w.revision, k.bot_id, k.user_id, w.run_id, w.channel_id, w.channel_type, w.started_at_ms,
      w.ended_at_ms, w.message_count,
      case when w.status <> 'open' then w.close_reason end as close_reason, s.state, e.language
    from afterword.windows w
    join afterword.user_keys k using (key_id)
    left join afterword.extractions e using (window_id)
    cross join lateral (select ${stateExpression} as state) s
    where ($1::text is null or k.bot_id = $1) and ($2::text is null or k.user_id = $2)
      and ($3::text is null or s.state = $3)
      and ($4 or (w.run_id = k.run_id and ($3 is not null or w.status in ('open', 'closed'))))
    order by w.started_at_ms desc, w.window_id desc limit $5
  ), costs as (
    select c.window_id, count(*) as calls, count(c.cost_nano_usd) as priced, sum(c.cost_nano_usd) as nano_usd
    from afterword.model_calls c
    where $6::boolean and c.outcome is not null and c.window_id in (select window_id from newest)
    group by c.window_id
  )
  select newest.*, (
      select jsonb_object_agg(t.stage, t.status order by t.revision)
      from afterword.stage_tasks t
      where t.window_id = newest.window_id and t.superseded_at is null) as stages,
    case when $6 and coalesce(priced = calls, true) then coalesce(nano_usd, 0) end as cost_nano_usd
  from newest left join costs using (window_id)
  order by started_at_ms, window_id`;

interface WindowRow {
  window_id: string;
  revision: number;
  bot_id: string;
  user_id: string;
  run_id: number;
  channel_id: string | null;
  channel_type: string | null;
  started_at_ms: string;
  ended_at_ms: string;
  message_count: number;
  close_reason: CloseReason | null;
  state: WindowState;
  language: string | null;
  stages: Readonly<Record<string, string>> | null;
  cost_nano_usd: string | null;
}

function toListed(row: WindowRow): ListedWindow {
  return {
    windowId: row.window_id,
    revision: row.revision,
    botId: row.bot_id,
    userId: row.user_id,
    runId: row.run_id,
    channelId: row.channel_id,
    channelType: row.channel_type,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    messageCount: row.message_count,
    closeReason: row.close_reason,
    state: row.state,
    language: row.language,
    stages: row.stages ?? {},
    costNanoUsd: row.cost_nano_usd === null ? null : Number(row.cost_nano_usd),
  };
}
