import type pg from 'pg';
import type {
  BatchTransaction,
  StretchMembers,
  Surroundings,
  TimeSpan,
} from '../../consume/message-store.ts';
import type { CloseReason, LiveWindow } from '../../model/session-window.ts';
import { plainArray, textArray } from './array-text.ts';

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
