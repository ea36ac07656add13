import type pg from 'pg';
import { translating } from './database-errors.ts';

/** A window as people see it: the fields of the contract, and where its work stands. */
export interface ListedWindow {
  readonly window_id: string;
  readonly revision: number;
  readonly bot_id: string;
  readonly user_id: string;
  readonly run_id: string;
  readonly channel_id: string | null;
  readonly channel_type: string | null;
  readonly started_at: string;
  readonly ended_at: string;
  readonly message_count: number;
  readonly close_reason: string | null;
  /**
   * `open`, then `closed` (waiting for extraction), then `enriched`, `skipped` or `failed`;
   * `retrying` and `deferred` wait to be tried again; `superseded` ones are no more.
   */
  readonly status: string;
}

export interface WindowFilter {
  readonly bot?: string | undefined;
  readonly user?: string | undefined;
  readonly status?: string | undefined;
  /** The newest so many. */
  readonly limit?: number | undefined;
  /** Superseded ones too. */
  readonly all: boolean;
}

interface WindowRow extends Omit<ListedWindow, 'started_at' | 'ended_at' | 'run_id'> {
  started_at_ms: string;
  ended_at_ms: string;
  run_id: number;
}

/** Ascending by start. Reads the runs that readers see. */
export async function listWindows(pool: pg.Pool, filter: WindowFilter): Promise<ListedWindow[]> {
  return translating(async () => {
    const { rows } = await pool.query<WindowRow>(
      `select * from (
         select w.window_id, w.revision, k.bot_id, k.user_id, w.run_id, w.channel_id, w.channel_type,
           w.started_at_ms, w.ended_at_ms, w.message_count, w.close_reason,
           case when w.status <> 'closed' then w.status
             when e.status = 'done' then 'enriched'
             when e.status in ('skipped', 'failed', 'retrying', 'deferred') then e.status
             else 'closed' end as status
         from afterword.windows w
         join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
         left join afterword.extractions e using (window_id)
         where ($1::text is null or k.bot_id = $1) and ($2::text is null or k.user_id = $2)
           and ($3 or w.status in ('open', 'closed'))
       ) listed
       where $4::text is null or status = $4
       order by started_at_ms desc, window_id limit $5`,
      [filter.bot ?? null, filter.user ?? null, filter.all, filter.status ?? null, filter.limit ?? null],
    );
    return rows.reverse().map(({ started_at_ms: startedAt, ended_at_ms: endedAt, ...row }) => ({
      ...row,
      run_id: String(row.run_id),
      started_at: new Date(Number(startedAt)).toISOString(),
      ended_at: new Date(Number(endedAt)).toISOString(),
    }));
  });
}
