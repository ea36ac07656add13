import type pg from 'pg';
import type { AnswerStore } from '../../extract/answer-store.ts';
import { usageSchema } from '../../model/results.ts';
import { translating } from './database-errors.ts';

/** Answers of one window, kept as they arrive; each in its own short transaction. */
export function createPostgresAnswerStore(
  pool: pg.Pool,
  window: { readonly keyId: string; readonly windowId: string },
): AnswerStore {
  return {
    find: (key) =>
      translating(async () => {
        const { rows } = await pool.query<{ model: string; answer: string; usage: unknown }>(
          `select model, answer, usage from afterword.kept_answers where answer_key = decode($1, 'hex')`,
          [key],
        );
        const row = rows[0];
        return row && { model: row.model, text: row.answer, usage: usageSchema.parse(row.usage) };
      }),
    keep: (key, answer) =>
      translating(async () => {
        await pool.query(
          `insert into afterword.kept_answers (answer_key, key_id, window_id, model, answer, usage)
           values (decode($1, 'hex'), $2, $3, $4, $5, $6) on conflict (answer_key) do nothing`,
          [key, window.keyId, window.windowId, answer.model, answer.text, JSON.stringify(answer.usage)],
        );
      }),
  };
}
