import pg from 'pg';
import type { Snapshot } from './snapshot.ts';

/** Gives the work a client whose statements all see one moment. */
export async function atOneMoment<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'oracle' });
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function readSnapshot(client: pg.Client): Promise<Snapshot> {
  const rows = async <T>(sql: string): Promise<T[]> => (await client.query<T & pg.QueryResultRow>(sql)).rows;
  const [clock] = await rows<{ nowMs: number }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`,
  );
  return {
    nowMs: clock?.nowMs ?? Number.NaN,
    keys: await rows(`select key_id::text as "keyId", bot_id as "botId", user_id as "userId", run_id as "runId",
      last_sequence::float8 as "lastSequence" from afterword.user_keys`),
    runs: await rows(`select run_id as "runId", status from afterword.runs`),
    messages: await rows(messages),
    changes:
      await rows(`select c.identity, c.target, k.bot_id as "botId", k.user_id as "userId", c.kind, c.content,
      c.changed_at_ms::float8 as "changedAtMs" from afterword.message_changes c join afterword.user_keys k using (key_id)`),
    ends: await rows(`select e.identity, k.bot_id as "botId", k.user_id as "userId", e.channel_id as "channelId",
      e.ended_at_ms::float8 as "endedAtMs" from afterword.session_ends e join afterword.user_keys k using (key_id)`),
    deadLetters: await rows(`select dead_letter_id as id, topic, partition, record_offset::text as "offset",
      record_at_ms::float8 as "recordAtMs", record_key as key, record_value as value, headers, reason
      from afterword.dead_letters`),
    ignored: await rows(
      `select topic, partition, type, records::float8 as records from afterword.ignored_records`,
    ),
    positions: await rows(
      `select topic, partition, next_offset::text as "nextOffset" from afterword.partition_progress`,
    ),
    windows: await rows(windows),
    spans:
      await rows(`select window_id as "windowId", lower(span)::float8 as "fromMs", (upper(span) - 1)::float8 as "toMs"
      from afterword.closed_windows`),
    work: await rows(`select window_id as "windowId", status, changed, revision, error_code as "errorCode"
      from afterword.extractions`),
    stages: await rows(stages),
    observations:
      await rows(`select o.observation_id as "observationId", k.bot_id as "botId", k.user_id as "userId", o.kind,
      o.window_id as "windowId", o.superseded_at is null as "isLive", o.observation
      from afterword.observations o join afterword.user_keys k using (key_id)`),
    facts:
      await rows(`select f.fact_id as id, k.bot_id as "botId", k.user_id as "userId", f.run_id as "runId", f.status, f.fact
      from afterword.facts f join afterword.user_keys k using (key_id)`),
    preferences:
      await rows(`select p.preference_id as id, k.bot_id as "botId", k.user_id as "userId", p.run_id as "runId",
      p.status, p.preference from afterword.preferences p join afterword.user_keys k using (key_id)`),
    outbox:
      await rows(`select outbox_id::text as "outboxId", destination, key_id::text as "keyId", event_id as "eventId",
      event_type as "eventType", sequence::float8 as sequence, event, sent_at is not null as "isSent" from afterword.outbox`),
  };
}

const messages = `select m.identity, k.bot_id as "botId", k.user_id as "userId", m.channel_id as "channelId",
  m.channel_type as "channelType", m.message_id as "messageId", m.sent_at_ms::float8 as "sentAtMs", m.role, m.content,
  m.metadata, m.extra, m.clamped, m.deleted, m.source_partition as partition, m.source_offset::text as "offset",
  (extract(epoch from m.received_at) * 1000)::float8 as "receivedMs"
  from afterword.messages m join afterword.user_keys k using (key_id)`;

const windows = `select w.window_id as "windowId", k.bot_id as "botId", k.user_id as "userId", w.run_id as "runId",
  w.started_at_ms::float8 as "startedAtMs", w.ended_at_ms::float8 as "endedAtMs", w.message_count as "messageCount",
  w.status, w.due_reason as "dueReason", w.close_reason as "closeReason", w.revision
  from afterword.windows w join afterword.user_keys k using (key_id)`;

const stages = `select window_id as "windowId", revision, stage, status, method, result, reason, error_code as "errorCode",
  redacted_at is not null as "isRedacted", superseded_at is null as "isLive", message_count as "messageCount",
  coalesce(method = 'model' or error_code like 'MODEL%', false) as "usedModel"
  from afterword.stage_tasks`;
