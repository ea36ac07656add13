import type pg from 'pg';
import type {
  BatchTransaction,
  ChangedMessage,
  StretchMembers,
  Surroundings,
  TimeSpan,
  WindowRow,
  WindowWrites,
} from '../../consume/message-store.ts';
import type { CloseReason, LiveWindow } from '../../model/session-window.ts';
import { plainArray, sparseTextArray, textArray } from './array-text.ts';

interface LiveWindowRow {
  ord: string;
  window_id: string;
  started_at_ms: string;
  ended_at_ms: string;
  message_count: number;
  channel_id: string | null;
  channel_type: string | null;
  status: 'open' | 'closed';
  due_reason: CloseReason | null;
}

/** `[place, id, started, ended, messages, channel, channel type, status, due reason]` */
type LastWindowRow = readonly [
  number,
  string,
  number,
  number,
  number,
  string | null,
  string | null,
  LiveWindow['status'],
  CloseReason | null,
];

/**
 * The live window that starts last, of each session key: one index probe each. As one text,
 * since the driver takes longer over a row than JSON.parse over all of a batch's.
 */
export async function readLastWindows(
  client: pg.ClientBase,
  sessions: readonly Pick<TimeSpan, 'sessionKey' | 'runId'>[],
): Promise<(LiveWindow | undefined)[]> {
  const { rows } = await client.query<{ windows: string | null }>(
    `select json_agg(json_build_array(s.ord, w.window_id, w.started_at_ms, w.ended_at_ms, w.message_count,
       w.channel_id, w.channel_type, w.status, w.due_reason))::text as windows
     from unnest($1::bigint[], $2::int[]) with ordinality as s (session_key, run_id, ord)
     cross join lateral (
       select ${liveColumns} from afterword.windows v
       where v.session_key = s.session_key and v.run_id = s.run_id and v.status in ('open', 'closed')
       order by v.started_at_ms desc limit 1) w`,
    [
      plainArray(sessions.map(({ sessionKey }) => sessionKey)),
      plainArray(sessions.map(({ runId }) => runId)),
    ],
  );
  const last: (LiveWindow | undefined)[] = sessions.map(() => undefined);
  // Of our own statement, so its form is certain.
  for (const row of JSON.parse(rows[0]?.windows ?? '[]') as readonly LastWindowRow[]) {
    const [place, windowId, startedAtMs, endedAtMs, messageCount, channelId, channelType, status, dueReason] =
      row;
    last[place - 1] = {
      windowId,
      startedAtMs,
      endedAtMs,
      messageCount,
      channelId,
      channelType,
      status,
      dueReason,
    };
  }
  return last;
}

/**
 * The live windows around spans of session keys: those that begin inside, the nearest
 * before and the nearest after. Three index probes a span, whatever the history.
 */
export async function readSurroundings(
  client: pg.ClientBase,
  spans: readonly TimeSpan[],
): Promise<Surroundings[]> {
  const { rows } = await client.query<LiveWindowRow>(
    `select s.ord, w.*
     from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[])
       with ordinality as s (session_key, run_id, from_ms, to_ms, ord)
     cross join lateral (
       (select ${liveColumns} from afterword.windows v
        where v.session_key = s.session_key and v.run_id = s.run_id and v.status in ('open', 'closed')
          and v.started_at_ms < s.from_ms
        order by v.started_at_ms desc limit 1)
       union all
       (select ${liveColumns} from afterword.windows v
        where v.session_key = s.session_key and v.run_id = s.run_id and v.status in ('open', 'closed')
          and v.started_at_ms between s.from_ms and s.to_ms)
       union all
       (select ${liveColumns} from afterword.windows v
        where v.session_key = s.session_key and v.run_id = s.run_id and v.status in ('open', 'closed')
          and v.started_at_ms > s.to_ms
        order by v.started_at_ms limit 1)
     ) w`,
    [
      plainArray(spans.map((span) => span.sessionKey)),
      plainArray(spans.map((span) => span.runId)),
      plainArray(spans.map((span) => span.fromMs)),
      plainArray(spans.map((span) => span.toMs)),
    ],
  );
  const found: LiveWindow[][] = spans.map(() => []);
  for (const row of rows) found[Number(row.ord) - 1]?.push(toLiveWindow(row));
  return spans.map((span, index) => arrange(span, found[index] ?? []));
}

const liveColumns = `v.window_id, v.started_at_ms, v.ended_at_ms, v.message_count, v.channel_id, v.channel_type,
       v.status, v.due_reason`;

function toLiveWindow(row: LiveWindowRow): LiveWindow {
  return {
    windowId: row.window_id,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    messageCount: row.message_count,
    channelId: row.channel_id,
    channelType: row.channel_type,
    status: row.status,
    dueReason: row.due_reason,
  };
}

