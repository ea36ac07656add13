import type pg from 'pg';

import type { LogRecord, TopicPartition } from '../../../model/record.ts';
import { decodeHeaders } from './record-bytes.ts';

export interface ReadRequest extends TopicPartition {
  readonly topicId: number;
  readonly from: bigint;
  readonly maxRecords: number;
  /** At least one record comes, however large it is. */
  readonly maxBytes: number;
}

interface RecordRow {
  record_offset: string;
  recorded_at_ms: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Buffer | null;
}

/** The next records of a partition, in order. */
export async function readRecords(pool: pg.Pool, request: ReadRequest): Promise<LogRecord[]> {
  const { rows } = await pool.query<RecordRow>(
    `select record_offset, recorded_at_ms, key, value, headers
     from (
       select *, coalesce(sum(bytes) over (order by record_offset rows between unbounded preceding
                                           and 1 preceding), 0) as bytes_before
       from (
         select *, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)
                   + coalesce(octet_length(headers), 0) as bytes
         from afterword.log_records
         where topic_id = $1 and partition = $2 and record_offset >= $3
         order by record_offset
         limit $4
       ) as page
     ) as measured
     where bytes_before < $5
     order by record_offset`,
    [
      ...[request.topicId, request.partition, request.from.toString()],
      ...[request.maxRecords, request.maxBytes],
    ],
  );
  return rows.map((row) => ({
    topic: request.topic,
    partition: request.partition,
    offset: BigInt(row.record_offset),
    timestampMs: Number(row.recorded_at_ms),
    key: row.key,
    value: row.value,
    headers: decodeHeaders(row.headers),
  }));
}
