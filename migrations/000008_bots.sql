-- Bots as rows of their own: a user that turns out to be a bot is recognized once, whenever
-- that is, and what was learnt of it until then is taken back.
-- Cost: one pass over user_keys.

create table afterword.bots (
  -- Written by the transaction that makes the first key of this bot.
  bot_id text collate "C" primary key,
  first_seen_at timestamptz not null default clock_timestamp(),
  -- When the windows that have it as their user were asked for a further revision. Null: not yet.
  revised_at timestamptz
);
-- What extraction looks for every few seconds: hardly ever a row.
create index bots_unrevised on afterword.bots (bot_id) where revised_at is null;

insert into afterword.bots (bot_id) select distinct bot_id from afterword.user_keys;
