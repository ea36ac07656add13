import type pg from 'pg';
import type { ClaimedWindow, SettleFinish } from '../../extract/extraction-store.ts';
import type { StoredMessage } from '../../model/message.ts';
import { compareMessages, type Role } from '../../model/message.ts';
import type { CloseReason } from '../../model/session-window.ts';
import { prepared } from './prepared.ts';

interface LeaseRow {
  window_id: string;
  lease_epoch: string;
  attempts: number;
  timeouts: number;
}

interface ClaimedRow {
  window_id: string;
  run_id: number;
  key_id: string;
  bot_id: string;
  user_id: string;
  channel_id: string | null;
  channel_type: string | null;
  started_at_ms: string;
  ended_at_ms: string;
  message_count: number;
  close_reason: CloseReason;
  window_status: 'open' | 'closed' | 'superseded' | 'erased';
  superseded_by: string[] | null;
  stored_revision: number;
  user_is_bot: boolean;
}

/** Claims work whose time has come, and what workers that died have left; each claim raises the lease's epoch. */
export async function claimWindows(
  pool: pg.Pool,
  owner: string,
  limit: number,
  leaseMs: number,
): Promise<ClaimedWindow[]> {
  const { rows: leases } = await pool.query<LeaseRow>(
    prepared('select window_id, lease_epoch, attempts, timeouts from afterword.claim_windows($1, $2, $3)', [
      owner,
      limit,
      leaseMs,
    ]),
  );
  if (leases.length === 0) return [];
  const windows = await readClaimed(
    pool,
    leases.map((lease) => lease.window_id),
  );
  return windows.map((row) => toClaim(row, leases));
}

/**
 * A statement that begins after the claim is committed: from then on nobody else raises the
 * window's revision. One that claims sees, in the same snapshot, the revision from before a
 * settlement that it has just waited for or overtaken.
 */
async function readClaimed(pool: pg.Pool, windowIds: readonly string[]): Promise<ClaimedRow[]> {
  const { rows } = await pool.query<ClaimedRow>(
    prepared(
      `select w.window_id, w.run_id, w.key_id, k.bot_id, k.user_id, w.channel_id, w.channel_type,
         w.started_at_ms, w.ended_at_ms, w.message_count, w.close_reason, w.status as window_status,
         w.superseded_by::text[], w.revision as stored_revision,
         exists (select from afterword.bots b where b.bot_id = k.user_id) as user_is_bot
       from afterword.windows w join afterword.user_keys k using (key_id)
       where w.window_id = any($1::uuid[])
       order by w.started_at_ms`,
      [windowIds],
    ),
  );
  return rows;
}

function toClaim(row: ClaimedRow, leases: readonly LeaseRow[]): ClaimedWindow {
  const lease = leases.find(({ window_id: windowId }) => windowId === row.window_id);
  if (lease === undefined) throw new Error('a window was read that was not claimed');
  return {
    windowId: row.window_id,
    runId: row.run_id,
    keyId: row.key_id,
    botId: row.bot_id,
    userId: row.user_id,
    channelId: row.channel_id,
    channelType: row.channel_type,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    messageCount: row.message_count,
    closeReason: row.close_reason,
    revision: row.stored_revision + 1,
    // One that was opened again or erased since the claim: what settles it looks again.
    windowStatus: row.window_status === 'superseded' ? 'superseded' : 'closed',
    supersededBy: row.superseded_by ?? [],
    storedRevision: row.stored_revision,
    leaseEpoch: Number(lease.lease_epoch),
    attempts: lease.attempts,
    timeouts: lease.timeouts,
    userIsBot: row.user_is_bot,
  };
}

/**
 * Waits for nobody: a batch may lock the work of its windows in several statements, each in
 * order but not all together, so that waiting here while holding other rows could close a
 * circle. A row that is locked just now keeps its lease until the next renewal, which comes
 * several times before it runs out; whether the claim stands is read without a lock.
 */
