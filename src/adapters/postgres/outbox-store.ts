import type pg from 'pg';
import type { ResultEvent } from '../../model/result-event.ts';
import type { Outbox, OutboxDestination, OutboxRow, OutgoingDeadLetter } from '../../publish/outbox.ts';
import { translating } from './database-errors.ts';
import { holdLeases, releaseLeases, stillHolds } from './leases.ts';
import { inTransaction } from './transaction.ts';

const relayLease = 'relay';
/** Names this installation in `ce_source`; one deployment a database. */
const eventSource = '/afterword';

export function createPostgresOutbox(pool: pg.Pool): Outbox {
  return {
    holdLease: (owner, ttlMs) =>
      translating(async () => (await holdLeases(pool, [relayLease], owner, ttlMs)).length === 1),
    releaseLease: (owner) => translating(() => releaseLeases(pool, relayLease, owner)),
    unsent: (destination, limit, maxBytes) =>
      translating(() => readUnsent(pool, destination, limit, maxBytes)),
    markSent: (outboxIds, owner) => translating(() => markSent(pool, outboxIds, owner)),
    removeSent: (olderThanMs, limit) => translating(() => removeSent(pool, olderThanMs, limit)),
  };
}

interface UnsentRow {
  outbox_id: string;
  destination: OutboxDestination;
  event_id: string | null;
  event_type: ResultEvent['type'] | null;
  record_key: string | null;
  event: ResultEvent['data'] | null;
  created_at: Date;
  dead_letter_id: string | null;
}

async function readUnsent(
  pool: pg.Pool,
  destination: OutboxDestination,
  limit: number,
  maxBytes: number,
): Promise<OutboxRow[]> {
  const { rows } = await pool.query<UnsentRow>(
    `select outbox_id, destination, event_id, event_type, record_key, event, created_at, dead_letter_id
     from (
       select o.*, sum(coalesce(pg_column_size(o.event), octet_length(d.record_value), 0))
         over (order by o.outbox_id) as bytes, row_number() over (order by o.outbox_id) as number
       from (
         select * from afterword.outbox where sent_at is null and destination = $1
         order by outbox_id limit $2
       ) o
       left join afterword.dead_letters d using (dead_letter_id)
     ) sized
     where bytes <= $3 or number = 1
     order by outbox_id`,
    [destination, limit, maxBytes],
  );
  const letters = await readLetters(
    pool,
    rows.flatMap((row) => row.dead_letter_id ?? []),
  );
  return rows.map((row) => toOutboxRow(row, letters));
}

function toOutboxRow(row: UnsentRow, letters: ReadonlyMap<string, OutgoingDeadLetter>): OutboxRow {
  if (row.destination === 'dead-letter') {
    const letter = letters.get(row.dead_letter_id ?? '');
    if (letter === undefined) throw new Error('an outbox row names a dead letter that is not there');
    return { outboxId: row.outbox_id, kind: 'dead-letter', letter };
  }
  const event = {
    id: row.event_id,
    type: row.event_type,
    source: eventSource,
    subject: row.record_key,
    timeMs: row.created_at.getTime(),
    data: row.event,
    // The table's check constraint lets no result row through without these.
  } as ResultEvent;
  return { outboxId: row.outbox_id, kind: 'result', event };
}

interface LetterRow {
  dead_letter_id: string;
  topic: string;
  partition: number;
  record_offset: string;
  record_at_ms: string;
  record_key: Buffer | null;
  record_value: Buffer | null;
  headers: [string, string | null][];
  reason: string;
  detail: string;
}

async function readLetters(
  pool: pg.Pool,
  ids: readonly string[],
): Promise<ReadonlyMap<string, OutgoingDeadLetter>> {
  if (ids.length === 0) return new Map();
  const { rows } = await pool.query<LetterRow>(
    'select * from afterword.dead_letters where dead_letter_id = any($1::uuid[])',
    [ids],
  );
  return new Map(
    rows.map((row) => [
      row.dead_letter_id,
      {
        topic: row.topic,
        partition: row.partition,
        offset: BigInt(row.record_offset),
        timestampMs: Number(row.record_at_ms),
        key: row.record_key,
        value: row.record_value,
        headers: row.headers.map(([name, value]) => ({
          name,
          value: value === null ? null : Buffer.from(value, 'base64'),
        })),
        reason: row.reason,
        detail: row.detail,
      },
    ]),
  );
}

async function markSent(pool: pg.Pool, outboxIds: readonly string[], owner: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    if (!(await stillHolds(client, relayLease, owner))) return false;
    await client.query(
      'update afterword.outbox set sent_at = clock_timestamp() where outbox_id = any($1::bigint[])',
      [outboxIds],
    );
    return true;
  });
}

async function removeSent(pool: pg.Pool, olderThanMs: number, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from afterword.outbox where outbox_id in (
       select outbox_id from afterword.outbox
       where sent_at < clock_timestamp() - $1 * interval '1 millisecond'
       order by sent_at limit $2 for update skip locked)`,
    [olderThanMs, limit],
  );
  return rowCount ?? 0;
}
