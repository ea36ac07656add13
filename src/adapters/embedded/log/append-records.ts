import type pg from 'pg';

import { InvariantError } from '../../../errors.ts';

export interface PlacedRecord {
  readonly topicId: number;
  readonly partition: number;
  /** Null: the database's clock. */
  readonly timestampMs: number | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Buffer | null;
}

interface Place {
  readonly topicId: number;
  readonly partition: number;
  nextOffset: bigint;
}

/** Appends all of them or none; inside a transaction of the caller's. */
export async function appendRecords(client: pg.ClientBase, records: readonly PlacedRecord[]): Promise<void> {
  const places = await lockPlaces(client, records);
  const offsets = records.map((record) => {
    const place = places.get(placeName(record));
    if (place === undefined) throw new InvariantError('embedded-log-place', 'a topic lacks a partition');
    return place.nextOffset++;
  });
  await insertRecords(client, records, offsets);
  await moveEnds(client, [...places.values()]);
}

/** In one order for everybody, or two senders could wait for each other for ever. */
async function lockPlaces(
  client: pg.ClientBase,
  records: readonly PlacedRecord[],
): Promise<Map<string, Place>> {
  const wanted = [...new Map(records.map((record) => [placeName(record), record])).values()];
  const { rows } = await client.query<{ topic_id: number; partition: number; next_offset: string }>(
    `select topic_id, partition, next_offset from afterword.log_partitions
     where (topic_id, partition) in (select * from unnest($1::int[], $2::int[]))
     order by topic_id, partition
     for update`,
    [wanted.map(({ topicId }) => topicId), wanted.map(({ partition }) => partition)],
  );
  const places = rows.map((row) => ({
    topicId: row.topic_id,
    partition: row.partition,
    nextOffset: BigInt(row.next_offset),
  }));
  return new Map(places.map((place) => [placeName(place), place]));
}

async function insertRecords(
  client: pg.ClientBase,
  records: readonly PlacedRecord[],
  offsets: readonly bigint[],
): Promise<void> {
  await client.query(
    `insert into afterword.log_records
       (topic_id, partition, record_offset, recorded_at_ms, key, value, headers)
     select topic_id, partition, record_offset,
            coalesce(recorded_at_ms, floor(extract(epoch from clock_timestamp()) * 1000)::bigint),
            key, value, headers
     from unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[])
       as record (topic_id, partition, record_offset, recorded_at_ms, key, value, headers)`,
    [
      records.map(({ topicId }) => topicId),
      records.map(({ partition }) => partition),
      offsets.map(String),
      records.map(({ timestampMs }) => timestampMs),
      records.map(({ key }) => key),
      records.map(({ value }) => value),
      records.map(({ headers }) => headers),
    ],
  );
}

async function moveEnds(client: pg.ClientBase, places: readonly Place[]): Promise<void> {
  await client.query(
    `update afterword.log_partitions as place set next_offset = moved.next_offset
     from unnest($1::int[], $2::int[], $3::bigint[]) as moved (topic_id, partition, next_offset)
     where place.topic_id = moved.topic_id and place.partition = moved.partition`,
    [
      places.map(({ topicId }) => topicId),
      places.map(({ partition }) => partition),
      places.map(({ nextOffset }) => nextOffset.toString()),
    ],
  );
}

function placeName({ topicId, partition }: Pick<Place, 'topicId' | 'partition'>): string {
  return `${topicId}/${partition}`;
}
