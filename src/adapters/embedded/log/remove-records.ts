import type pg from 'pg';

import { inTransaction } from '../../postgres/transaction.ts';

export interface RecordRetention {
  /** Since the time of the record, by the database's clock. */
  readonly olderThanMs: number;
  /** Of this topic nothing goes before a group has read it, even if no group ever came. */
  readonly readTopic: string;
  /** Most records of a partition at a time. */
  readonly limit: number;
}

/**
 * Removes the oldest records of each partition up to the first that is young enough or that some
 * group has still to read, and returns how many. The log begins after them from then on, as after
 * Kafka's retention; unlike there, no group ever finds a gap.
 */
export async function removeOldRecords(pool: pg.Pool, retention: RecordRetention): Promise<number> {
  const { rows } = await pool.query<Place>(
    `select p.topic_id, p.partition, t.topic = $1 as is_read
     from afterword.log_partitions p join afterword.log_topics t using (topic_id)
     where p.start_offset < p.next_offset order by 1, 2`,
    [retention.readTopic],
  );
  let removed = 0;
  for (const place of rows) {
    removed += await inTransaction(pool, (client) => removeFrom(client, place, retention));
  }
  return removed;
}

interface Place {
  readonly topic_id: number;
  readonly partition: number;
  readonly is_read: boolean;
}

/** 1. lock the partition · 2. find where it shall begin · 3. remove what lies before, and move its start */
async function removeFrom(client: pg.ClientBase, place: Place, retention: RecordRetention): Promise<number> {
  const stretch = await lockRead(client, place);
  if (stretch === undefined) return 0;
  const start = await findStart(client, place, stretch, retention);
  if (start === null) return 0;
  const { rowCount } = await client.query(
    'delete from afterword.log_records where topic_id = $1 and partition = $2 and record_offset < $3',
    [place.topic_id, place.partition, start],
  );
  await client.query(
    'update afterword.log_partitions set start_offset = $3 where topic_id = $1 and partition = $2',
    [place.topic_id, place.partition, start],
  );
  return rowCount ?? 0;
}

/** Offsets: from the log's start up to what every group has read. */
interface Stretch {
  readonly start_offset: string;
  readonly read_to: string;
}

/**
 * The lock holds off another process that does the same, and whoever appends, for one batch. Who
 * appends just now is not waited for. A group that has committed nothing begins at the start.
 */
async function lockRead(client: pg.ClientBase, place: Place): Promise<Stretch | undefined> {
  const { rows } = await client.query<Stretch>(
    `select p.start_offset, coalesce(
         (select least(p.next_offset, min(coalesce(o.committed_offset, p.start_offset)))
          from afterword.log_offsets o where o.topic_id = p.topic_id and o.partition = p.partition
          having count(*) > 0),
         case when $3 then p.start_offset else p.next_offset end) as read_to
     from afterword.log_partitions p where p.topic_id = $1 and p.partition = $2
     for update of p skip locked`,
    [place.topic_id, place.partition, place.is_read],
  );
  return rows[0];
}

/** Null: nothing is to go. */
async function findStart(
  client: pg.ClientBase,
  place: Place,
  stretch: Stretch,
  { olderThanMs, limit }: RecordRetention,
): Promise<string | null> {
  const { rows } = await client.query<{ start: string | null }>(
    `select coalesce(
         min(record_offset) filter (
           where recorded_at_ms >= floor(extract(epoch from clock_timestamp()) * 1000) - $6),
         max(record_offset) + 1) as start
     from (
       select record_offset, recorded_at_ms from afterword.log_records
       where topic_id = $1 and partition = $2 and record_offset >= $3 and record_offset < $4
       order by record_offset limit $5
     ) as oldest`,
    [place.topic_id, place.partition, stretch.start_offset, stretch.read_to, limit, olderThanMs],
  );
  const start = rows[0]?.start ?? null;
  return start === stretch.start_offset ? null : start;
}
