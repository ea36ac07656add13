-- Answers that are old go, a batch at a time. One index over kept_answers, which is built while
-- keeping an answer waits (a second for a million); answers are appended to its end.
create index kept_answers_by_age on afterword.kept_answers (created_at);
