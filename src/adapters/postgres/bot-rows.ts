import type pg from 'pg';
import type { BotUser } from '../../consume/message-store.ts';
import type { RevisedBots } from '../../extract/extraction-store.ts';
import { lockKeysById } from './lock-keys.ts';
import { reviseAtOnce } from './revise-windows.ts';
import { inTransaction } from './transaction.ts';

/**
 * Makes the rows of bots that are met for the first time. `known` holds those whose rows are
 * committed, so that a batch of known bots costs nothing; one that this transaction makes is
 * not among them yet, since the transaction may still fail.
 *
 * Before the batch's keys are locked, and in the order of the ids: whoever makes the same row
 * is waited for here, holding nothing but rows of bots, so nobody waits in a circle.
 */
export async function meetBots(
  client: pg.ClientBase,
  keys: readonly BotUser[],
  known: Set<string>,
): Promise<void> {
  const met = [...new Set(keys.map(({ botId }) => botId))].filter((botId) => !known.has(botId));
  if (met.length === 0) return;
  const { rows } = await client.query<{ bot_id: string }>(
    `insert into afterword.bots (bot_id)
     select t.bot_id from unnest($1::text[]) as t (bot_id) order by t.bot_id collate "C"
     on conflict (bot_id) do nothing
     returning bot_id`,
    [met],
  );
  const made = new Set(rows.map((row) => row.bot_id));
  for (const botId of met) if (!made.has(botId)) known.add(botId);
}

/** Of one transaction. Beyond it the next pass goes on. */
const botsAtOnce = 100;

/**
 * See the port. In a transaction of its own, after the one in which the bot was met: its keys
 * are locked first, so that every settlement of a claim that did not know the bot either has
 * ended, and its results are seen here, or comes later, and sees the bot's row itself.
 */
export async function reviseWindowsOfBots(pool: pg.Pool): Promise<RevisedBots> {
  const { rows: waiting } = await pool.query('select from afterword.bots where revised_at is null limit 1');
  if (waiting.length === 0) return { bots: 0, windows: 0 };
  return inTransaction(pool, async (client) => {
    // Another process that is at it finishes its own.
    const { rows: bots } = await client.query<{ bot_id: string }>(
      `select bot_id from afterword.bots where revised_at is null
       order by bot_id limit $1 for update skip locked`,
      [botsAtOnce],
    );
    const botIds = bots.map((row) => row.bot_id);
    const windowIds = await lockLearntWindows(client, botIds);
    if (windowIds.length > 0) await reviseAtOnce(client, windowIds);
    await client.query(
      'update afterword.bots set revised_at = clock_timestamp() where bot_id = any($1::text[])',
      [botIds],
    );
    return { bots: botIds.length, windows: windowIds.length };
  });
}

/** Windows, of every run, that say something of these users or are about to. Their keys stay locked. */
async function lockLearntWindows(client: pg.ClientBase, userIds: readonly string[]): Promise<string[]> {
  const keys = await client.query<{ key_id: string }>(
    'select key_id from afterword.user_keys where user_id = any($1::text[])',
    [userIds],
  );
  if (keys.rows.length === 0) return [];
  const locked = await lockKeysById(
    client,
    keys.rows.map((row) => row.key_id),
  );
  // A statement of its own: it sees what was settled while the locks were waited for.
  const { rows } = await client.query<{ window_id: string }>(
    `select window_id from afterword.stage_tasks
     where key_id = any($1::bigint[]) and status = 'done' and superseded_at is null
     union
     select window_id from afterword.extractions where status = 'running' and key_id = any($1::bigint[])`,
    [locked.map(({ keyId }) => keyId)],
  );
  return rows.map((row) => row.window_id);
}
