import type pg from 'pg';
import type { ClosedBatch, RefusedClosing } from '../../consume/closing-store.ts';
import type { AfterwordError } from '../../errors.ts';
import { windowEventFields } from '../../model/event-data.ts';
import type { CloseReason } from '../../model/session-window.ts';
import type { ClosedWindowView } from '../../model/window-view.ts';
import { translateDatabaseError } from './database-errors.ts';
import { lockKeysById } from './lock-keys.ts';
import { appendEvents } from './outbox-rows.ts';
import { askedAgain, doubledGrace } from './revise-windows.ts';
import { inTransaction } from './transaction.ts';
import { insertClosedSpans } from './window-rows.ts';

export const closerLeasePrefix = 'closer/';

interface ClosingRow {
  window_id: string;
  run_id: number;
  key_id: string;
  session_key: string;
  channel_id: string | null;
  channel_type: string | null;
  started_at_ms: string;
  ended_at_ms: string;
  message_count: number;
  close_reason: CloseReason;
  next_revision: number;
  touched_at_ms: string;
  /** Between its last arrival and its closing, as it was planned. */
  grace_ms: string;
}

/** A window that the database refuses to close is tried again after this. */
const refusedRetryMs = 10 * 60_000;

interface DueRow {
  readonly window_id: string;
  readonly key_id: string;
}

/** See the port. */
export async function closeDue(
  pool: pg.Pool,
  nowMs: number,
  limit: number,
  owner: string,
): Promise<ClosedBatch> {
  // Without locks first: most passes find nothing and should cost one index probe.
  const due = await pool.query<DueRow>(
    `select window_id, key_id from afterword.windows
     where status = 'open' and due_reason is not null and check_at_ms <= $1
     order by check_at_ms, started_at_ms limit $2`,
    [nowMs, limit],
  );
  const { windows, refused } = await closeParts(pool, due.rows, nowMs, owner);
  const next = await pool.query<{ check_at_ms: string | null }>(
    `select min(check_at_ms) as check_at_ms from afterword.windows
     where status = 'open' and due_reason is not null`,
  );
  const nextCheckAt = next.rows[0]?.check_at_ms ?? null;
  return { windows, refused, nextCheckAtMs: nextCheckAt === null ? null : Number(nextCheckAt) };
}

type ClosedPart = Pick<ClosedBatch, 'windows' | 'refused'>;

/**
 * One transaction for all, halved when the database refuses the data (an overlap of spans is
 * a fault of ours) until the window is found. That one is put off, and the others close.
 */
async function closeParts(
  pool: pg.Pool,
  due: readonly DueRow[],
  nowMs: number,
  owner: string,
): Promise<ClosedPart> {
  const [first] = due;
  if (first === undefined) return { windows: [], refused: [] };
  try {
    return { windows: await closeThese(pool, due, nowMs, owner), refused: [] };
  } catch (error) {
    const translated = translateDatabaseError(error);
    if (translated.code !== 'DATABASE_REFUSED') throw translated;
    if (due.length === 1) return { windows: [], refused: [await putOff(pool, first, nowMs, translated)] };
  }
  const middle = Math.ceil(due.length / 2);
  const front = await closeParts(pool, due.slice(0, middle), nowMs, owner);
  const back = await closeParts(pool, due.slice(middle), nowMs, owner);
  return {
    windows: [...front.windows, ...back.windows],
    refused: [...front.refused, ...back.refused],
  };
}

/**
 * Without the key's lock: one row, and whoever changes the window meanwhile (a message that
 * cuts it anew may mend it) sets its own time. A crash before this tries it once more.
 */
async function putOff(
  pool: pg.Pool,
  { window_id: windowId }: DueRow,
  nowMs: number,
  error: AfterwordError,
): Promise<RefusedClosing> {
  await pool.query(
    `update afterword.windows set check_at_ms = $2
     where window_id = $1 and status = 'open' and due_reason is not null and check_at_ms <= $3`,
    [windowId, nowMs + refusedRetryMs, nowMs],
  );
  return { windowId, retryInMs: refusedRetryMs, error };
}

