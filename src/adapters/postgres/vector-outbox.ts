import type pg from 'pg';
import type { FoldedFact } from '../../model/memory.ts';
import type { SummaryResult } from '../../model/results.ts';
import type { SummaryLink } from '../../publish/near-duplicates.ts';
import type {
  CurrentMemory,
  CurrentSummary,
  RefreshRow,
  VectorOutbox,
  VectorRow,
} from '../../publish/vector-outbox.ts';
import { translating } from './database-errors.ts';
import { holdLeases, releaseLeases, stillHolds } from './leases.ts';
import { inTransaction } from './transaction.ts';
import { enqueueAllVectors, reopenVectorRows } from './vector-outbox-rows.ts';

const indexerLease = 'indexer';

export function createPostgresVectorOutbox(pool: pg.Pool): VectorOutbox {
  return {
    holdLease: (owner, ttlMs) =>
      translating(async () => (await holdLeases(pool, [indexerLease], owner, ttlMs)).length === 1),
    renewLease: (owner, ttlMs) => translating(() => renewLease(pool, owner, ttlMs)),
    releaseLease: (owner) => translating(() => releaseLeases(pool, indexerLease, owner)),
    isAdopted: (destination, owner) => translating(() => isAdopted(pool, destination, owner)),
    adopt: (destination, owner) => translating(() => adopt(pool, destination, owner)),
    unsent: (limit) => translating(() => readUnsent(pool, limit)),
    current: (rows) => translating(() => readCurrent(pool, rows)),
    relink: (windowIds, links, embedderName, owner) =>
      translating(() => relink(pool, windowIds, links, embedderName, owner)),
    markSent: (rows, owner) => translating(() => markSent(pool, rows, owner)),
    reopen: (rows) => translating(() => inTransaction(pool, (client) => reopenVectorRows(client, rows))),
    backlog: (limit) => translating(() => countBacklog(pool, limit)),
  };
}

