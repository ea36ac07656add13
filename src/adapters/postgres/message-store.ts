import type pg from 'pg';
import type {
  BatchContext,
  BatchTransaction,
  Identities,
  IgnoredRecord,
  MessageStore,
  NewDeadLetter,
  PositionMove,
} from '../../consume/message-store.ts';
import { AfterwordError } from '../../errors.ts';
import type { RelationLifetimes } from '../../memory/relation-rules.ts';
import type { TopicPartition } from '../../model/record.ts';
import { meetBots } from './bot-rows.ts';
import { translating } from './database-errors.ts';
import { channelSessionKeys, lockKeys } from './lock-keys.ts';
import { applyChanges, insertMessages, insertSessionEnds, readContentHashes } from './message-rows.ts';
import { redactMessages } from './redact-messages.ts';
import { markChanged } from './revise-windows.ts';
import { readRuns } from './run-settings.ts';
import { inTransaction } from './transaction.ts';
import { readLastWindows, readMembers, readSurroundings } from './window-reads.ts';
import { writeWindows } from './window-rows.ts';

/** The batch transaction on Postgres; see the port for what each step promises. */
export function createPostgresMessageStore(
  pool: pg.Pool,
  lifetimes: Partial<RelationLifetimes> = {},
): MessageStore {
  // Of rows that are committed. Forgotten when anything fails, and where reading begins anew:
  // another database may answer afterwards, or an older copy of this one.
  const knownBots = new Set<string>();
  return {
    lookUp: (partition, identities) => translating(() => lookUp(pool, partition, identities)),
    transaction: (work) =>
      translating(() =>
        inTransaction(pool, (client) => work(batchTransaction(client, lifetimes, knownBots))),
      ).catch((error: unknown) => {
        knownBots.clear();
        throw error;
      }),
    saveProgress: (partition, move) => translating(() => saveProgress(pool, partition, move)),
    storedPosition: (partition) => {
      knownBots.clear();
      return translating(() => storedPosition(pool, partition));
    },
    storedPositions: (partitions) => translating(() => storedPositions(pool, partitions)),
    recordGap: (partition, from, to, reason) =>
      translating(() => recordGap(pool, partition, from, to, reason)),
    resetPosition: (partition, nextOffset) => translating(() => resetPosition(pool, partition, nextOffset)),
  };
}

function batchTransaction(
  client: pg.PoolClient,
  lifetimes: Partial<RelationLifetimes>,
  knownBots: Set<string>,
): BatchTransaction {
  return {
    lockKeys: async (keys, partition) => {
      await meetBots(client, keys, knownBots);
      return lockKeys(client, keys, partition);
    },
    sessionKeys: (channels) => channelSessionKeys(client, channels),
    insertMessages: (messages, keyIds, partition) => insertMessages(client, messages, keyIds, partition),
    contentHashes: (identities) => readContentHashes(client, identities),
    applyChanges: (changes, keyIds, arrived) => applyChanges(client, changes, keyIds, arrived),
    insertSessionEnds: (ends, keyIds) => insertSessionEnds(client, ends, keyIds),
    lastWindows: (sessions) => readLastWindows(client, sessions),
    surroundings: (spans) => readSurroundings(client, spans),
    members: (stretches) => readMembers(client, stretches),
    writeWindows: (writes, nowMs, graceMs) => writeWindows(client, writes, nowMs, graceMs),
    markChanged: (messages, graceMs) => markChanged(client, messages, graceMs),
    redact: (messages) => redactMessages(client, messages, lifetimes),
    insertDeadLetters: (letters) => insertDeadLetters(client, letters),
    countIgnored: (partition, records) => countIgnored(client, partition, records),
    saveProgress: (partition, move) => saveProgress(client, partition, move),
  };
}

type Queryable = Pick<pg.ClientBase, 'query'>;

