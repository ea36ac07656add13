-- A change far ahead of the clock is drawn back to it, and several of one batch then to the same
-- moment, where a hash would choose between a text and the one that replaced it. Which came last is
-- in the times they claim.
alter table afterword.message_changes add column claimed_at_ms bigint;
update afterword.message_changes set claimed_at_ms = changed_at_ms;
alter table afterword.message_changes alter column claimed_at_ms set not null;
