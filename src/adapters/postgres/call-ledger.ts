import type pg from 'pg';
import { AfterwordError } from '../../errors.ts';
import type { CallLedger, PlannedCall } from '../../extract/call-ledger.ts';
import { callDocument, type CalledWindow } from './call-document.ts';
import { translating } from './database-errors.ts';
import { prepared } from './prepared.ts';

/** Of the day, in nano-dollars; null: no limit. */
export interface DayBudgets {
  readonly all: number | null;
  /** The window's bot's own. */
  readonly bot: number | null;
}

/**
 * So long a call may take until its end is recorded; past it, its process counts as dead. Much
 * longer than the model's time-out, for a database that is away meanwhile.
 */
const reservationMs = 10 * 60_000;

/** The calls about one window: a row each, and reservations where the window has a budget. */
export function createPostgresCallLedger(
  pool: pg.Pool,
  window: CalledWindow,
  budgets: DayBudgets,
  lastsMs = reservationMs,
): CallLedger {
  const isLimited = budgets.all !== null || budgets.bot !== null;
  return {
    reserve: async (call) => {
      if (isLimited) await translating(() => reserve(pool, window, call, { ...budgets, lastsMs }));
    },
    record: async (call) => {
      await translating(() =>
        pool.query(prepared('select afterword.record_call($1)', [callDocument(window, call)])),
      );
    },
    release: async (callId) => {
      if (!isLimited) return;
      await translating(() => pool.query(prepared('select afterword.release_call($1)', [callId])));
    },
  };
}

async function reserve(
  pool: pg.Pool,
  window: CalledWindow,
  call: PlannedCall,
  limits: DayBudgets & { readonly lastsMs: number },
): Promise<void> {
  if (call.mostNanoUsd === null) throw unpriced();
  const { rows } = await pool.query<{ refused_by: 'all' | 'bot'; retry_in_ms: string }>(
    prepared('select refused_by, retry_in_ms from afterword.reserve_call($1, $2, $3, $4)', [
      callDocument(window, call),
      limits.all,
      limits.bot,
      limits.lastsMs,
    ]),
  );
  const [refusal] = rows;
  if (refusal === undefined) return;
  throw new AfterwordError('MODEL_BUDGET_SPENT', "the day's budget has no room for the call", {
    retryable: true,
    retryAfterMs: Number(refusal.retry_in_ms),
    hint: 'windows wait for the next day (UTC), or for a higher budget; see `afterword status`',
    details: { budget: refusal.refused_by },
  });
}

/** Refused at the start; here only so that nothing is ever called past a budget. */
function unpriced(): AfterwordError {
  return new AfterwordError('CONFIG_INVALID', 'a model without a price is asked for under a budget', {
    hint: 'Set its price under `prices` in the file of AFTERWORD_CONFIG.',
  });
}

/** What is put off for its budget and looked at in one pass; the next one follows within seconds. */
const resumedAtOnce = 500;

/**
 * Takes up again what waits for its budget once that has room: a budget was raised or taken
 * away, or calls cost less than was reserved. Budgets in nano-dollars, `bots` those with one
 * of their own.
 */
export function resumeOverBudget(
  pool: pg.Pool,
  all: number | null,
  bots: ReadonlyMap<string, number>,
): Promise<number> {
  return translating(async () => {
    const { rows } = await pool.query<{ resumed: string }>(
      prepared('select afterword.resume_over_budget($1, $2, $3, $4) as resumed', [
        all,
        [...bots.keys()],
        [...bots.values()],
        resumedAtOnce,
      ]),
    );
    return Number(rows[0]?.resumed ?? 0);
  });
}