async function lookUp(
  pool: Queryable,
  partition: TopicPartition,
  identities: Identities,
): Promise<BatchContext> {
  const { rows } = await pool.query<{ now_ms: string; next_offset: string | null; secret: string }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
       (select next_offset from afterword.partition_progress where topic = $1 and partition = $2) as next_offset,
       (select encode(content_hash_secret, 'hex') from afterword.installation) as secret`,
    [partition.topic, partition.partition],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the look-up of a batch returned no row');
  return {
    nowMs: Number(row.now_ms),
    storedNextOffset: row.next_offset === null ? null : BigInt(row.next_offset),
    contentHashSecret: row.secret,
    runs: await readRuns(pool),
    knownMessages: await readContentHashes(pool, identities.messages),
    knownOthers: await knownOthers(pool, identities),
  };
}

async function knownOthers(pool: Queryable, identities: Identities): Promise<ReadonlySet<string>> {
  const { changes, sessionEnds, deadLetters } = identities;
  if (changes.length + sessionEnds.length + deadLetters.length === 0) return new Set();
  const { rows } = await pool.query<{ identity: string }>(
    `select identity from afterword.message_changes where identity = any($1::uuid[])
     union all
     select identity from afterword.session_ends where identity = any($2::uuid[])
     union all
     select dead_letter_id from afterword.dead_letters where dead_letter_id = any($3::uuid[])`,
    [changes, sessionEnds, deadLetters],
  );
  return new Set(rows.map((row) => row.identity));
}

/** The dead letter and its way to the dead-letter topic, in the batch's own transaction. */
async function insertDeadLetters(client: Queryable, letters: readonly NewDeadLetter[]): Promise<void> {
  await client.query(
    `with letters as (
       insert into afterword.dead_letters (dead_letter_id, topic, partition, record_offset, record_at_ms,
         record_key, record_value, headers, reason, detail)
       select t.id, t.topic, t.partition, t.record_offset, t.record_at_ms, t.record_key, t.record_value,
         t.headers::jsonb, t.reason, t.detail
       from unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[],
         $8::text[], $9::text[], $10::text[])
         as t (id, topic, partition, record_offset, record_at_ms, record_key, record_value, headers, reason, detail)
       order by t.id
       on conflict (dead_letter_id) do nothing
       returning dead_letter_id
     )
     insert into afterword.outbox (destination, dead_letter_id)
     select 'dead-letter', dead_letter_id from letters`,
    [
      letters.map((letter) => letter.identity),
      letters.map((letter) => letter.record.topic),
      letters.map((letter) => letter.record.partition),
      letters.map((letter) => letter.record.offset.toString()),
      letters.map((letter) => storableTime(letter.record.timestampMs)),
      letters.map((letter) => letter.record.key),
      letters.map((letter) => letter.record.value),
      letters.map((letter) =>
        JSON.stringify(
          letter.record.headers.map((header) => [
            storableName(header.name),
            header.value?.toString('base64') ?? null,
          ]),
        ),
      ),
      letters.map((letter) => letter.reason),
      letters.map((letter) => letter.detail),
    ],
  );
}

/** jsonb holds no NUL and no half characters; a header that has them must not stop the letter. */
function storableName(name: string): string {
  return Buffer.from(name.replaceAll('\u0000', '\ufffd'), 'utf8').toString('utf8');
}

/** Beyond what a number holds exactly nothing is a time; bigint would refuse its text. */
function storableTime(ms: number): number {
  return Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/**
 * Under the lock of the partition's row, since the position that was looked up may be old:
 * another process may have counted the same records meanwhile. The row comes first, so
 * that there is something to lock; the same transaction moves it on.
 */
async function countIgnored(
  client: Queryable,
  { topic, partition }: TopicPartition,
  records: readonly IgnoredRecord[],
): Promise<number> {
  await client.query(
    `insert into afterword.partition_progress (topic, partition, next_offset, stream_time_ms)
     values ($1, $2, 0, $3) on conflict (topic, partition) do nothing`,
    [topic, partition, Number.MIN_SAFE_INTEGER],
  );
  const { rows } = await client.query<{ next_offset: string }>(
    'select next_offset from afterword.partition_progress where topic = $1 and partition = $2 for update',
    [topic, partition],
  );
  const storedNext = BigInt(rows[0]?.next_offset ?? 0);
  const types = records.filter(({ offset }) => offset >= storedNext).map(({ type }) => type);
  await client.query(
    `insert into afterword.ignored_records as i (topic, partition, type, records)
     select $1, $2, t.type, count(*) from unnest($3::text[]) as t (type) group by t.type order by t.type
     on conflict (topic, partition, type) do update set records = i.records + excluded.records`,
    [topic, partition, types],
  );
  return types.length;
}

/**
 * Only rises: a rewind, or a member that was slow to notice its revocation, moves nothing back.
 * In the statement that moves it, since the database may be another one than a moment ago.
 */
async function saveProgress(
  client: Queryable,
  { topic, partition }: TopicPartition,
  { nextOffset, streamTimeMs, knownNextOffset }: PositionMove,
): Promise<void> {
  const streamTime = Number.isFinite(streamTimeMs) ? streamTimeMs : Number.MIN_SAFE_INTEGER;
  const { rowCount } = await client.query(
    `insert into afterword.partition_progress as p (topic, partition, next_offset, stream_time_ms)
     select $1, $2, $3, $4
     where $5::bigint = 0
       or exists (select from afterword.partition_progress where topic = $1 and partition = $2)
     on conflict (topic, partition) do update
     set next_offset = greatest(p.next_offset, excluded.next_offset),
         stream_time_ms = greatest(p.stream_time_ms, excluded.stream_time_ms),
         updated_at = clock_timestamp()
       where p.next_offset >= $5::bigint`,
    [topic, partition, nextOffset.toString(), streamTime, knownNextOffset.toString()],
  );
  if (rowCount === 1) return;
  throw new AfterwordError('POSITION_SET_BACK', 'the stored position is below what this process stored', {
    retryable: true,
    details: { topic, partition, known: knownNextOffset.toString() },
    hint: 'was the database restored from an older copy? The partition is read again from the position that is stored now',
  });
}

async function storedPositions(
  pool: Queryable,
  partitions: readonly TopicPartition[],
): Promise<(TopicPartition & { readonly nextOffset: bigint })[]> {
  const { rows } = await pool.query<{ topic: string; partition: number; next_offset: string }>(
    `select topic, partition, next_offset from afterword.partition_progress
     join unnest($1::text[], $2::int[]) as t (topic, partition) using (topic, partition)`,
    [partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition)],
  );
  return rows.map(({ topic, partition, next_offset: next }) => ({
    topic,
    partition,
    nextOffset: BigInt(next),
  }));
}

async function storedPosition(pool: Queryable, { topic, partition }: TopicPartition): Promise<bigint | null> {
  const { rows } = await pool.query<{ next_offset: string }>(
    'select next_offset from afterword.partition_progress where topic = $1 and partition = $2',
    [topic, partition],
  );
  return rows[0] === undefined ? null : BigInt(rows[0].next_offset);
}

async function recordGap(
  pool: Queryable,
  { topic, partition }: TopicPartition,
  from: bigint,
  to: bigint,
  reason: string,
): Promise<void> {
  await pool.query(
    `insert into afterword.log_gaps (topic, partition, from_offset, to_offset, reason)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [topic, partition, from.toString(), to.toString(), reason],
  );
}

async function resetPosition(
  pool: Queryable,
  { topic, partition }: TopicPartition,
  nextOffset: bigint,
): Promise<void> {
  await pool.query(
    'update afterword.partition_progress set next_offset = $3 where topic = $1 and partition = $2',
    [topic, partition, nextOffset.toString()],
  );
}
