import type pg from 'pg';
import { AfterwordError } from '../../errors.ts';
import type { VectorFilter, VectorHit, VectorIndex, VectorItem } from '../../publish/vector-index.ts';
import { translating } from './database-errors.ts';
import { inTransaction } from './transaction.ts';
import { dotProduct, toVectorBytes } from './vector-bytes.ts';
import { NearestItems } from './vector-nearest.ts';

/**
 * Vectors in Postgres without pgvector: the filter runs in SQL, the scores are computed
 * here. Cost: every row that passes the filter is read once, about 12 µs and 1.5 KB each
 * at 384 numbers. A person's few hundred items, found by their index, take milliseconds; a
 * search over everybody grows with everything and wants Qdrant beyond some 100,000 items.
 * Memory is bounded by a page and the hits, whatever the number of rows.
 */
export function createPostgresVectorIndex(
  pool: pg.Pool,
  embedderName: string,
  dimension: number,
): VectorIndex {
  const requireDimension = (vector: readonly number[]): void => {
    if (vector.length === dimension) return;
    throw new AfterwordError('VECTOR_INDEX_UNAVAILABLE', 'a vector has another dimension than the index', {
      details: { expected: dimension, got: vector.length },
    });
  };
  return {
    label: `Postgres, ${embedderName}`,
    upsert: (items) =>
      translating(async () => {
        for (const { vector } of items) requireDimension(vector);
        await upsertItems(pool, embedderName, items);
      }),
    remove: (itemIds) =>
      translating(async () => {
        await pool.query('delete from afterword.vectors where item_id = any($1::uuid[])', [itemIds]);
      }),
    removeUser: (userId, botId) => translating(() => removeUser(pool, userId, botId)),
    search: (vector, filter, limit) =>
      translating(() => {
        requireDimension(vector);
        return inTransaction(pool, (client) => searchItems(client, embedderName, vector, filter, limit));
      }),
    check: () =>
      translating(async () => {
        await pool.query('select from afterword.vectors limit 1');
      }),
  };
}

async function upsertItems(pool: pg.Pool, embedder: string, given: readonly VectorItem[]): Promise<void> {
  // One statement must not write a row twice; the last of equal ids counts. Sorted, so
  // that two writers meet their rows in one order.
  const items = [...new Map(given.map((item) => [item.itemId, item])).values()].sort((a, b) =>
    a.itemId < b.itemId ? -1 : 1,
  );
  if (items.length === 0) return;
  await pool.query(
    `insert into afterword.vectors (embedder, item_id, kind, bot_id, user_id, channel_id, channel_types,
       window_id, item_text, occurred_at_ms, vector)
     select $1, t.item_id, t.kind, t.bot_id, t.user_id, t.channel_id,
       array(select jsonb_array_elements_text(t.channel_types::jsonb)), t.window_id, t.item_text,
       t.occurred_at_ms, t.vector
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
       $9::text[], $10::bigint[], $11::bytea[])
       as t (item_id, kind, bot_id, user_id, channel_id, channel_types, window_id, item_text,
         occurred_at_ms, vector)
     on conflict (embedder, item_id) do update
     set kind = excluded.kind, bot_id = excluded.bot_id, user_id = excluded.user_id,
         channel_id = excluded.channel_id, channel_types = excluded.channel_types,
         window_id = excluded.window_id, item_text = excluded.item_text,
         occurred_at_ms = excluded.occurred_at_ms, vector = excluded.vector, updated_at = clock_timestamp()`,
    [
      embedder,
      items.map((item) => item.itemId),
      items.map((item) => item.kind),
      items.map((item) => item.botId),
      items.map((item) => item.userId),
      items.map((item) => item.channelId),
      // As JSON: an array of arrays of different lengths is none in Postgres.
      items.map((item) => JSON.stringify(item.channelTypes)),
      items.map((item) => item.windowId),
      items.map((item) => item.text),
      items.map((item) => item.occurredAtMs),
      items.map((item) => toVectorBytes(item.vector)),
    ],
  );
}

async function removeUser(pool: pg.Pool, userId: string, botId: string | undefined): Promise<number> {
  const { rows } = await pool.query<{ removed: number }>(
    `with removed as (
       delete from afterword.vectors where user_id = $1 and ($2::text is null or bot_id = $2)
       returning item_id)
     select count(distinct item_id)::int as removed from removed`,
    [userId, botId ?? null],
  );
  return rows[0]?.removed ?? 0;
}

const pageRows = 2_000;

/**
 * A cursor of this transaction, so that one snapshot is read page by page; a cursor that
 * outlives its transaction would break behind a pooler.
 */
async function searchItems(
  client: pg.PoolClient,
  embedder: string,
  vector: readonly number[],
  filter: VectorFilter,
  limit: number,
): Promise<VectorHit[]> {
  const { condition, values } = filterSql(embedder, filter);
  await client.query(
    `declare vector_rows no scroll cursor for select item_id, vector from afterword.vectors where ${condition}`,
    values,
  );
  const query = Float32Array.from(vector);
  const nearest = new NearestItems(limit);
  for (;;) {
    const { rows } = await client.query<{ item_id: string; vector: Buffer }>(
      `fetch forward ${pageRows} from vector_rows`,
    );
    for (const row of rows) nearest.offer(row.item_id, dotProduct(query, row.vector));
    if (rows.length < pageRows) break;
  }
  return readHits(client, embedder, nearest);
}

/** Placeholders only; no condition for what is not asked, so that the person's index is always used. */
function filterSql(embedder: string, filter: VectorFilter): { condition: string; values: unknown[] } {
  const values: unknown[] = [embedder];
  const conditions = ['embedder = $1'];
  const add = (value: unknown, condition: (placeholder: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  add(filter.userId, (given) => `user_id = ${given}`);
  add(filter.botId, (given) => `bot_id = ${given}`);
  add(filter.kind, (given) => `kind = ${given}`);
  add(filter.channelType, (given) => `${given}::text = any(channel_types)`);
  add(filter.fromMs, (given) => `occurred_at_ms >= ${given}`);
  add(filter.toMs, (given) => `occurred_at_ms <= ${given}`);
  return { condition: conditions.join(' and '), values };
}

interface ItemRow {
  item_id: string;
  kind: VectorItem['kind'];
  bot_id: string;
  user_id: string;
  channel_id: string | null;
  channel_types: string[];
  window_id: string | null;
  item_text: string;
  occurred_at_ms: string;
}

async function readHits(
  client: pg.ClientBase,
  embedder: string,
  nearest: NearestItems,
): Promise<VectorHit[]> {
  const scores = nearest.bestFirst();
  const { rows } = await client.query<ItemRow>(
    `select item_id, kind, bot_id, user_id, channel_id, channel_types, window_id, item_text, occurred_at_ms
     from afterword.vectors where embedder = $1 and item_id = any($2::uuid[])`,
    [embedder, scores.map(({ itemId }) => itemId)],
  );
  const items = new Map(rows.map((row) => [row.item_id, toItem(row)]));
  return scores.flatMap(({ itemId, score }) => {
    // Gone between the two statements: removed while we searched.
    const item = items.get(itemId);
    return item === undefined ? [] : [{ item, score }];
  });
}

function toItem(row: ItemRow): VectorHit['item'] {
  return {
    itemId: row.item_id,
    kind: row.kind,
    botId: row.bot_id,
    userId: row.user_id,
    channelId: row.channel_id,
    channelTypes: row.channel_types,
    windowId: row.window_id,
    text: row.item_text,
    occurredAtMs: Number(row.occurred_at_ms),
  };
}
