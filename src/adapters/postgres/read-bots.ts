import type pg from 'pg';
import { translating } from './database-errors.ts';
import { stateExpression } from './read-windows.ts';

/** Live windows of active runs of one bot. Times are epoch milliseconds of event time. */
export interface BotStanding {
  readonly botId: string;
  readonly people: number;
  readonly windows: number;
  /** Still open, or with results to come. */
  readonly pending: number;
  readonly failed: number;
  readonly summariesByModel: number;
  readonly summariesOffline: number;
  readonly firstMs: number;
  readonly latestMs: number;
}

/** @throws AfterwordError DATABASE_UNAVAILABLE */
export function readBots(pool: pg.Pool): Promise<BotStanding[]> {
  return translating(async () => {
    const { rows } = await pool.query<BotRow>(
      `select k.bot_id, count(distinct k.key_id) as people, count(*) as windows,
         count(*) filter (where s.state in ('open', 'closed', 'retrying', 'deferred')) as pending,
         count(*) filter (where s.state = 'failed') as failed,
         count(*) filter (where t.method = 'model') as by_model,
         count(*) filter (where t.method = 'offline') as offline,
         min(w.started_at_ms) as first_ms, max(w.ended_at_ms) as latest_ms
       from afterword.windows w
       join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
       left join afterword.extractions e using (window_id)
       left join afterword.stage_tasks t on t.window_id = w.window_id and t.stage = 'summary'
         and t.status = 'done' and t.superseded_at is null
       cross join lateral (select ${stateExpression} as state) s
       where w.status in ('open', 'closed') group by k.bot_id order by k.bot_id`,
    );
    return rows.map(toStanding);
  });
}

interface BotRow {
  bot_id: string;
  people: string;
  windows: string;
  pending: string;
  failed: string;
  by_model: string;
  offline: string;
  first_ms: string;
  latest_ms: string;
}

function toStanding(row: BotRow): BotStanding {
  return {
    botId: row.bot_id,
    people: Number(row.people),
    windows: Number(row.windows),
    pending: Number(row.pending),
    failed: Number(row.failed),
    summariesByModel: Number(row.by_model),
    summariesOffline: Number(row.offline),
    firstMs: Number(row.first_ms),
    latestMs: Number(row.latest_ms),
  };
}
