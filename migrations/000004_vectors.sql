-- Vectors beside the memory they were made from, for whoever has no Qdrant, and where
-- they go. Empty tables, so it costs nothing; with Qdrant `vectors` stays empty.

create table afterword.vectors (
  -- Whose vectors: those of two embedders are never compared.
  embedder text collate "C" not null,
  item_id uuid not null,
  kind text not null check (kind in ('summary', 'fact')),
  bot_id text collate "C" not null,
  user_id text collate "C" not null,
  channel_id text,
  channel_types text[] not null,
  window_id uuid,
  item_text text not null,
  occurred_at_ms bigint not null,
  -- 32-bit floats, little-endian, unit length. Not real[]: scored outside the database,
  -- bytes are read five times as fast as an array (measured, 20,000 rows of 384).
  vector bytea not null check (octet_length(vector) > 0 and octet_length(vector) % 4 = 0),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (embedder, item_id)
) with (toast_tuple_target = 8160); -- vectors up to about 2,000 numbers stay in their row
-- Compressing noise costs time and saves nothing.
alter table afterword.vectors alter column vector set storage external;
-- The common question: what is known of this person.
create index vectors_by_person on afterword.vectors (user_id, bot_id, embedder);
-- Removing reaches every embedder's.
create index vectors_by_item on afterword.vectors (item_id);

-- Where vectors went, the newest last. Another place or embedder starts empty, so when it
-- changes everything is enqueued once more: once for each process, so that two that are
-- configured differently do not do so in turns for ever.
create table afterword.vector_destinations (
  adoption_id bigint generated always as identity primary key,
  destination text not null,
  owner text not null,
  adopted_at timestamptz not null default clock_timestamp()
);