/** Touching: any common instant with the span, both ends inclusive. */
function arrange(span: TimeSpan, windows: LiveWindow[]): Surroundings {
  windows.sort((a, b) => a.startedAtMs - b.startedAtMs);
  return {
    before: windows.findLast((window) => window.endedAtMs < span.fromMs),
    touching: windows.filter((window) => window.endedAtMs >= span.fromMs && window.startedAtMs <= span.toMs),
    after: windows.find((window) => window.startedAtMs > span.toMs),
  };
}

type Stretches = Parameters<BatchTransaction['members']>[0];

/** Members (time and channel) and end markers of whole stretches. */
export async function readMembers(client: pg.ClientBase, stretches: Stretches): Promise<StretchMembers[]> {
  const values = [
    plainArray(stretches.map((stretch) => stretch.keyId)),
    plainArray(stretches.map((stretch) => stretch.fromMs)),
    plainArray(stretches.map((stretch) => stretch.toMs)),
    plainArray(stretches.map((stretch) => stretch.byChannel)),
    textArray(stretches.map((stretch) => stretch.channelId)),
  ];
  const members = await client.query<{
    ord: string;
    sent_at_ms: string;
    channel_id: string | null;
    channel_type: string | null;
  }>(
    `select s.ord, m.sent_at_ms, m.channel_id, m.channel_type
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::text[])
       with ordinality as s (key_id, from_ms, to_ms, by_channel, channel_id, ord)
     join afterword.messages m on m.key_id = s.key_id and m.sent_at_ms between s.from_ms and s.to_ms
       and (not s.by_channel or m.channel_id is not distinct from s.channel_id)
     order by s.ord, m.sent_at_ms`,
    values,
  );
  const ends = await client.query<{ ord: string; ended_at_ms: string }>(
    `select s.ord, e.ended_at_ms
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::text[])
       with ordinality as s (key_id, from_ms, until_ms, by_channel, channel_id, ord)
     join afterword.session_ends e on e.key_id = s.key_id and e.ended_at_ms >= s.from_ms
       and (s.until_ms is null or e.ended_at_ms <= s.until_ms)
       and (not s.by_channel or e.channel_id is null or e.channel_id is not distinct from s.channel_id)
     order by s.ord, e.ended_at_ms`,
    [values[0], values[1], plainArray(stretches.map((stretch) => stretch.endsUntilMs)), values[3], values[4]],
  );
  const read = stretches.map(() => ({
    members: [] as { sentAtMs: number; channelId: string | null; channelType: string | null }[],
    endsMs: [] as number[],
  }));
  for (const row of members.rows) {
    read[Number(row.ord) - 1]?.members.push({
      sentAtMs: Number(row.sent_at_ms),
      channelId: row.channel_id,
      channelType: row.channel_type,
    });
  }
  for (const row of ends.rows) read[Number(row.ord) - 1]?.endsMs.push(Number(row.ended_at_ms));
  return read;
}

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

/**
 * The work of windows, locked in the order of their ids: workers renew their claims without
 * holding keys, in the same order, so that nobody waits in a circle.
 */
const lockedWork = `with work as (
       select window_id from afterword.extractions where window_id = any($1::uuid[]) order by window_id for update
     )`;

async function supersede(client: pg.ClientBase, windows: WindowWrites['superseded']): Promise<void> {
  const ids = windows.map((window) => window.windowId);
  await client.query(
    `update afterword.windows w
     set status = 'superseded', superseded_by = t.by::uuid[], due_reason = null
     from unnest($1::uuid[], $2::text[]) as t (window_id, by)
     where w.window_id = t.window_id`,
    [ids, windows.map((window) => `{${window.by.join(',')}}`)],
  );
  // What they contributed to memory is taken back by the extraction loop. A window that was
  // never closed has no row here, and nothing to take back.
  await client.query(
    `${lockedWork}
     update afterword.extractions e
     set changed = (status = 'running'),
         status = case when status = 'running' then 'running' else 'pending' end,
         not_before = clock_timestamp(), error_code = null, updated_at = clock_timestamp()
     from work where e.window_id = work.window_id`,
    [ids],
  );
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
     set changed = (status = 'running'),
         status = case when status = 'running' then 'running' else 'pending' end,
         attempts = case when status = 'running' then attempts else 0 end,
         not_before = case
           when status in ('pending', 'retrying', 'deferred') then not_before
           else clock_timestamp() + least(interval '1 hour', $2 * interval '1 millisecond' * power(2, least(20,
             case when hour_started_at > clock_timestamp() - interval '1 hour' then revisions_in_hour else 0 end)))
           end,
         error_code = null, updated_at = clock_timestamp()
     from work where e.window_id = work.window_id`,
    [windowIds, graceMs],
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