async function closeThese(
  pool: pg.Pool,
  due: readonly DueRow[],
  nowMs: number,
  owner: string,
): Promise<readonly ClosedWindowView[]> {
  return inTransaction(pool, async (client) => {
    const keys = await lockKeysById(client, [...new Set(due.map((row) => row.key_id))]);
    if (!(await holdsAnyLease(client, owner))) return [];
    const closed = await markClosed(
      client,
      due.map((row) => row.window_id),
      nowMs,
    );
    if (closed.length === 0) return [];
    await insertClosedSpans(
      client,
      closed.map((row) => ({
        windowId: row.window_id,
        runId: row.run_id,
        sessionKey: row.session_key,
        startedAtMs: Number(row.started_at_ms),
        endedAtMs: Number(row.ended_at_ms),
      })),
    );
    await enqueueExtraction(client, closed);
    const names = new Map(keys.map((key) => [key.keyId, key]));
    const views = closed.map((row) => toView(row, names));
    await appendEvents(
      client,
      keys,
      views.map((view) => ({
        keyId: view.keyId,
        windowId: view.windowId,
        type: 'afterword.window.closed.v1',
        data: windowEventFields(view),
      })),
    );
    return views;
  });
}

async function holdsAnyLease(client: pg.ClientBase, owner: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from afterword.leases
     where starts_with(name, $1) and owner = $2 and expires_at > clock_timestamp() limit 1`,
    [closerLeasePrefix, owner],
  );
  return rowCount === 1;
}

/** Under the keys' locks: a window that a message has just extended is not due any more. */
async function markClosed(
  client: pg.ClientBase,
  windowIds: readonly string[],
  nowMs: number,
): Promise<ClosingRow[]> {
  const { rows } = await client.query<ClosingRow>(
    `update afterword.windows w
     set status = 'closed', close_reason = w.due_reason, due_reason = null, closed_at = clock_timestamp()
     where w.window_id = any($1::uuid[]) and w.status = 'open' and w.due_reason is not null
       and w.check_at_ms <= $2
     returning w.window_id, w.run_id, w.key_id, w.session_key, w.channel_id, w.channel_type, w.started_at_ms,
       w.ended_at_ms, w.message_count, w.close_reason, w.revision + 1 as next_revision, w.touched_at_ms,
       greatest(0, w.check_at_ms - w.touched_at_ms) as grace_ms`,
    [windowIds, nowMs],
  );
  // In the order they were lived, so that a key's events leave in that order.
  return rows.sort((a, b) => Number(a.started_at_ms) - Number(b.started_at_ms));
}

/**
 * One row of work a window. Given in the order they were lived, and claimed in that order: a fold
 * goes on from where the last one stood, and a window from long before makes it begin anew.
 *
 * One that was closed before gets a further revision, after its grace doubled as for an edit and
 * counted from the last arrival: messages that trickle in late, each opening it again, cost no call
 * each. What waits already keeps its time.
 */
async function enqueueExtraction(client: pg.ClientBase, closed: readonly ClosingRow[]): Promise<void> {
  await client.query(
    `insert into afterword.extractions as e (window_id, run_id, key_id, status, not_before)
     select t.window_id, t.run_id, t.key_id, 'pending', t.place * interval '1 microsecond' + greatest(
       statement_timestamp(),
       case when before.status not in ('pending', 'retrying', 'deferred')
         then to_timestamp(t.touched_at_ms / 1000.0) + ${doubledGrace('before', 't.grace_ms')} end)
     from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) with ordinality
       as t (window_id, run_id, key_id, touched_at_ms, grace_ms, place)
     left join afterword.extractions before using (window_id)
     order by t.window_id
     on conflict (window_id) do update
     set ${askedAgain('e')},
         not_before = case
           when e.status in ('pending', 'retrying', 'deferred') then greatest(e.not_before, excluded.not_before)
           else excluded.not_before end`,
    [
      closed.map((row) => row.window_id),
      closed.map((row) => row.run_id),
      closed.map((row) => row.key_id),
      closed.map((row) => row.touched_at_ms),
      closed.map((row) => row.grace_ms),
    ],
  );
}

function toView(
  row: ClosingRow,
  keys: ReadonlyMap<string, { readonly botId: string; readonly userId: string }>,
): ClosedWindowView {
  const key = keys.get(row.key_id);
  if (key === undefined) throw new Error('a window was closed without holding its key');
  return {
    windowId: row.window_id,
    runId: row.run_id,
    keyId: row.key_id,
    botId: key.botId,
    userId: key.userId,
    channelId: row.channel_id,
    channelType: row.channel_type,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    messageCount: row.message_count,
    closeReason: row.close_reason,
    revision: row.next_revision,
  };
}
