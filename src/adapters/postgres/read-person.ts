import type pg from 'pg';
import type { FoldedFact, FoldedPreference } from '../../model/memory.ts';
import { translating } from './database-errors.ts';
import { readProfileParts } from './memory-rows.ts';
import type { StoredSummary } from '../../extract/extraction-store.ts';

/** All that `show` tells of one person with one bot. */
export interface Person {
  readonly botId: string;
  readonly userId: string;
  readonly facts: readonly FoldedFact[];
  readonly preferences: readonly FoldedPreference[];
  readonly summaries: readonly StoredSummary[];
  readonly promptText: string;
  readonly windows: number;
  /** Windows that are open, or closed with work left. */
  readonly pending: number;
}

/** Undefined: nobody of that name has spoken with that bot. */
export async function readPerson(pool: pg.Pool, botId: string, userId: string): Promise<Person | undefined> {
  return translating(async () => {
    const { rows } = await pool.query<{
      key_id: string;
      run_id: number;
      prompt_text: string | null;
      windows: string;
      pending: string;
    }>(
      `select k.key_id, k.run_id, p.prompt_text,
         (select count(*) from afterword.windows w
          where w.key_id = k.key_id and w.run_id = k.run_id and w.status in ('open', 'closed')) as windows,
         (select count(*) from afterword.windows w left join afterword.extractions e using (window_id)
          where w.key_id = k.key_id and w.run_id = k.run_id and w.status in ('open', 'closed')
            and (w.status = 'open' or e.status not in ('done', 'skipped', 'failed'))) as pending
       from afterword.user_keys k left join afterword.profiles p using (key_id)
       where k.bot_id = $1 and k.user_id = $2`,
      [botId, userId],
    );
    const key = rows[0];
    if (key === undefined) return undefined;
    const parts = await readProfileParts(pool, { keyId: key.key_id, runId: key.run_id });
    return {
      botId,
      userId,
      ...parts,
      promptText: key.prompt_text ?? '',
      windows: Number(key.windows),
      pending: Number(key.pending),
    };
  });
}
