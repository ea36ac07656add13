-- The language that the user of a window wrote in, as told when its results were stored: a
-- BCP-47 tag, 'und' where it cannot be told. A column without a default, so it costs nothing;
-- windows extracted earlier have none until they are extracted again.

alter table afterword.extractions
  -- Null: no results are stored, or the user is a bot and nothing is said of it.
  add column language text;
-- `not valid`: all rows there are hold null, and the table is not read to find that out.
alter table afterword.extractions
  add constraint extractions_language_is_a_tag
  check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$') not valid;