export async function renewClaims(
  pool: pg.Pool,
  claims: readonly ClaimedWindow[],
  owner: string,
  leaseMs: number,
): Promise<ReadonlySet<string>> {
  if (claims.length === 0) return new Set();
  const { rows } = await pool.query<{ window_id: string }>(
    prepared(
      `with held as (
       select e.window_id
       from afterword.extractions e
       join unnest($1::uuid[], $2::bigint[]) as t (window_id, lease_epoch) using (window_id)
       where e.lease_epoch = t.lease_epoch and e.lease_owner = $3 and e.status = 'running'
     ), free as (
       select e.window_id from afterword.extractions e join held using (window_id)
       order by e.window_id
       for update of e skip locked
     ), renewed as (
       update afterword.extractions e
       set lease_expires_at = clock_timestamp() + $4 * interval '1 millisecond'
       from free
       -- Read anew: it may have been taken over since this statement began.
       where e.window_id = free.window_id and e.lease_owner = $3 and e.status = 'running'
     )
     select window_id from held`,
      [claims.map((claim) => claim.windowId), claims.map((claim) => claim.leaseEpoch), owner, leaseMs],
    ),
  );
  return new Set(rows.map((row) => row.window_id));
}

/**
 * Those that were put off until the model is back. Waits for nobody: a row that is locked just
 * now is being claimed or changed, and becomes due by itself.
 */
export async function releaseWaiting(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `update afterword.extractions set not_before = clock_timestamp(), updated_at = clock_timestamp()
     where window_id in (
       select window_id from afterword.extractions
       where status in ('retrying', 'deferred') and not_before > clock_timestamp()
         and starts_with(error_code, 'MODEL_')
       for update skip locked)`,
  );
  return rowCount ?? 0;
}

interface MemberRow {
  identity: string;
  message_id: string;
  role: Role;
  content: string;
  sent_at_ms: string;
  channel_id: string | null;
  channel_type: string | null;
  deleted: boolean;
}

/** The members of a window, in their one order. */
export async function readWindowMembers(
  client: Pick<pg.ClientBase, 'query'>,
  windowId: string,
): Promise<StoredMessage[]> {
  const { rows } = await client.query<MemberRow>(
    prepared(
      `select m.identity, m.message_id, m.role, m.content, m.sent_at_ms, m.channel_id, m.channel_type, m.deleted
     from afterword.windows w
     join afterword.messages m on m.key_id = w.key_id and m.sent_at_ms between w.started_at_ms and w.ended_at_ms
       and (w.session_key = w.key_id or m.channel_id is not distinct from w.channel_id)
     where w.window_id = $1`,
      [windowId],
    ),
  );
  return rows
    .map((row) => ({
      identity: row.identity,
      messageId: row.message_id,
      role: row.role,
      content: row.content,
      sentAtMs: Number(row.sent_at_ms),
      channelId: row.channel_id,
      channelType: row.channel_type,
      deleted: row.deleted,
    }))
    .sort(compareMessages);
}

/**
 * Ends a claim that still stands; one that was lost is left to its new owner. Members that
 * changed meanwhile put the work back at once, after the grace that `not_before` keeps; so a
 * window that changes faster than the model answers still gets its results, and then the
 * next revision. Only revisions that were stored lengthen the grace of the next.
 */
export async function finishClaim(
  client: Pick<pg.ClientBase, 'query'>,
  claim: ClaimedWindow,
  owner: string,
  finish: SettleFinish,
): Promise<void> {
  await client.query(
    prepared(
      `with finished as (
       update afterword.extractions e
       set status = case when e.changed then 'pending' else $4 end,
           attempts = case when e.changed or $4 in ('done', 'skipped', 'failed') then 0
             -- Nobody was asked: no attempt.
             when $6 = 'MODEL_BUDGET_SPENT' then e.attempts - 1
             else e.attempts end,
           timeouts = e.timeouts + $9,
           not_before = case when e.changed then e.not_before
             else clock_timestamp() + $5 * interval '1 millisecond' end,
           changed = false, error_code = $6, lease_owner = null, lease_expires_at = null,
           revision = case when $7 then $8 else e.revision end,
           language = case when $7 then $10 else e.language end,
           hour_started_at = case
             when not $7 or e.hour_started_at > clock_timestamp() - interval '1 hour' then e.hour_started_at
             else clock_timestamp() end,
           revisions_in_hour = case
             when not $7 then e.revisions_in_hour
             when e.hour_started_at > clock_timestamp() - interval '1 hour' then e.revisions_in_hour + 1
             else 1 end,
           updated_at = clock_timestamp()
       where e.window_id = $1 and e.lease_epoch = $2 and e.lease_owner = $3 and e.status = 'running'
       returning e.window_id
     )
     update afterword.windows w set revision = $8 from finished f where w.window_id = f.window_id and $7`,
      [
        claim.windowId,
        claim.leaseEpoch,
        owner,
        finish.status,
        finish.delayMs,
        finish.errorCode,
        finish.stored,
        claim.revision,
        finish.timedOut === true ? 1 : 0,
        finish.language ?? null,
      ],
    ),
  );
}
