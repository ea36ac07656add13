import type pg from 'pg';
import { translating } from './database-errors.ts';

/** Money of the running UTC day, in nano-dollars. */
export interface Spent {
  readonly spentNanoUsd: number;
  /** The most that calls under way may still spend. */
  readonly reservedNanoUsd: number;
}

export interface Spending {
  /** `YYYY-MM-DD`, UTC, by the database's clock. */
  readonly day: string;
  readonly all: Spent;
  /** Of the bots that were asked for. */
  readonly bots: Readonly<Record<string, Spent>>;
  /** Calls of models without a price today: their cost is in no sum. */
  readonly unpriced: number;
  readonly deferred: {
    /** Windows that wait for a budget. */
    readonly windows: number;
    /** When the last of them is tried again at the latest, epoch ms; null: none waits. */
    readonly untilMs: number | null;
  };
}

/**
 * Where the day's budgets stand. A day under a budget has its sums in a row, also of people who
 * were forgotten since; else they are made of the calls.
 *
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export function readSpending(pool: pg.Pool, bots: readonly string[]): Promise<Spending> {
  return translating(async () => {
    const { rows } = await pool.query<{ day: string; bot_id: string; spent: string; reserved: string }>(
      `with today as (select (clock_timestamp() at time zone 'UTC')::date as day)
       select to_char(t.day, 'YYYY-MM-DD') as day, b.bot_id,
         coalesce(d.spent_nano_usd, c.spent, 0) as spent, coalesce(d.reserved_nano_usd, c.reserved, 0) as reserved
       from today t
       cross join unnest($1::text[]) as b (bot_id)
       left join afterword.budget_days d on d.day = t.day and d.bot_id = b.bot_id
       left join lateral (
         select sum(m.cost_nano_usd) filter (where m.outcome is not null) as spent,
           sum(m.estimate_nano_usd) filter (where m.outcome is null) as reserved
         from afterword.model_calls m
         where d.day is null and m.day = t.day and (b.bot_id = '' or m.bot_id = b.bot_id)) c on true`,
      [['', ...bots]],
    );
    const waiting = await readWaiting(pool);
    const spent = new Map(
      rows.map((row) => [
        row.bot_id,
        { spentNanoUsd: Number(row.spent), reservedNanoUsd: Number(row.reserved) },
      ]),
    );
    const { '': all = nothing, ...ofBots } = Object.fromEntries(spent);
    return { day: rows[0]?.day ?? '', all, bots: ofBots, ...waiting };
  });
}

const nothing: Spent = { spentNanoUsd: 0, reservedNanoUsd: 0 };

async function readWaiting(pool: pg.Pool): Promise<Pick<Spending, 'unpriced' | 'deferred'>> {
  const { rows } = await pool.query<{ windows: string; until_ms: string | null; unpriced: string }>(
    `select count(*) as windows, (extract(epoch from max(not_before)) * 1000)::bigint as until_ms,
       (select count(*) from afterword.model_calls
        where day = (clock_timestamp() at time zone 'UTC')::date and outcome is not null
          and cost_nano_usd is null) as unpriced
     from afterword.extractions where status = 'deferred' and error_code = 'MODEL_BUDGET_SPENT'`,
  );
  const row = rows[0];
  const untilMs = row?.until_ms ?? null;
  return {
    unpriced: Number(row?.unpriced ?? 0),
    deferred: { windows: Number(row?.windows ?? 0), untilMs: untilMs === null ? null : Number(untilMs) },
  };
}
