import type pg from 'pg';
import { loadBotId } from '../load/chat-load.ts';

export const messagesPerWindow = 5;

export interface History {
  readonly users: number;
  readonly windowsPerUser: number;
  readonly partitions: number;
  readonly endMs: number;
}

/**
 * Writes a history as the consumer and the extraction would have left it, at the speed of
 * SQL: each person's conversations of five messages, a day apart, all closed and settled.
 * Their users are those of the loads, so that a load's messages are theirs. The run must be
 * there.
 */
export async function seedHistory(
  pool: pg.Pool,
  { users, windowsPerUser, partitions, endMs }: History,
): Promise<void> {
  await pool.query(
    `insert into afterword.user_keys (bot_id, user_id, run_id, partition)
     select $2, 'user-' || lpad(n::text, 7, '0'), (select min(run_id) from afterword.runs), n % $3::int
     from generate_series(0, $1::int - 1) as n order by n`,
    [users, loadBotId, partitions],
  );
  // By time, as they would have come: days outside, people inside.
  await pool.query(
    `insert into afterword.messages (identity, key_id, sent_at_ms, role, message_id, channel_id, channel_type, content,
       content_hash, source_partition, source_offset)
     select gen_random_uuid(), k.key_id, $1::bigint - day * 86400000 + place * 20000, 'user',
       'seed-' || k.key_id || '-' || day || '-' || place, 'dm-' || k.user_id, 'dm', repeat('seeded words ', 8),
       sha256('seed'), k.partition, 0
     from generate_series($2::bigint, 1, -1) as day cross join afterword.user_keys k
     cross join generate_series(0, $3::int - 1) as place`,
    [endMs, windowsPerUser, messagesPerWindow],
  );
  await pool.query(
    `insert into afterword.windows (window_id, run_id, key_id, session_key, channel_id, channel_type, started_at_ms,
       ended_at_ms, message_count, status, check_at_ms, touched_at_ms, partition, close_reason, closed_at, revision)
     select gen_random_uuid(), k.run_id, k.key_id, k.key_id, 'dm-' || k.user_id, 'dm', $1::bigint - day * 86400000,
       $1::bigint - day * 86400000 + ($3::int - 1) * 20000, $3::int, 'closed', 0, 0, k.partition, 'gap',
       clock_timestamp(), 1
     from generate_series($2::bigint, 1, -1) as day cross join afterword.user_keys k`,
    [endMs, windowsPerUser, messagesPerWindow],
  );
  await pool.query(
    `insert into afterword.closed_windows (window_id, run_id, session_key, span)
     select window_id, run_id, session_key, int8range(started_at_ms, ended_at_ms, '[]') from afterword.windows`,
  );
  await pool.query(
    `insert into afterword.extractions (window_id, run_id, key_id, status, revision)
     select window_id, run_id, key_id, 'done', 1 from afterword.windows`,
  );
  await pool.query('vacuum analyze');
}
