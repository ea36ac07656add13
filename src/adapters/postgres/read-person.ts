import type pg from 'pg';
import type { StoredSummary } from '../../extract/extraction-store.ts';
import type { MemoryState } from '../../model/memory.ts';
import type { Role } from '../../model/message.ts';
import { translating } from './database-errors.ts';
import { readProfileParts, type MemoryOwner } from './memory-rows.ts';
import { readOwnResults, type OwnResult } from './read-own-results.ts';
import { stateExpression, type WindowState } from './read-windows.ts';

/** What one bot knows of one person, with what a reader needs to judge it. */
export interface PersonRecord extends MemoryState {
  /** Newest first, bounded. */
  readonly summaries: readonly StoredSummary[];
  /** Who spoke the messages that are cited as evidence, by message id; erased ones are missing. */
  readonly speakers: ReadonlyMap<string, Role>;
  /** The profile as a block of text for a prompt; empty while nothing was extracted. */
  readonly promptText: string;
  /** Summaries that say nearly the same as an earlier one, by their window: the nearest first. */
  readonly nearDuplicates: ReadonlyMap<string, readonly NearDuplicate[]>;
  /** What stages of modules found: by stage, the newest first, bounded. */
  readonly ownResults: readonly OwnResult[];
  /** Live windows of the active run. */
  readonly windows: ReadonlyMap<WindowState, number>;
  /** Those of them whose language was told, by its tag; the commonest first. */
  readonly languages: ReadonlyMap<string, number>;
}

/** The earlier summary that another nearly repeats. */
export interface NearDuplicate {
  readonly windowId: string;
  readonly startedAtMs: number;
  /** Cosine similarity of their vectors. */
  readonly similarity: number;
}

interface NearDuplicateRow {
  readonly window_id: string;
  readonly earlier_window_id: string;
  readonly similarity: number;
  readonly started_at_ms: string;
}

/**
 * Undefined: this bot never heard of this person.
 *
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export function readPerson(pool: pg.Pool, botId: string, userId: string): Promise<PersonRecord | undefined> {
  return translating(async () => {
    const { rows } = await pool.query<{ key_id: string; run_id: number; prompt_text: string | null }>(
      `select k.key_id, k.run_id, p.prompt_text
       from afterword.user_keys k left join afterword.profiles p using (key_id)
       where k.bot_id = $1 and k.user_id = $2`,
      [botId, userId],
    );
    const [key] = rows;
    if (key === undefined) return undefined;
    const owner = { keyId: key.key_id, runId: key.run_id };
    const parts = await readProfileParts(pool, owner, 'whole');
    return {
      ...parts,
      promptText: key.prompt_text ?? '',
      speakers: await readSpeakers(pool, [owner.keyId], parts),
      nearDuplicates: await readNearDuplicates(
        pool,
        parts.summaries.map(({ windowId }) => windowId),
      ),
      ownResults: await readOwnResults(pool, owner),
      windows: await countWindows(pool, owner),
      languages: await countLanguages(pool, owner),
    };
  });
}

/**
 * The same where memory is shared between bots: facts and preferences are those of `joined`,
 * everything else is this bot's own. Undefined: nothing that it may know.
 *
 * @throws AfterwordError DATABASE_UNAVAILABLE
 */
export async function readPersonWith(
  pool: pg.Pool,
  botId: string,
  userId: string,
  joined: MemoryState,
): Promise<PersonRecord | undefined> {
  const own = await readPerson(pool, botId, userId);
  if (own === undefined && joined.facts.length + joined.preferences.length === 0) return undefined;
  return translating(async () => {
    const keys = await pool.query<{ key_id: string }>(
      'select key_id from afterword.user_keys where user_id = $1',
      [userId],
    );
    const keyIds = keys.rows.map(({ key_id }) => key_id);
    return { ...(own ?? stranger), ...joined, speakers: await readSpeakers(pool, keyIds, joined) };
  });
}

/** A person whom a bot has not met itself. */
const stranger: Omit<PersonRecord, 'facts' | 'preferences' | 'speakers'> = {
  summaries: [],
  promptText: '',
  nearDuplicates: new Map(),
  ownResults: [],
  windows: new Map(),
  languages: new Map(),
};

async function readSpeakers(
  pool: pg.Pool,
  keyIds: readonly string[],
  { facts, preferences }: MemoryState,
): Promise<ReadonlyMap<string, Role>> {
  const cited = [...facts, ...preferences].flatMap(({ evidence }) => evidence);
  const { rows } = await pool.query<{ message_id: string; role: Role }>(
    `select message_id, role from afterword.messages
     where key_id = any($1::bigint[]) and message_id = any($2::text[])`,
    [keyIds, [...new Set(cited.map(({ messageId }) => messageId))]],
  );
  return new Map(rows.map((row) => [row.message_id, row.role]));
}

async function readNearDuplicates(
  pool: pg.Pool,
  windowIds: readonly string[],
): Promise<ReadonlyMap<string, readonly NearDuplicate[]>> {
  const { rows } = await pool.query<NearDuplicateRow>(
    `select l.window_id, l.earlier_window_id, l.similarity, w.started_at_ms
     from afterword.summary_links l join afterword.windows w on w.window_id = l.earlier_window_id
     where l.window_id = any($1::uuid[])
     order by l.similarity desc, l.earlier_window_id`,
    [windowIds],
  );
  const found = new Map<string, NearDuplicate[]>();
  for (const { window_id, earlier_window_id, similarity, started_at_ms } of rows) {
    const link = { windowId: earlier_window_id, startedAtMs: Number(started_at_ms), similarity };
    found.set(window_id, [...(found.get(window_id) ?? []), link]);
  }
  return found;
}

async function countWindows(
  pool: pg.Pool,
  { keyId, runId }: MemoryOwner,
): Promise<ReadonlyMap<WindowState, number>> {
  const { rows } = await pool.query<{ state: WindowState; windows: string }>(
    `select ${stateExpression} as state, count(*) as windows
     from afterword.windows w left join afterword.extractions e using (window_id)
     where w.key_id = $1 and w.run_id = $2 and w.status in ('open', 'closed')
     group by 1 order by 1`,
    [keyId, runId],
  );
  return new Map(rows.map((row) => [row.state, Number(row.windows)]));
}

async function countLanguages(
  pool: pg.Pool,
  { keyId, runId }: MemoryOwner,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ language: string; windows: string }>(
    `select e.language, count(*) as windows
     from afterword.windows w join afterword.extractions e using (window_id)
     where w.key_id = $1 and w.run_id = $2 and w.status in ('open', 'closed') and e.language is not null
     group by 1 order by 2 desc, 1`,
    [keyId, runId],
  );
  return new Map(rows.map((row) => [row.language, Number(row.windows)]));
}

/** Bots that know this person, and persons whom this bot knows: for whoever mistyped one of them. */
export interface Acquaintances {
  readonly bots: readonly string[];
  readonly users: readonly string[];
}

export function readAcquaintances(
  pool: pg.Pool,
  botId: string,
  userId: string,
  limit: number,
): Promise<Acquaintances> {
  return translating(async () => {
    const bots = await pool.query<{ id: string }>(
      'select bot_id as id from afterword.user_keys where user_id = $1 order by 1 limit $2',
      [userId, limit],
    );
    const users = await pool.query<{ id: string }>(
      'select user_id as id from afterword.user_keys where bot_id = $1 order by 1 limit $2',
      [botId, limit],
    );
    return { bots: bots.rows.map(({ id }) => id), users: users.rows.map(({ id }) => id) };
  });
}
