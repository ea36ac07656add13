import type pg from 'pg';
import type { WindowRow, WindowWrites } from '../../consume/message-store.ts';
import { plainArray, sparseTextArray } from './array-text.ts';
import { markRevised, reviseAtOnce } from './revise-windows.ts';

/**
 * All window writes of a batch. Spans of closed windows are taken out before any is put
 * in: the exclusion constraint is checked row by row, and a window that grows over a
 * superseded one must not meet its span.
 */
export async function writeWindows(
  client: pg.ClientBase,
  writes: WindowWrites,
  nowMs: number,
  graceMs: number,
): Promise<void> {
  if (writes.wereClosed.length > 0) {
    await client.query('delete from afterword.closed_windows where window_id = any($1::uuid[])', [
      writes.wereClosed,
    ]);
  }
  if (writes.superseded.length > 0) await supersede(client, writes.superseded);
  if (writes.updated.length > 0) await updateWindows(client, writes.updated, nowMs);
  if (writes.inserted.length > 0) await insertWindows(client, writes.inserted, nowMs);
  const stayClosed = writes.updated.filter((window) => window.status === 'closed');
  if (stayClosed.length > 0) {
    await insertClosedSpans(client, stayClosed);
    await markRevised(
      client,
      stayClosed.map((window) => window.windowId),
      graceMs,
    );
  }
  if (writes.ended.length > 0) await markEnded(client, writes.ended, nowMs, graceMs);
}

async function supersede(client: pg.ClientBase, windows: WindowWrites['superseded']): Promise<void> {
  const ids = windows.map((window) => window.windowId);
  await client.query(
    `update afterword.windows w
     set status = 'superseded', superseded_by = t.by::uuid[], due_reason = null
     from unnest($1::uuid[], $2::text[]) as t (window_id, by)
     where w.window_id = t.window_id`,
    [ids, windows.map((window) => `{${window.by.join(',')}}`)],
  );
  // What they contributed to memory is taken back by the extraction loop.
  await reviseAtOnce(client, ids);
}

function columnsOf(windows: readonly WindowRow[]): unknown[] {
  return [
    plainArray(windows.map((window) => window.windowId)),
    plainArray(windows.map((window) => window.endedAtMs)),
    plainArray(windows.map((window) => window.messageCount)),
    sparseTextArray(windows.map((window) => window.channelId)),
    sparseTextArray(windows.map((window) => window.channelType)),
    plainArray(windows.map((window) => window.status)),
    plainArray(windows.map((window) => window.dueReason)),
    plainArray(windows.map((window) => window.checkAtMs)),
    plainArray(windows.map((window) => window.partition)),
  ];
}

/**
 * An open window that merely grew keeps check_at_ms (the closer moves it on when it comes
 * by), so that the append touches no indexed column and stays on its page. close_reason stays
 * when a window is opened again: that it was retracted is told with the reason announced last.
 */
async function updateWindows(
  client: pg.ClientBase,
  windows: readonly WindowRow[],
  nowMs: number,
): Promise<void> {
  await client.query(
    `update afterword.windows w
     set ended_at_ms = t.ended_at_ms, message_count = t.message_count,
         channel_id = t.channel_id, channel_type = t.channel_type,
         status = t.status, due_reason = t.due_reason,
         check_at_ms = case
           when w.status = 'open' and w.due_reason is null and t.due_reason is null
             then least(w.check_at_ms, t.check_at_ms)
           else t.check_at_ms end,
         closed_at = case when t.status = 'closed' then w.closed_at end,
         touched_at_ms = $10, partition = t.partition
     from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
       $8::bigint[], $9::int[])
       as t (window_id, ended_at_ms, message_count, channel_id, channel_type, status, due_reason,
         check_at_ms, partition)
     where w.window_id = t.window_id`,
    [...columnsOf(windows), nowMs],
  );
}

/** A superseded window whose start is a start again comes back to life under its old id. */
async function insertWindows(
  client: pg.ClientBase,
  windows: readonly WindowRow[],
  nowMs: number,
): Promise<void> {
  await client.query(
    `insert into afterword.windows as w (window_id, ended_at_ms, message_count, channel_id, channel_type, status,
       due_reason, check_at_ms, partition, touched_at_ms, started_at_ms, run_id, key_id, session_key)
     select t.window_id, t.ended_at_ms, t.message_count, t.channel_id, t.channel_type, t.status,
       t.due_reason, t.check_at_ms, t.partition, $10, t.started_at_ms, t.run_id, t.key_id, t.session_key
     from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
       $8::bigint[], $9::int[], $11::bigint[], $12::int[], $13::bigint[], $14::bigint[])
       as t (window_id, ended_at_ms, message_count, channel_id, channel_type, status, due_reason,
         check_at_ms, partition, started_at_ms, run_id, key_id, session_key)
     on conflict (window_id) do update
     set ended_at_ms = excluded.ended_at_ms, message_count = excluded.message_count,
         channel_id = excluded.channel_id, channel_type = excluded.channel_type,
         status = excluded.status, due_reason = excluded.due_reason, check_at_ms = excluded.check_at_ms,
         partition = excluded.partition, touched_at_ms = excluded.touched_at_ms,
         closed_at = null, superseded_by = null
       where w.status = 'superseded'`,
    [
      ...columnsOf(windows),
      nowMs,
      plainArray(windows.map((window) => window.startedAtMs)),
      plainArray(windows.map((window) => window.runId)),
      plainArray(windows.map((window) => window.keyId)),
      plainArray(windows.map((window) => window.sessionKey)),
    ],
  );
}

export async function insertClosedSpans(
  client: pg.ClientBase,
  windows: readonly Pick<WindowRow, 'windowId' | 'runId' | 'sessionKey' | 'startedAtMs' | 'endedAtMs'>[],
): Promise<void> {
  await client.query(
    `insert into afterword.closed_windows (window_id, run_id, session_key, span)
     select t.window_id, t.run_id, t.session_key, int8range(t.started_at_ms, t.ended_at_ms, '[]')
     from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[])
       as t (window_id, run_id, session_key, started_at_ms, ended_at_ms)`,
    [
      windows.map((window) => window.windowId),
      windows.map((window) => window.runId),
      windows.map((window) => window.sessionKey),
      windows.map((window) => window.startedAtMs),
      windows.map((window) => window.endedAtMs),
    ],
  );
}

/** Over for sure now: only the grace after the last arrival is missing. */
async function markEnded(
  client: pg.ClientBase,
  ended: WindowWrites['ended'],
  nowMs: number,
  graceMs: number,
): Promise<void> {
  await client.query(
    `update afterword.windows w
     set due_reason = t.reason, check_at_ms = case when t.reason = 'end' then $4::bigint + least(2000, $3::bigint) else w.touched_at_ms + $3::bigint end
     from unnest($1::uuid[], $2::text[]) as t (window_id, reason)
     where w.window_id = t.window_id and w.status = 'open' and w.due_reason is null`,
    [
      plainArray(ended.map((entry) => entry.windowId)),
      plainArray(ended.map((entry) => entry.reason)),
      graceMs,
      nowMs,
    ],
  );
}
