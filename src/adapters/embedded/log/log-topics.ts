import type pg from 'pg';

export interface LogTopic {
  readonly topicId: number;
  readonly partitions: number;
}

type Queryable = Pick<pg.Pool, 'query'>;

export async function findTopics(db: Queryable, topics: readonly string[]): Promise<Map<string, LogTopic>> {
  const { rows } = await db.query<{ topic: string; topic_id: number; partitions: number }>(
    'select topic, topic_id, partitions from afterword.log_topics where topic = any($1::text[])',
    [topics],
  );
  return new Map(rows.map((row) => [row.topic, { topicId: row.topic_id, partitions: row.partitions }]));
}

/** Returns whether this call made it; of two at once one does. */
export async function makeTopic(db: Queryable, topic: string, partitions: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `with made as (
       insert into afterword.log_topics (topic, partitions) values ($1, $2)
       on conflict (topic) do nothing
       returning topic_id, partitions
     )
     insert into afterword.log_partitions (topic_id, partition)
     select topic_id, partition from made, generate_series(0, partitions - 1) as partition`,
    [topic, partitions],
  );
  return rowCount !== null && rowCount > 0;
}

export interface LogEnds {
  readonly partition: number;
  readonly start: bigint;
  readonly end: bigint;
}

export async function readEnds(db: Queryable, topicId: number): Promise<LogEnds[]> {
  const { rows } = await db.query<{ partition: number; start_offset: string; next_offset: string }>(
    `select partition, start_offset, next_offset from afterword.log_partitions
     where topic_id = $1 order by partition`,
    [topicId],
  );
  return rows.map((row) => ({
    partition: row.partition,
    start: BigInt(row.start_offset),
    end: BigInt(row.next_offset),
  }));
}

export async function readCommitted(
  db: Queryable,
  groupId: string,
  topicId: number,
): Promise<Map<number, bigint>> {
  const { rows } = await db.query<{ partition: number; committed_offset: string }>(
    `select partition, committed_offset from afterword.log_offsets
     where group_id = $1 and topic_id = $2 and committed_offset is not null`,
    [groupId, topicId],
  );
  return new Map(rows.map((row) => [row.partition, BigInt(row.committed_offset)]));
}
