-- The whole first schema: keys, messages, windows, extraction, memory, outbox.
-- Runs on an empty database, so it costs nothing.
--
-- Conventions. Event times (when it happened, as told by the platform) are bigint
-- epoch milliseconds: exact, and read in bulk without parsing. Wall times of our own
-- are timestamptz on the database's clock. Text ids sort by code point (collate "C"),
-- so that every process locks rows in the same order whatever the database's locale.
-- Foreign keys stand where rows are few; messages and windows are written under the
-- lock of their key row, and a foreign key there would look that row up once more for
-- every message.

-- Equality on integers inside the exclusion constraint of closed_windows.
create extension if not exists btree_gist;

create schema if not exists afterword;

create table afterword.schema_migrations (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default clock_timestamp()
);

-- One row: what belongs to this database and to no other.
create table afterword.installation (
  singleton boolean primary key default true check (singleton),
  -- Key of the hash that stands beside every message "as first received" (promise P1).
  content_hash_secret bytea not null
    default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'),
  installed_at timestamptz not null default clock_timestamp()
);
insert into afterword.installation default values;

-- ---------------------------------------------------------------------------
-- Runs and their settings

-- Settings with the windows and results that they gave. Readers see, and the consumer
-- reconciles, the one run that a key's row names.
create table afterword.runs (
  run_id integer generated always as identity primary key,
  status text not null check (status in ('live', 'preparing', 'held', 'promoted', 'discarded')),
  created_at timestamptz not null default clock_timestamp()
);

-- A dated list: an entry holds for messages whose event time is at or after its start.
create table afterword.run_settings (
  run_id integer not null references afterword.runs,
  effective_from_ms bigint not null,
  settings jsonb not null,
  applied_at timestamptz not null default clock_timestamp(),
  primary key (run_id, effective_from_ms)
);

-- ---------------------------------------------------------------------------
-- Keys

-- One sequence for both kinds of key, so that a session key is one integer either way.
create sequence afterword.key_ids;

