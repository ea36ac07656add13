-- Summaries of one person that say nearly the same, linked by the indexer. A new, empty table.

create table afterword.summary_links (
  -- The later of the two, by the end of its window, then by id.
  window_id uuid not null references afterword.windows on delete cascade,
  earlier_window_id uuid not null references afterword.windows on delete cascade,
  key_id bigint not null,
  -- Whose vectors were compared: those of two embedders are not comparable.
  embedder text collate "C" not null,
  -- Cosine similarity of the two summaries as they were when linked.
  similarity real not null check (similarity between -1 and 1.001),
  linked_at timestamptz not null default clock_timestamp(),
  primary key (window_id, earlier_window_id),
  check (window_id <> earlier_window_id)
);
-- A summary that changes or goes takes the links of both sides with it.
create index summary_links_by_earlier on afterword.summary_links (earlier_window_id);
-- What is linked of one person, for `show` and for forgetting.
create index summary_links_by_key on afterword.summary_links (key_id);
