import type pg from 'pg';
import type { AnswerStore, KeptAnswer, ReceivedAnswer } from '../../extract/answer-store.ts';
import { identitiesOf, membersDigest, spanOf } from '../../extract/members-digest.ts';
import type { StoredMessage } from '../../model/message.ts';
import { noUsage, usageSchema } from '../../model/results.ts';
import { callDocument, type CalledWindow } from './call-document.ts';
import { translating } from './database-errors.ts';
import { prepared } from './prepared.ts';

/** The window that is asked about. */
interface AskedWindow extends CalledWindow {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Answers of one window with these members, kept as they arrive; each in its own short transaction. */
export function createPostgresAnswerStore(
  pool: pg.Pool,
  window: AskedWindow,
  members: readonly StoredMessage[],
): AnswerStore {
  return {
    find: (key) => translating(() => find(pool, key, window, members)),
    keep: (key, answer) => translating(() => keep(pool, key, answer, window, members)),
  };
}

interface AnswerRow {
  readonly model: string;
  readonly answer: string;
  readonly usage: unknown;
  readonly counted: boolean;
}

/**
 * What the answer cost is counted with the first results that were stored since, of these
 * members, for this window or the one it was kept for (another run's has another id). Results
 * and their usage commit together, so a crash before that leaves it to be counted still.
 */
async function find(
  pool: pg.Pool,
  key: string,
  window: AskedWindow,
  members: readonly StoredMessage[],
): Promise<KeptAnswer | undefined> {
  const { rows } = await pool.query<AnswerRow>(
    prepared(
      `select a.model, a.answer, a.usage, exists (
       select from afterword.stage_tasks t
       where t.window_id in (a.window_id, $2) and t.members_digest = decode($3, 'hex')
         and t.created_at >= a.created_at) as counted
     from afterword.kept_answers a where a.answer_key = decode($1, 'hex')`,
      [key, window.windowId, membersDigest(members)],
    ),
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return { model: row.model, text: row.answer, usage: row.counted ? noUsage : usageSchema.parse(row.usage) };
}

/** Unless it quotes a message that was deleted meanwhile; its call is recorded in any case. See the functions. */
async function keep(
  pool: pg.Pool,
  key: string,
  answer: ReceivedAnswer,
  window: AskedWindow,
  members: readonly StoredMessage[],
): Promise<void> {
  const { membersFromMs, membersToMs } = spanOf(members, window);
  const { call } = answer;
  const kept = [
    key,
    window.keyId,
    window.windowId,
    membersFromMs,
    membersToMs,
    answer.model,
    answer.text,
    JSON.stringify(answer.usage),
    identitiesOf(members),
  ];
  await pool.query(
    call === undefined
      ? prepared(`select afterword.keep_answer(decode($1, 'hex'), $2, $3, $4, $5, $6, $7, $8, $9)`, kept)
      : prepared(
          `select afterword.keep_answer_of_call(decode($1, 'hex'), $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
          [...kept, callDocument(window, call)],
        ),
  );
}
