import type pg from 'pg';

/** Who reads which topic for which group, and how long it is believed to live without a word. */
export interface LogMember {
  readonly groupId: string;
  readonly topicId: number;
  readonly memberId: string;
  readonly leaseMs: number;
}

export interface Lease {
  readonly partition: number;
  readonly epoch: bigint;
  readonly committed: bigint | undefined;
}

interface LeaseRow {
  partition: number;
  lease_epoch: string;
  committed_offset: string | null;
}

/** Says that this member lives, buries those that do not, and returns the living in order. */
export async function showLife(pool: pg.Pool, member: LogMember): Promise<string[]> {
  const { groupId, topicId, memberId, leaseMs } = member;
  await pool.query(
    `insert into afterword.log_members (group_id, topic_id, member_id, expires_at)
     values ($1, $2, $3, clock_timestamp() + $4 * interval '1 ms')
     on conflict (group_id, topic_id, member_id) do update set expires_at = excluded.expires_at`,
    [groupId, topicId, memberId, leaseMs],
  );
  await pool.query(
    `delete from afterword.log_members
     where group_id = $1 and topic_id = $2 and expires_at < clock_timestamp()`,
    [groupId, topicId],
  );
  const { rows } = await pool.query<{ member_id: string }>(
    'select member_id from afterword.log_members where group_id = $1 and topic_id = $2 order by member_id',
    [groupId, topicId],
  );
  return rows.map((row) => row.member_id);
}

/**
 * Prolongs what this member owns, and returns it: what is missing belongs to somebody
 * else. One that expired but that nobody took is still its owner's.
 */
export async function renewLeases(pool: pg.Pool, member: LogMember): Promise<Lease[]> {
  const { rows } = await pool.query<LeaseRow>(
    `update afterword.log_offsets set lease_expires_at = clock_timestamp() + $4 * interval '1 ms'
     where group_id = $1 and topic_id = $2 and owner = $3
     returning partition, lease_epoch, committed_offset`,
    [member.groupId, member.topicId, member.memberId, member.leaseMs],
  );
  return rows.map(toLease);
}

/** Takes up to so many partitions that are free or whose owner shows no life. */
export async function claimLeases(pool: pg.Pool, member: LogMember, count: number): Promise<Lease[]> {
  const { groupId, topicId, memberId, leaseMs } = member;
  await pool.query(
    `insert into afterword.log_offsets (group_id, topic_id, partition)
     select $1, topic_id, partition from afterword.log_partitions where topic_id = $2
     on conflict do nothing`,
    [groupId, topicId],
  );
  // skip locked: of two members that claim at once, each takes what the other does not.
  const { rows } = await pool.query<LeaseRow>(
    `update afterword.log_offsets as taken
     set owner = $3, lease_epoch = taken.lease_epoch + 1,
         lease_expires_at = clock_timestamp() + $4 * interval '1 ms'
     from (
       select partition from afterword.log_offsets
       where group_id = $1 and topic_id = $2
         and (owner is null or lease_expires_at < clock_timestamp())
       order by partition
       limit $5
       for update skip locked
     ) as free
     where taken.group_id = $1 and taken.topic_id = $2 and taken.partition = free.partition
     returning taken.partition, taken.lease_epoch, taken.committed_offset`,
    [groupId, topicId, memberId, leaseMs, count],
  );
  return rows.map(toLease);
}

export async function releaseLeases(
  pool: pg.Pool,
  member: LogMember,
  partitions: readonly number[],
): Promise<void> {
  await pool.query(
    `update afterword.log_offsets set owner = null, lease_expires_at = null
     where group_id = $1 and topic_id = $2 and owner = $3 and partition = any($4::int[])`,
    [member.groupId, member.topicId, member.memberId, partitions],
  );
}

/** So that the others share out anew at once, not when this member expires. */
export async function leaveGroup(pool: pg.Pool, member: LogMember): Promise<void> {
  await pool.query(
    'delete from afterword.log_members where group_id = $1 and topic_id = $2 and member_id = $3',
    [member.groupId, member.topicId, member.memberId],
  );
}

/** False: the partition changed hands since it was claimed, and nothing was stored. */
export async function commitOffset(
  pool: pg.Pool,
  member: LogMember,
  lease: Pick<Lease, 'partition' | 'epoch'>,
  offset: bigint,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update afterword.log_offsets set committed_offset = $6
     where group_id = $1 and topic_id = $2 and partition = $3 and owner = $4 and lease_epoch = $5`,
    [
      ...[member.groupId, member.topicId, lease.partition, member.memberId],
      ...[lease.epoch.toString(), offset.toString()],
    ],
  );
  return rowCount === 1;
}

function toLease(row: LeaseRow): Lease {
  return {
    partition: row.partition,
    epoch: BigInt(row.lease_epoch),
    committed: row.committed_offset === null ? undefined : BigInt(row.committed_offset),
  };
}
