import type pg from 'pg';

/** Whether a line has taken in so many records and nothing is left to do or to send. */
export async function isAtRest(pool: pg.Pool, records: number): Promise<boolean> {
  const { rows } = await pool.query<{ read: string; left: string }>(
    `select (select coalesce(sum(next_offset), 0) from afterword.partition_progress) as read,
       (select count(*) from afterword.windows where status = 'open')
       + (select count(*) from afterword.extractions where changed or status not in ('done', 'skipped', 'failed'))
       + (select count(*) from afterword.outbox where sent_at is null and destination <> 'vectors') as left`,
  );
  return rows[0]?.read === String(records) && rows[0].left === '0';
}
