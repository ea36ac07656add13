-- The embedded log: topics in Postgres for whoever has no Kafka. Empty tables, so it
-- costs nothing; with Kafka they stay empty.

create table afterword.log_topics (
  topic_id integer generated always as identity primary key,
  topic text collate "C" not null unique,
  partitions integer not null check (partitions between 1 and 1000),
  created_at timestamptz not null default clock_timestamp()
);

-- Whoever appends locks the partition's row until commit: offsets are dense, and become
-- visible in their order. With a sequence a reader could pass an offset that commits late.
create table afterword.log_partitions (
  topic_id integer not null references afterword.log_topics,
  partition integer not null,
  -- First offset that is still held; deleting old records raises it.
  start_offset bigint not null default 0,
  next_offset bigint not null default 0,
  primary key (topic_id, partition),
  check (start_offset between 0 and next_offset)
);

-- No foreign key: it would lock the partition's row once more for every record.
create table afterword.log_records (
  topic_id integer not null,
  partition integer not null,
  record_offset bigint not null,
  -- Epoch milliseconds.
  recorded_at_ms bigint not null,
  key bytea,
  value bytea,
  -- JSON list of [name, base64 or null], in order, as bytes: jsonb refuses the NUL
  -- character, and names may repeat. Null: none.
  headers bytea,
  primary key (topic_id, partition, record_offset)
);

-- How far a group has read each partition, and which member reads it now. One row for
-- both, so that a commit checks the lease in its own statement.
create table afterword.log_offsets (
  group_id text collate "C" not null,
  topic_id integer not null references afterword.log_topics,
  partition integer not null,
  -- The next offset to read; null: nothing was committed.
  committed_offset bigint,
  -- Null: free. By the database's clock, the only one that all members share.
  owner text,
  lease_expires_at timestamptz,
  -- Rises with every change of hands: a commit of an earlier owner is refused.
  lease_epoch bigint not null default 0,
  primary key (group_id, topic_id, partition),
  check ((owner is null) = (lease_expires_at is null))
);

-- Who is there to share the partitions out among; one that shows no life expires.
create table afterword.log_members (
  group_id text collate "C" not null,
  topic_id integer not null references afterword.log_topics,
  member_id text collate "C" not null,
  expires_at timestamptz not null,
  primary key (group_id, topic_id, member_id)
);
