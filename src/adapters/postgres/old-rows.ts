import type pg from 'pg';

/**
 * Removes a batch of answers that were kept longer ago than that, by the database's clock, and
 * returns how many. They only save a call that would be made again, so those of windows whose work
 * is under way, waits or failed stay, whatever their age.
 *
 * Waits for nobody: an answer that is locked just now is being deleted with a message.
 */
export async function removeOldAnswers(pool: pg.Pool, olderThanMs: number, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from afterword.kept_answers where answer_key in (
       select a.answer_key from afterword.kept_answers a
       where a.created_at < clock_timestamp() - $1 * interval '1 millisecond'
         and not exists (select from afterword.extractions e
           where e.window_id = a.window_id and e.status not in ('done', 'skipped'))
       order by a.created_at limit $2 for update skip locked)`,
    [olderThanMs, limit],
  );
  return rowCount ?? 0;
}

/**
 * Removes a batch of calls of UTC days that ended longer ago than that, and returns how many. The
 * sums in budget_days stay, and so does a call under way.
 *
 * Waits for nobody: whoever locks a call is recording it.
 */
export async function removeOldCalls(pool: pg.Pool, olderThanMs: number, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from afterword.model_calls where call_id in (
       select call_id from afterword.model_calls
       where day < ((clock_timestamp() - $1 * interval '1 millisecond') at time zone 'UTC')::date
         and outcome is not null
       order by day limit $2 for update skip locked)`,
    [olderThanMs, limit],
  );
  return rowCount ?? 0;
}
