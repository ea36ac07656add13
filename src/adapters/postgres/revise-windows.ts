import type pg from 'pg';
import type { ChangedMessage } from '../../consume/message-store.ts';

/**
 * The work of windows, locked in the order of their ids: workers renew their claims without
 * holding keys, in the same order, so that nobody waits in a circle.
 */
const lockedWork = `with work as (
       select window_id from afterword.extractions where window_id = any($1::uuid[]) order by window_id for update
     )`;

/** SQL: a grace in milliseconds, doubled by every revision of this work within the hour, an hour at most. */
export function doubledGrace(work: string, graceMs: string): string {
  return `least(interval '1 hour', ${graceMs} * interval '1 millisecond' * power(2, least(20,
             case when ${work}.hour_started_at > clock_timestamp() - interval '1 hour'
               then ${work}.revisions_in_hour else 0 end)))`;
}

/**
 * SQL: what a further revision makes of the status and error code of work. What waits for the
 * model or a budget still does, under the code by which whoever releases it finds it.
 */
export function askedAgain(work: string): string {
  return `changed = (${work}.status = 'running'),
         status = case when ${work}.status in ('running', 'retrying', 'deferred') then ${work}.status
           else 'pending' end,
         attempts = case when ${work}.status = 'running' then ${work}.attempts else 0 end,
         error_code = case when ${work}.status in ('retrying', 'deferred') then ${work}.error_code end,
         updated_at = clock_timestamp()`;
}

/**
 * Asks for a further revision of closed windows. The wait is the grace, doubled by every
 * revision within the hour, an hour at most; a window that waits already is not put back,
 * so that one which keeps changing still gets its turn.
 */
export async function markRevised(
  client: pg.ClientBase,
  windowIds: readonly string[],
  graceMs: number,
): Promise<void> {
  await client.query(
    `${lockedWork}
     update afterword.extractions e
     set ${askedAgain('e')},
         not_before = case
           when e.status in ('pending', 'retrying', 'deferred') then e.not_before
           else clock_timestamp() + ${doubledGrace('e', '$2')} end
     from work where e.window_id = work.window_id`,
    [windowIds, graceMs],
  );
}

/**
 * Takes the work up again at once, whatever it waits for: what windows contributed is to be
 * taken back, which needs no model. A window that was never closed has no work, and nothing
 * to take back.
 */
export async function reviseAtOnce(client: pg.ClientBase, windowIds: readonly string[]): Promise<void> {
  await client.query(
    `${lockedWork}
     update afterword.extractions e
     set changed = (status = 'running'),
         status = case when status = 'running' then 'running' else 'pending' end,
         not_before = clock_timestamp(), error_code = null, updated_at = clock_timestamp()
     from work where e.window_id = work.window_id`,
    [windowIds],
  );
}

/** The closed window that holds each of these messages gets a further revision. */
export async function markChanged(
  client: pg.ClientBase,
  messages: readonly ChangedMessage[],
  graceMs: number,
): Promise<void> {
  const { rows } = await client.query<{ window_id: string }>(
    `select distinct w.window_id
     from unnest($1::bigint[], $2::bigint[], $3::text[]) as t (key_id, sent_at_ms, channel_id)
     join afterword.user_keys k on k.key_id = t.key_id
     cross join lateral (
       select v.window_id, v.ended_at_ms, v.status from afterword.windows v
       where v.key_id = t.key_id and v.run_id = k.run_id and v.started_at_ms <= t.sent_at_ms
         and v.status in ('open', 'closed')
         and (v.session_key = v.key_id or v.channel_id is not distinct from t.channel_id)
       order by v.started_at_ms desc limit 1
     ) w
     where w.status = 'closed' and w.ended_at_ms >= t.sent_at_ms`,
    [
      messages.map((message) => message.keyId),
      messages.map((message) => message.sentAtMs),
      messages.map((message) => message.channelId),
    ],
  );
  if (rows.length === 0) return;
  await markRevised(
    client,
    rows.map((row) => row.window_id),
    graceMs,
  );
}
