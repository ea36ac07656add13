import type pg from 'pg';
import { loadBotId } from '../load/chat-load.ts';

/**
 * Writes open sessions of one message each, as the consumer would have, at the speed of SQL.
 * Their users are those of the loads, so that a load's messages continue them. The run
 * must be there: a worker has been started on this database before.
 */
export async function seedOpenSessions(
  pool: pg.Pool,
  sessions: number,
  {
    partitions,
    lastMs,
    gapMs,
  }: { readonly partitions: number; readonly lastMs: number; readonly gapMs: number },
): Promise<void> {
  const bounds = [sessions, loadBotId, partitions];
  await pool.query(
    `insert into afterword.user_keys (bot_id, user_id, run_id, partition)
     select $2, 'user-' || lpad(n::text, 7, '0'), (select min(run_id) from afterword.runs), n % $3::int
     from generate_series(0, $1::int - 1) as n order by n`,
    bounds,
  );
  await pool.query(
    `insert into afterword.messages (identity, key_id, sent_at_ms, role, message_id, content, content_hash,
       source_partition, source_offset)
     select gen_random_uuid(), key_id, $1::bigint, 'user', 'seed-' || key_id, repeat('seeded words ', 8), sha256('seed'),
       partition, 0
     from afterword.user_keys`,
    [lastMs],
  );
  await pool.query(
    `insert into afterword.windows (window_id, run_id, key_id, session_key, started_at_ms, ended_at_ms,
       message_count, status, check_at_ms, touched_at_ms, partition)
     select gen_random_uuid(), run_id, key_id, key_id, $1::bigint, $1::bigint, 1, 'open', $1::bigint + $2::bigint,
       $1::bigint, partition
     from afterword.user_keys`,
    [lastMs, gapMs],
  );
  await pool.query('vacuum analyze');
}
