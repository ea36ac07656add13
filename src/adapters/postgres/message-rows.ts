import type pg from 'pg';
import type { ChangedMessage, NewChange, NewMessage, NewSessionEnd } from '../../consume/message-store.ts';
import { plainArray, sparseTextArray, textArray } from './array-text.ts';

/**
 * Inserts messages; returns those that became rows. One statement whatever the number. It
 * returns no rows: that all were new is told by their number, and only when another process
 * stored some of them meanwhile are they looked up.
 */
export async function insertMessages(
  client: pg.ClientBase,
  messages: readonly NewMessage[],
  keyIds: readonly string[],
  partition: number,
): Promise<readonly NewMessage[]> {
  if (messages.length === 0) return [];
  const { rowCount } = await client.query(
    `insert into afterword.messages (identity, key_id, sent_at_ms, role, message_id, channel_id, channel_type,
       content, content_hash, metadata, extra, clamped, source_offset, source_partition)
     select t.identity, t.key_id, t.sent_at_ms, t.role, t.message_id, t.channel_id, t.channel_type,
       t.content, decode(t.content_hash, 'hex'), t.metadata::jsonb, t.extra::jsonb, t.clamped, t.source_offset, $14
     from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
       $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::bigint[])
       as t (identity, key_id, sent_at_ms, role, message_id, channel_id, channel_type,
         content, content_hash, metadata, extra, clamped, source_offset)
     on conflict (identity) do nothing`,
    [
      plainArray(messages.map((message) => message.identity)),
      plainArray(keyIds),
      plainArray(messages.map((message) => message.sentAtMs)),
      plainArray(messages.map((message) => message.role)),
      textArray(messages.map((message) => message.messageId)),
      sparseTextArray(messages.map((message) => message.channelId)),
      sparseTextArray(messages.map((message) => message.channelType)),
      textArray(messages.map((message) => message.content)),
      plainArray(messages.map((message) => message.contentHash)),
      sparseTextArray(messages.map((message) => jsonOrNull(message.metadata))),
      sparseTextArray(messages.map((message) => jsonOrNull(message.extra))),
      plainArray(messages.map((message) => message.clamped)),
      plainArray(messages.map((message) => message.offset)),
      partition,
    ],
  );
  return rowCount === messages.length ? messages : insertedOf(client, messages);
}

/** Which of them this transaction wrote. */
async function insertedOf(
  client: pg.ClientBase,
  messages: readonly NewMessage[],
): Promise<readonly NewMessage[]> {
  const { rows } = await client.query<{ identity: string }>(
    `select identity from afterword.messages
     where identity = any($1::uuid[]) and xmin = pg_current_xact_id()::xid`,
    [plainArray(messages.map((message) => message.identity))],
  );
  const ours = new Set(rows.map((row) => row.identity));
  return messages.filter((message) => ours.has(message.identity));
}

function jsonOrNull(value: Readonly<Record<string, unknown>> | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

const identityCharacters = 36;
const hashCharacters = 32;

/**
 * Content hashes as first received, in hex, of those identities that are rows. They come as one
 * text of fixed widths: a rewind asks for thousands, and a row each would cost more to read
 * than all the rest of it.
 */
export async function readContentHashes(
  client: Pick<pg.ClientBase, 'query'>,
  identities: readonly string[],
): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  if (identities.length === 0) return known;
  const { rows } = await client.query<{ known: string | null }>(
    `select string_agg(identity::text || encode(content_hash, 'hex'), '') as known
     from afterword.messages where identity = any($1::uuid[])`,
    [plainArray(identities)],
  );
  const text = rows[0]?.known ?? '';
  for (let at = 0; at < text.length; at += identityCharacters + hashCharacters) {
    const hashAt = at + identityCharacters;
    known.set(text.slice(at, hashAt), text.slice(hashAt, hashAt + hashCharacters));
  }
  return known;
}

/**
 * Stores edits and deletes, then brings every message concerned to its newest text: the
 * newest change wins (of those drawn back to one moment the one that claims the latest; ties by
 * identity, a hash), a delete is final. Also for messages
 * that have just arrived, whose changes may have come before them. A delete takes the
 * message's other fields too: nobody knows which of them repeat its words.
 */
