import type pg from 'pg';
import { quantile } from '../report/quantile.ts';

/** A window, and when it had come how far; all by the database's clock. */
export interface DueWindow {
  readonly windowId: string;
  /** What ended last. */
  readonly last: 'grace' | 'gap';
  readonly dueMs: number;
  readonly closedMs: number;
  readonly settledMs: number;
}

/** Every window, in the order of their last arrivals. */
export async function readDue(
  pool: pg.Pool,
  { graceMs, gapMs }: { readonly graceMs: number; readonly gapMs: number },
): Promise<readonly DueWindow[]> {
  const { rows } = await pool.query<Record<'window_id' | 'touched' | 'ended' | 'closed' | 'settled', string>>(
    `select w.window_id, w.touched_at_ms as touched, w.ended_at_ms as ended,
       extract(epoch from w.closed_at) * 1000 as closed, extract(epoch from e.updated_at) * 1000 as settled
     from afterword.windows w join afterword.extractions e using (window_id) order by w.touched_at_ms`,
  );
  return rows.map((row) => {
    const graceEndsMs = Number(row.touched) + graceMs;
    const gapEndsMs = Number(row.ended) + gapMs;
    return {
      windowId: row.window_id,
      last: gapEndsMs > graceEndsMs ? 'gap' : 'grace',
      dueMs: Math.max(graceEndsMs, gapEndsMs),
      closedMs: Number(row.closed),
      settledMs: Number(row.settled),
    };
  });
}

/** How long after it was due a window had come so far. */
export function lateBy<Step extends 'arrivedMs' | 'closedMs' | 'settledMs'>(
  windows: readonly (DueWindow & Readonly<Record<Step, number>>)[],
  step: Step,
  share: number,
): number {
  const late = windows.map((window) => window[step] - window.dueMs).sort((a, b) => a - b);
  return Math.round(quantile(late, share));
}