-- A (bot, user): the row that every writer locks first, in the order of (bot, user).
create table afterword.user_keys (
  key_id bigint primary key default nextval('afterword.key_ids'),
  bot_id text collate "C" not null check (char_length(bot_id) between 1 and 255),
  user_id text collate "C" not null check (char_length(user_id) between 1 and 255),
  run_id integer not null references afterword.runs,
  -- Greatest sequence given to a result event of this key; only ever rises.
  last_sequence bigint not null default 0,
  -- Where the key was last seen; another partition than before is worth a warning.
  partition integer not null,
  -- Greatest end marker stored: without one nearby, appending need not look for markers.
  last_end_ms bigint,
  -- An edit or delete was ever stored for it: only then its new messages may have one waiting.
  has_changes boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  unique (bot_id, user_id)
);
-- Everything of a person over all bots (forget, export, the profile's scope `user`).
create index user_keys_by_user on afterword.user_keys (user_id);

-- With SESSION_KEY=bot,user,channel a session's key is one of these; otherwise it is key_id itself.
create table afterword.channel_keys (
  session_key bigint primary key default nextval('afterword.key_ids'),
  key_id bigint not null references afterword.user_keys,
  channel_id text collate "C" not null,
  unique (key_id, channel_id)
);

-- ---------------------------------------------------------------------------
-- What was said

create table afterword.messages (
  -- 128-bit hash of (bot, user, channel or '', message id): four ids of 255 characters
  -- would not fit an index row, and a null channel would not be unique.
  identity uuid primary key,
  key_id bigint not null,
  sent_at_ms bigint not null,
  role text not null check (role in ('user', 'assistant', 'system', 'tool')),
  message_id text not null,
  channel_id text,
  channel_type text,
  -- The newest text; '' once deleted or blanked.
  content text not null,
  -- Keyed hash of role and text as first received; nothing ever changes it.
  content_hash bytea not null,
  metadata jsonb,
  extra jsonb,
  -- sent_at lay in the future and was drawn back, once; the stored value stays.
  clamped boolean not null default false,
  -- Event time of the newest change that was applied.
  changed_at_ms bigint,
  deleted boolean not null default false,
  source_partition integer not null,
  source_offset bigint not null,
  received_at timestamptz not null default clock_timestamp(),
  check (not deleted or content = '')
);
-- The members of a window: a range of a key's event time.
create index messages_by_time on afterword.messages (key_id, sent_at_ms);

-- Edits and deletes as they came, also those whose message has not come yet.
create table afterword.message_changes (
  identity uuid primary key,
  target uuid not null,
  key_id bigint not null,
  kind text not null check (kind in ('edit', 'delete')),
  changed_at_ms bigint not null,
  -- '' for a delete, and for every edit of a message that was deleted.
  content text not null,
  received_at timestamptz not null default clock_timestamp(),
  check (kind = 'edit' or content = '')
);
-- All changes of the messages of a batch.
create index message_changes_by_target on afterword.message_changes (target);

create table afterword.session_ends (
  identity uuid primary key,
  key_id bigint not null,
  -- Null: ends every channel.
  channel_id text,
  ended_at_ms bigint not null,
  received_at timestamptz not null default clock_timestamp()
);
create index session_ends_by_time on afterword.session_ends (key_id, ended_at_ms);

-- Records that can never be used, byte for byte.
create table afterword.dead_letters (
  -- Hash of topic, partition, offset, timestamp and bytes: a redelivery is the same row,
  -- another record at the same offset of a re-created topic is not.
  dead_letter_id uuid primary key,
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  record_at_ms bigint not null,
  record_key bytea,
  record_value bytea,
  -- [[name, base64 or null], …] in the order of the wire.
  headers jsonb not null,
  reason text not null,
  detail text not null,
  received_at timestamptz not null default clock_timestamp(),
  replayed_at timestamptz
);
create index dead_letters_by_time on afterword.dead_letters (received_at);

-- Records of unknown types, counted. Only offsets beyond the stored position count, so
-- that a rewind does not count them again.
create table afterword.ignored_records (
  topic text not null,
  partition integer not null,
  type text not null,
  records bigint not null,
  primary key (topic, partition, type)
);

-- ---------------------------------------------------------------------------
-- Where reading stands

create table afterword.partition_progress (
  topic text not null,
  partition integer not null,
  -- The offset to read next: everything below it has ended in its place. Only rises.
  next_offset bigint not null,
  -- Greatest event time seen in the partition.
  stream_time_ms bigint not null,
  -- When the polled end of the log was last found reached.
  caught_up_at timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (topic, partition)
);

-- Offsets that the log no longer had when we came to read them.
create table afterword.log_gaps (
  topic text not null,
  partition integer not null,
  from_offset bigint not null,
  to_offset bigint not null,
  reason text not null,
  noticed_at timestamptz not null default clock_timestamp(),
  primary key (topic, partition, from_offset, to_offset)
);

-- Who acts alone. Checked inside the writing transaction; expiry by the database's clock.
create table afterword.leases (
  name text primary key,
  owner text not null,
  epoch bigint not null,
  expires_at timestamptz not null
);

-- ---------------------------------------------------------------------------
-- Windows

create table afterword.windows (
  -- Hash of (run, session key, started_at): the same start is the same window.
  window_id uuid primary key,
  run_id integer not null,
  key_id bigint not null,
  session_key bigint not null,
  -- The one channel of all members; null when there are several or none.
  channel_id text,
  channel_type text,
  started_at_ms bigint not null,
  ended_at_ms bigint not null,
  message_count integer not null check (message_count > 0),
  status text not null check (status in ('open', 'closed', 'superseded', 'erased')),
  -- Why its end is certain though it is still open: waits for the grace only.
  due_reason text check (due_reason in ('gap', 'stream-time', 'idle', 'full', 'aged', 'end')),
  -- When the closer looks at it. Without due_reason: event time (last + gap, as known when
  -- it was last looked at, so that an append need not write it). With: wall time, ms.
  check_at_ms bigint not null,
  -- Wall time, ms, of the last arrival; closing waits for the grace after it.
  touched_at_ms bigint not null,
  -- Partition of the last arrival: its stream time and clock close the window.
  partition integer not null,
  close_reason text check (close_reason in ('gap', 'stream-time', 'idle', 'full', 'aged', 'end')),
  closed_at timestamptz,
  -- The newest revision whose results are stored; 0: none yet.
  revision integer not null default 0,
  -- The windows that took its members over.
  superseded_by uuid[],
  created_at timestamptz not null default clock_timestamp(),
  check (ended_at_ms >= started_at_ms),
  check (status <> 'closed' or close_reason is not null),
  check ((status = 'superseded') = (superseded_by is not null))
) with (fillfactor = 80); -- room for appends to stay on the page (HOT)
-- The live windows of a key near a point in time. ended_at is left out on purpose: an
-- append changes it, and must not touch an index.
create index windows_live on afterword.windows (session_key, run_id, started_at_ms)
  where status in ('open', 'closed');
-- The closer's two questions: which open windows may be over by event time …
create index windows_check on afterword.windows (partition, check_at_ms)
  where status = 'open' and due_reason is null;
-- … and which that are over have been quiet for the grace.
create index windows_due on afterword.windows (check_at_ms)
  where status = 'open' and due_reason is not null;
-- `windows`, `show`: the newest of a key.
create index windows_by_key on afterword.windows (key_id, started_at_ms);

-- The spans of closed live windows, kept apart from their rows so that appending to an
-- open window changes no indexed column. Exactly the windows of status closed stand here;
-- an overlap is a fault of ours and is refused before a model is called.
create table afterword.closed_windows (
  window_id uuid primary key references afterword.windows,
  run_id integer not null,
  session_key bigint not null,
  span int8range not null,
  exclude using gist (session_key with =, run_id with =, span with &&)
);

-- ---------------------------------------------------------------------------
-- Extraction

-- The work on a closed window: one row each, claimed by lease.
create table afterword.extractions (
  window_id uuid primary key references afterword.windows,
  run_id integer not null,
  key_id bigint not null,
  -- 0: live work; higher numbers wait behind it.
  priority smallint not null default 0,
  status text not null
    check (status in ('pending', 'running', 'done', 'skipped', 'retrying', 'deferred', 'failed')),
  -- The revision whose results were stored last.
  revision integer not null default 0,
  -- Its members changed after the claim: a further revision follows.
  changed boolean not null default false,
  not_before timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  lease_owner text,
  -- Rises with every claim: an answer of an older claim is refused.
  lease_epoch bigint not null default 0,
  lease_expires_at timestamptz,
  -- Revisions within the running hour double the grace.
  hour_started_at timestamptz,
  revisions_in_hour integer not null default 0,
  error_code text,
  updated_at timestamptz not null default clock_timestamp(),
  check ((status = 'running') = (lease_expires_at is not null))
);
-- What to claim next.
create index extractions_waiting on afterword.extractions (priority, not_before)
  where status in ('pending', 'retrying', 'deferred');
-- Whose worker died.
create index extractions_running on afterword.extractions (lease_expires_at) where status = 'running';
create index extractions_failed on afterword.extractions (updated_at) where status = 'failed';

-- How each stage ended for each revision of a window.
create table afterword.stage_tasks (
  stage_task_id bigint generated always as identity unique,
  window_id uuid not null references afterword.windows,
  revision integer not null,
  stage text not null,
  run_id integer not null,
  key_id bigint not null,
  stage_version text not null,
  strategy text not null,
  status text not null
    check (status in ('pending', 'running', 'done', 'skipped', 'retrying', 'deferred', 'failed')),
  method text check (method in ('model', 'offline')),
  model text,
  usage jsonb not null default '{}',
  -- Never a placeholder: there is a result exactly when it is done (promise P4).
  result jsonb,
  rejected jsonb not null default '{}',
  reason text,
  error_code text,
  -- Digest of the members it was made from: an unchanged window finds its results again.
  members_digest bytea not null,
  message_count integer not null,
  created_at timestamptz not null default clock_timestamp(),
  -- A later revision's result took its place; history stays.
  superseded_at timestamptz,
  primary key (window_id, revision, stage),
  check ((status = 'done') = (result is not null and method is not null)),
  check (status <> 'failed' or error_code is not null)
);
-- The current result of each stage of a person's windows (profile, views).
create index stage_tasks_current on afterword.stage_tasks (key_id, stage, window_id)
  where status = 'done' and superseded_at is null;

-- Answers of a model as they arrived, so that a crash afterwards pays for nothing twice.
create table afterword.kept_answers (
  answer_key bytea primary key,
  key_id bigint not null,
  window_id uuid not null,
  model text not null,
  answer text not null,
  usage jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);
create index kept_answers_by_key on afterword.kept_answers (key_id);

-- ---------------------------------------------------------------------------
-- Memory

-- Append-only claims of stages and people, each with its evidence. superseded_at marks
-- that their window or revision no longer counts; the fold reads the others.
create table afterword.observations (
  observation_id uuid primary key,
  key_id bigint not null references afterword.user_keys,
  run_id integer not null references afterword.runs,
  window_id uuid references afterword.windows,
  revision integer,
  stage text not null,
  kind text not null check (kind in ('fact', 'preference')),
  group_key text not null,
  occurred_at_ms bigint not null,
  observation jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  superseded_at timestamptz
);
-- The live observations of the groups that a fold touches.
create index observations_live on afterword.observations (key_id, run_id, kind, group_key)
  where superseded_at is null;
create index observations_by_window on afterword.observations (window_id);

-- The fold's output: current facts and those they took the place of. Derived: a fold of
-- the group's live observations writes the group anew.
create table afterword.facts (
  run_id integer not null references afterword.runs,
  key_id bigint not null references afterword.user_keys,
  fact_id uuid not null,
  group_key text not null,
  status text not null check (status in ('current', 'superseded', 'ended', 'retracted')),
  relation text not null,
  entity_name text not null,
  entity_type text not null,
  confidence double precision not null check (confidence between 0 and 1),
  -- Null: it ended, and nobody said when it began.
  valid_from_ms bigint,
  valid_to_ms bigint,
  superseded_by uuid,
  last_seen_ms bigint not null,
  -- The whole folded fact, evidence included.
  fact jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (run_id, key_id, fact_id),
  -- No fact without evidence (promise P5); a person's own word needs none.
  check (jsonb_array_length(fact -> 'evidence') > 0 or fact ->> 'method' = 'manual')
);
create index facts_by_group on afterword.facts (key_id, run_id, group_key);
-- The profile is made of the newest, a bounded number of them.
create index facts_newest on afterword.facts (key_id, run_id, status, last_seen_ms desc);

create table afterword.preferences (
  run_id integer not null references afterword.runs,
  key_id bigint not null references afterword.user_keys,
  preference_id uuid not null,
  group_key text not null,
  status text not null check (status in ('current', 'superseded', 'ended', 'retracted')),
  preference_key text not null,
  value text not null,
  explicit boolean not null,
  confidence double precision not null check (confidence between 0 and 1),
  -- Null: it ended, and nobody said when it began.
  valid_from_ms bigint,
  valid_to_ms bigint,
  superseded_by uuid,
  last_seen_ms bigint not null,
  preference jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (run_id, key_id, preference_id)
);
create index preferences_by_group on afterword.preferences (key_id, run_id, group_key);

-- What a bot reads: one row by primary key.
create table afterword.profiles (
  bot_id text collate "C" not null,
  user_id text collate "C" not null,
  key_id bigint not null unique references afterword.user_keys,
  run_id integer not null references afterword.runs,
  facts jsonb not null,
  preferences jsonb not null,
  summaries jsonb not null,
  -- The same as a block of text, ready for a prompt.
  prompt_text text not null,
  sequence bigint not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (bot_id, user_id)
);

-- ---------------------------------------------------------------------------
-- Outbox

-- Written by the transaction whose outcome they tell; sent by the one relay. Claimed by
-- state, never by id > last: ids are given before commit, and a lower one may come later.
create table afterword.outbox (
  outbox_id bigint generated always as identity primary key,
  destination text not null check (destination in ('results', 'dead-letter', 'vectors')),
  key_id bigint,
  window_id uuid,
  event_id uuid,
  event_type text,
  sequence bigint,
  record_key text,
  event jsonb,
  dead_letter_id uuid references afterword.dead_letters,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  check (destination <> 'results' or (event_id is not null and event is not null and sequence is not null)),
  check (destination <> 'dead-letter' or dead_letter_id is not null)
);
create index outbox_unsent on afterword.outbox (destination, outbox_id) where sent_at is null;
create index outbox_sent on afterword.outbox (sent_at) where sent_at is not null;
-- No event twice, whatever a second process does.
create unique index outbox_sequence on afterword.outbox (key_id, sequence) where destination = 'results';
