import type pg from 'pg';
import type { BotUser, LockedKey, SessionKey } from '../../consume/message-store.ts';
import { textArray } from './array-text.ts';
import { prepared } from './prepared.ts';

/**
 * Makes the missing rows of these (bot, user) keys and locks all of them until the
 * transaction ends. `on conflict do update` locks every row it meets, also those its
 * `where` leaves unwritten, and meets them in the order of the select: so two
 * transactions over the same keys queue up and never deadlock, new keys included.
 */
export async function lockKeys(
  client: pg.ClientBase,
  keys: readonly BotUser[],
  partition: number,
): Promise<LockedKey[]> {
  if (keys.length === 0) return [];
  const names = [textArray(keys.map((key) => key.botId)), textArray(keys.map((key) => key.userId))];
  const written = await client.query<{ key_id: string; moved: boolean }>(
    `insert into afterword.user_keys as k (bot_id, user_id, run_id, partition)
     select t.bot_id, t.user_id, (select min(run_id) from afterword.runs where status = 'live'), $3
     from unnest($1::text[], $2::text[]) as t (bot_id, user_id)
     order by t.bot_id collate "C", t.user_id collate "C"
     on conflict (bot_id, user_id) do update set partition = excluded.partition
       where k.partition is distinct from excluded.partition
     returning key_id, xmax <> 0 as moved`,
    [...names, partition],
  );
  const moved = new Set(written.rows.filter((row) => row.moved).map((row) => row.key_id));
  // A statement of its own: it sees what others committed while the lock was waited for. As one
  // text: the driver takes longer over a row than JSON.parse over all of a batch's keys.
  const { rows } = await client.query<{ keys: string | null }>(
    `select json_agg(json_build_array(t.ord, k.key_id::text, k.run_id, k.last_end_ms, k.has_changes,
       case when exists (select 1 from afterword.channel_keys) then
         (select array_agg(c.channel_id) from afterword.channel_keys c where c.key_id = k.key_id)
       end))::text as keys
     from unnest($1::text[], $2::text[]) with ordinality as t (bot_id, user_id, ord)
     join afterword.user_keys k on k.bot_id = t.bot_id and k.user_id = t.user_id`,
    names,
  );
  const locked = new Map(parseKeys(rows[0]?.keys ?? '[]').map((row) => [row[0] - 1, row]));
  return keys.map((key, index) => toLockedKey(key, locked.get(index), moved));
}

/** `[place, key, run, last end, has changes, channels]` */
type KeyRow = readonly [number, string, number, number | null, boolean, readonly string[] | null];

/** Of our own statement, so its form is certain. */
function parseKeys(text: string): readonly KeyRow[] {
  return JSON.parse(text) as readonly KeyRow[];
}

function toLockedKey(key: BotUser, row: KeyRow | undefined, moved: ReadonlySet<string>): LockedKey {
  if (row === undefined) throw new Error('a key was locked and not found');
  const [, keyId, runId, lastEndMs, hasChanges, channelIds] = row;
  // Field by field: this runs for every key of a batch, and a spread here was seen in the profile.
  return {
    botId: key.botId,
    userId: key.userId,
    keyId,
    runId,
    moved: moved.has(keyId),
    channelIds: channelIds === null ? noChannels : channelIds.map(orNull),
    lastEndMs,
    hasChanges,
  };
}

/** A key whose row this transaction holds. */
export interface LockedKeyRow {
  readonly keyId: string;
  readonly botId: string;
  readonly userId: string;
  readonly runId: number;
  /** Greatest sequence given to an event of the key, those of this transaction included. */
  lastSequence: number;
  /** The database's clock, epoch microseconds. */
  readonly lockedAtUs: number;
}

const noChannels: readonly null[] = [];

function orNull(channelId: string): string | null {
  return channelId === '' ? null : channelId;
}

/** Locks keys by id in the one order everybody uses, (bot, user), and returns their names. */
export async function lockKeysById(
  client: pg.ClientBase,
  keyIds: readonly string[],
): Promise<readonly LockedKeyRow[]> {
  const { rows } = await client.query<{
    key_id: string;
    bot_id: string;
    user_id: string;
    run_id: number;
    last_sequence: string;
    clock_us: string;
  }>(
    prepared(
      `select key_id, bot_id, user_id, run_id, last_sequence,
         (extract(epoch from clock_timestamp()) * 1000000)::bigint as clock_us
       from afterword.user_keys where key_id = any($1::bigint[])
       order by bot_id, user_id
       for update`,
      [keyIds],
    ),
  );
  return rows.map((row) => ({
    keyId: row.key_id,
    botId: row.bot_id,
    userId: row.user_id,
    runId: row.run_id,
    lastSequence: Number(row.last_sequence),
    lockedAtUs: Number(row.clock_us),
  }));
}

/** The session keys of channels; safe without a lock of its own, since the key's row is held. */
export async function channelSessionKeys(
  client: pg.ClientBase,
  channels: readonly { readonly keyId: string; readonly channelId: string | null }[],
): Promise<SessionKey[]> {
  const values = [
    channels.map((channel) => channel.keyId),
    channels.map((channel) => channel.channelId ?? ''),
  ];
  await client.query(
    `insert into afterword.channel_keys (key_id, channel_id)
     select distinct t.key_id, t.channel_id from unnest($1::bigint[], $2::text[]) as t (key_id, channel_id)
     on conflict (key_id, channel_id) do nothing`,
    values,
  );
  const { rows } = await client.query<{ session_key: string; key_id: string; channel_id: string }>(
    `select c.session_key, c.key_id, c.channel_id
     from unnest($1::bigint[], $2::text[]) as t (key_id, channel_id)
     join afterword.channel_keys c on c.key_id = t.key_id and c.channel_id = t.channel_id`,
    values,
  );
  return rows.map((row) => ({
    sessionKey: row.session_key,
    keyId: row.key_id,
    channelId: row.channel_id === '' ? null : row.channel_id,
  }));
}