/** One that ran out is still ours as long as no other owner stands in the row, not even one who has left. */
async function renewLease(pool: pg.Pool, owner: string, ttlMs: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update afterword.leases set expires_at = clock_timestamp() + $3 * interval '1 millisecond'
     where name = $1 and owner = $2`,
    [indexerLease, owner, ttlMs],
  );
  return rowCount === 1;
}

async function isAdopted(
  client: Pick<pg.ClientBase, 'query'>,
  destination: string,
  owner: string,
): Promise<boolean> {
  const { rows } = await client.query<{ adopted: boolean }>(
    `select coalesce((select destination = $1 from afterword.vector_destinations
         order by adoption_id desc limit 1), false)
       or exists (select from afterword.vector_destinations where owner = $2) as adopted`,
    [destination, owner],
  );
  return rows[0]?.adopted === true;
}

async function adopt(pool: pg.Pool, destination: string, owner: string): Promise<number> {
  return inTransaction(pool, async (client) => {
    if (!(await stillHolds(client, indexerLease, owner))) return 0;
    // Asked again under the lease: another process may have done it meanwhile.
    if (await isAdopted(client, destination, owner)) return 0;
    await client.query('insert into afterword.vector_destinations (destination, owner) values ($1, $2)', [
      destination,
      owner,
    ]);
    return enqueueAllVectors(client);
  });
}

interface UnsentRow {
  outbox_id: string;
  key_id: string | null;
  window_id: string | null;
  bot_id: string | null;
  user_id: string | null;
  event: VectorEvent;
}

type VectorEvent =
  | { readonly factIds: readonly string[] }
  | { readonly erase: { readonly userId: string; readonly botId: string | null } };

async function readUnsent(pool: pg.Pool, limit: number): Promise<VectorRow[]> {
  const { rows } = await pool.query<UnsentRow>(
    `select o.outbox_id, o.key_id, o.window_id, k.bot_id, k.user_id, o.event
     from afterword.outbox o left join afterword.user_keys k using (key_id)
     where o.sent_at is null and o.destination = 'vectors'
     order by o.outbox_id limit $1`,
    [limit],
  );
  return rows.map(toVectorRow);
}

function toVectorRow({ outbox_id, key_id, window_id, bot_id, user_id, event }: UnsentRow): VectorRow {
  if ('erase' in event) return { outboxId: outbox_id, kind: 'erase', ...event.erase };
  return {
    outboxId: outbox_id,
    kind: 'refresh',
    keyId: key_id ?? '0',
    // A key that is gone has no memory: whatever the row names is then removed, by ids
    // that nothing has.
    botId: bot_id ?? '',
    userId: user_id ?? '',
    windowId: window_id,
    factIds: event.factIds,
  };
}

async function readCurrent(pool: pg.Pool, rows: readonly RefreshRow[]): Promise<CurrentMemory> {
  return { summaries: await readSummaries(pool, rows), facts: await readFacts(pool, rows) };
}

interface SummaryRow {
  window_id: string;
  bot_id: string;
  user_id: string;
  channel_id: string | null;
  channel_type: string | null;
  ended_at_ms: string;
  result: SummaryResult;
}

/** Of windows that live and are of the run that readers see; an open one keeps what it had. */
async function readSummaries(pool: pg.Pool, rows: readonly RefreshRow[]): Promise<CurrentSummary[]> {
  const windowIds = rows.flatMap((row) => row.windowId ?? []);
  if (windowIds.length === 0) return [];
  const found = await pool.query<SummaryRow>(
    `select w.window_id, k.bot_id, k.user_id, w.channel_id, w.channel_type, w.ended_at_ms, t.result
     from afterword.windows w
     join afterword.user_keys k on k.key_id = w.key_id and k.run_id = w.run_id
     join afterword.stage_tasks t on t.window_id = w.window_id
       and t.stage = 'summary' and t.status = 'done' and t.superseded_at is null
     where w.window_id = any($1::uuid[]) and w.status in ('open', 'closed')`,
    [windowIds],
  );
  return found.rows.map((row) => ({
    windowId: row.window_id,
    botId: row.bot_id,
    userId: row.user_id,
    channelId: row.channel_id,
    channelType: row.channel_type,
    endedAtMs: Number(row.ended_at_ms),
    summaryText: row.result.summary_text,
    keyTopics: row.result.key_topics,
  }));
}

async function readFacts(pool: pg.Pool, rows: readonly RefreshRow[]): Promise<FoldedFact[]> {
  const named = rows.flatMap(({ keyId, factIds }) => factIds.map((factId) => ({ keyId, factId })));
  if (named.length === 0) return [];
  const found = await pool.query<{ fact: FoldedFact }>(
    `select f.fact
     from (select distinct * from unnest($1::bigint[], $2::uuid[]) as t (key_id, fact_id)) t
     join afterword.user_keys k on k.key_id = t.key_id
     join afterword.facts f on f.run_id = k.run_id and f.key_id = t.key_id and f.fact_id = t.fact_id
     where f.status = 'current'`,
    [named.map(({ keyId }) => keyId), named.map(({ factId }) => factId)],
  );
  return found.rows.map(({ fact }) => fact);
}

/** Only the indexer writes links, so nobody waits for another's rows here. */
async function relink(
  pool: pg.Pool,
  windowIds: readonly string[],
  links: readonly SummaryLink[],
  embedderName: string,
  owner: string,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    if (!(await stillHolds(client, indexerLease, owner))) return;
    await client.query(
      `delete from afterword.summary_links
       where window_id = any($1::uuid[]) or earlier_window_id = any($1::uuid[])`,
      [windowIds],
    );
    if (links.length === 0) return;
    await client.query(
      `insert into afterword.summary_links (window_id, earlier_window_id, key_id, embedder, similarity)
       select t.window_id, t.earlier_window_id, later.key_id, $4, t.similarity
       from unnest($1::uuid[], $2::uuid[], $3::real[]) as t (window_id, earlier_window_id, similarity)
       join afterword.windows later on later.window_id = t.window_id
       join afterword.windows earlier on earlier.window_id = t.earlier_window_id
         and earlier.key_id = later.key_id and earlier.run_id = later.run_id
       where later.status in ('open', 'closed') and earlier.status in ('open', 'closed')
       on conflict (window_id, earlier_window_id) do update
       set similarity = excluded.similarity, embedder = excluded.embedder, linked_at = clock_timestamp()`,
      [
        links.map(({ windowId }) => windowId),
        links.map(({ earlierWindowId }) => earlierWindowId),
        links.map(({ similarity }) => similarity),
        embedderName,
      ],
    );
  });
}

async function markSent(pool: pg.Pool, rows: readonly VectorRow[], owner: string): Promise<boolean> {
  const outboxIds = rows.map(({ outboxId }) => outboxId);
  return inTransaction(pool, async (client) => {
    if (!(await stillHolds(client, indexerLease, owner))) return false;
    await client.query(
      'update afterword.outbox set sent_at = clock_timestamp() where outbox_id = any($1::bigint[])',
      [outboxIds],
    );
    return true;
  });
}

async function countBacklog(pool: pg.Pool, limit: number): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    `select count(*)::int as waiting from (
       select from afterword.outbox where sent_at is null and destination = 'vectors' limit $1) waiting`,
    [limit],
  );
  return rows[0]?.waiting ?? 0;
}