export async function applyChanges(
  client: pg.ClientBase,
  changes: readonly NewChange[],
  keyIds: readonly string[],
  arrived: readonly string[],
): Promise<ChangedMessage[]> {
  await insertChanges(client, changes, keyIds);
  const targets = [...new Set([...changes.map((change) => change.target), ...arrived])];
  if (targets.length === 0) return [];
  const { rows } = await client.query<ChangedRow>(
    `with final as (
       select distinct on (c.target) c.target, c.kind, c.content, c.changed_at_ms
       from afterword.message_changes c where c.target = any($1::uuid[])
       order by c.target, (c.kind = 'delete') desc, c.changed_at_ms desc, c.claimed_at_ms desc,
         c.identity desc
     )
     update afterword.messages m
     set content = f.content, changed_at_ms = f.changed_at_ms, deleted = (f.kind = 'delete'),
         metadata = case when f.kind = 'edit' then m.metadata end,
         extra = case when f.kind = 'edit' then m.extra end
     from final f
     where m.identity = f.target and not m.deleted
       and (m.content <> f.content or f.kind = 'delete')
     returning m.key_id, m.identity, m.message_id, m.sent_at_ms, m.channel_id, m.deleted`,
    [targets],
  );
  await blankEditsOfDeleted(client, targets);
  return rows.map((row) => ({
    keyId: row.key_id,
    identity: row.identity,
    messageId: row.message_id,
    sentAtMs: Number(row.sent_at_ms),
    channelId: row.channel_id,
    deleted: row.deleted,
  }));
}

interface ChangedRow {
  key_id: string;
  identity: string;
  message_id: string;
  sent_at_ms: string;
  channel_id: string | null;
  deleted: boolean;
}

async function insertChanges(
  client: pg.ClientBase,
  changes: readonly NewChange[],
  keyIds: readonly string[],
): Promise<void> {
  if (changes.length === 0) return;
  await client.query(
    `insert into afterword.message_changes (identity, target, key_id, kind, changed_at_ms, content, claimed_at_ms)
     select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
     on conflict (identity) do nothing`,
    [
      changes.map((change) => change.identity),
      changes.map((change) => change.target),
      keyIds,
      changes.map((change) => (change.content === null ? 'delete' : 'edit')),
      changes.map((change) => change.changedAtMs),
      changes.map((change) => change.content ?? ''),
      changes.map((change) => change.claimedAtMs),
    ],
  );
  // The rows are ours: lockKeys holds them.
  await client.query(
    `update afterword.user_keys set has_changes = true where key_id = any($1::bigint[]) and not has_changes`,
    [keyIds],
  );
}

/** What a deleted message once said must not live on in its edits, whichever came first. */
async function blankEditsOfDeleted(client: pg.ClientBase, targets: readonly string[]): Promise<void> {
  await client.query(
    `update afterword.message_changes e set content = ''
     where e.target = any($1::uuid[]) and e.kind = 'edit' and e.content <> ''
       and exists (select 1 from afterword.message_changes d where d.target = e.target and d.kind = 'delete')`,
    [targets],
  );
}

export async function insertSessionEnds(
  client: pg.ClientBase,
  ends: readonly NewSessionEnd[],
  keyIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ends.length === 0) return new Set();
  const endedAt = ends.map((end) => end.endedAtMs);
  const { rows } = await client.query<{ identity: string }>(
    `insert into afterword.session_ends (identity, key_id, channel_id, ended_at_ms)
     select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[])
     on conflict (identity) do nothing
     returning identity`,
    [ends.map((end) => end.identity), keyIds, ends.map((end) => end.channelId), endedAt],
  );
  // The rows are ours: lockKeys holds them.
  await client.query(
    `update afterword.user_keys k set last_end_ms = greatest(k.last_end_ms, t.ended_at_ms)
     from (select key_id, max(ended_at_ms) as ended_at_ms
           from unnest($1::bigint[], $2::bigint[]) as u (key_id, ended_at_ms) group by key_id) t
     where k.key_id = t.key_id`,
    [keyIds, endedAt],
  );
  return new Set(rows.map((row) => row.identity));
}
