import type pg from 'pg';
import type { VectorRow } from '../../publish/vector-outbox.ts';

/** Facts named by one row when a person's whole memory is enqueued: bounds what a pass holds. */
const factsPerRow = 200;

/**
 * Everything known of these keys, under every run, so that what no longer holds under the
 * active one is removed. For whoever changes what readers see without settling a window
 * (promote, roll back, import, a fact corrected by hand), in the same transaction and with
 * the keys locked by it. Returns the number of rows.
 */
export async function enqueueKeyVectors(client: pg.ClientBase, keyIds: readonly string[]): Promise<number> {
  return enqueueMemory(client, keyIds);
}

/** The same of every key, for an index that is new. Takes no key's lock: rows name what to look at, not what it is. */
export async function enqueueAllVectors(client: pg.ClientBase): Promise<number> {
  return enqueueMemory(client, null);
}

async function enqueueMemory(client: pg.ClientBase, keyIds: readonly string[] | null): Promise<number> {
  const windows = await client.query(
    `insert into afterword.outbox (destination, key_id, window_id, event)
     select distinct 'vectors', t.key_id, t.window_id, '{"factIds": []}'::jsonb
     from afterword.stage_tasks t
     where t.stage = 'summary' and t.status = 'done' and ($1::bigint[] is null or t.key_id = any($1::bigint[]))`,
    [keyIds],
  );
  const facts = await client.query(
    `insert into afterword.outbox (destination, key_id, event)
     select 'vectors', key_id, jsonb_build_object('factIds', jsonb_agg(fact_id))
     from (
       select key_id, fact_id, (row_number() over (partition by key_id order by fact_id) - 1) / $2 as part
       from (
         select distinct key_id, fact_id from afterword.facts
         where $1::bigint[] is null or key_id = any($1::bigint[])
       ) known
     ) parts
     group by key_id, part`,
    [keyIds, factsPerRow],
  );
  return (windows.rowCount ?? 0) + (facts.rowCount ?? 0);
}

/**
 * Takes a person out of the index. The row goes through the one indexer on purpose: what
 * he is just writing for that person is then removed too, by himself, afterwards. What
 * lies in Postgres goes at once. For `forget`, in its transaction, with the keys locked.
 */
export async function enqueueVectorErasure(
  client: pg.ClientBase,
  userId: string,
  botId?: string,
): Promise<void> {
  await client.query(
    'delete from afterword.vectors where user_id = $1 and ($2::text is null or bot_id = $2)',
    [userId, botId ?? null],
  );
  await client.query(`insert into afterword.outbox (destination, event) values ('vectors', $1)`, [
    JSON.stringify({ erase: { userId, botId: botId ?? null } }),
  ]);
}

/**
 * Rows sent by somebody else meanwhile are opened in place, so that two who lose the
 * lease to each other never fill the table; rows cleared away already are written again.
 */
export async function reopenVectorRows(client: pg.ClientBase, rows: readonly VectorRow[]): Promise<void> {
  const refresh = rows.filter((row) => row.kind === 'refresh');
  await client.query(
    `with reopened as (
       update afterword.outbox set sent_at = null where outbox_id = any($1::bigint[]) returning outbox_id)
     insert into afterword.outbox (destination, key_id, window_id, event)
     select 'vectors', t.key_id, t.window_id, t.event::jsonb
     from unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[]) as t (outbox_id, key_id, window_id, event)
     where not exists (select from reopened r where r.outbox_id = t.outbox_id)
     order by t.outbox_id`,
    [
      refresh.map(({ outboxId }) => outboxId),
      refresh.map(({ keyId }) => keyId),
      refresh.map(({ windowId }) => windowId),
      refresh.map(({ factIds }) => JSON.stringify({ factIds })),
    ],
  );
  await enqueueKeyVectors(client, await erasedKeys(client, rows));
}

/** An erasure that came late may have removed what was learnt since: that is written again. */
async function erasedKeys(client: pg.ClientBase, rows: readonly VectorRow[]): Promise<string[]> {
  const erased = rows.filter((row) => row.kind === 'erase');
  const { rows: keys } = await client.query<{ key_id: string }>(
    `select distinct k.key_id from unnest($1::text[], $2::text[]) as t (user_id, bot_id)
     join afterword.user_keys k on k.user_id = t.user_id and (t.bot_id is null or k.bot_id = t.bot_id)`,
    [erased.map(({ userId }) => userId), erased.map(({ botId }) => botId)],
  );
  return keys.map(({ key_id }) => key_id);
}
