import type pg from 'pg';
import { translating } from './database-errors.ts';

/** What is asked of the database at a scrape rather than counted as it happens. */
export interface StoreGauges {
  readonly windowsOpen: number;
  /** Closed, with stages that have not all ended. */
  readonly windowsUnsettled: number;
  /** Since the oldest of them was due; 0: none waits. */
  readonly oldestDueSeconds: number;
  readonly extractions: Readonly<Record<string, number>>;
  readonly outboxRows: number;
  readonly outboxAgeSeconds: number;
  readonly vectorBacklog: number;
}

/** Counts of partial indexes and of the outbox, all of them small sets; one round trip each. */
export async function readGauges(pool: pg.Pool): Promise<StoreGauges> {
  return translating(async () => {
    const { rows } = await pool.query<{
      windows_open: string;
      unsettled: string;
      oldest_due_s: number | null;
      outbox_rows: string;
      outbox_age_s: number | null;
      vectors: string;
    }>(
      `select
         (select count(*) from afterword.windows where status = 'open') as windows_open,
         w.unsettled, w.oldest_due_s, o.outbox_rows, o.outbox_age_s, o.vectors
       from (
         select count(*) as unsettled,
           extract(epoch from clock_timestamp() - min(not_before))::float8 as oldest_due_s
         from afterword.extractions where status in ('pending', 'running', 'retrying', 'deferred')
       ) w, (
         select count(*) filter (where destination <> 'vectors') as outbox_rows,
           count(*) filter (where destination = 'vectors') as vectors,
           extract(epoch from clock_timestamp() - min(created_at) filter (where destination <> 'vectors'))::float8
             as outbox_age_s
         from afterword.outbox where sent_at is null
       ) o`,
    );
    const statuses = await pool.query<{ status: string; windows: string }>(
      'select status, count(*) as windows from afterword.extractions group by status',
    );
    const row = rows[0];
    return {
      windowsOpen: Number(row?.windows_open ?? 0),
      windowsUnsettled: Number(row?.unsettled ?? 0),
      oldestDueSeconds: Math.max(0, row?.oldest_due_s ?? 0),
      extractions: Object.fromEntries(statuses.rows.map(({ status, windows }) => [status, Number(windows)])),
      outboxRows: Number(row?.outbox_rows ?? 0),
      outboxAgeSeconds: Math.max(0, row?.outbox_age_s ?? 0),
      vectorBacklog: Number(row?.vectors ?? 0),
    };
  });
}
