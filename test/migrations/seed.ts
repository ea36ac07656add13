import { createHash } from 'node:crypto';
import type pg from 'pg';
import { writeMemory } from '../../src/adapters/postgres/memory-rows.ts';
import { settingsInForce } from '../../src/adapters/postgres/run-settings.ts';
import { inTransaction } from '../../src/adapters/postgres/transaction.ts';
import { foldFactGroups } from '../../src/memory/fold-facts.ts';
import { foldPreferenceGroups } from '../../src/memory/fold-preferences.ts';
import { windowId } from '../../src/model/identity.ts';
import type { FactObservation, PreferenceObservation } from '../../src/model/observation.ts';
import type { SummaryResult } from '../../src/model/results.ts';
import { fact, preference, type FactWords } from '../memory/observations.ts';

export interface Person {
  readonly keyId: string;
  readonly runId: number;
  readonly botId: string;
  readonly userId: string;
}

export interface SeededWindow {
  readonly startedAt: string;
  readonly minutes?: number;
  readonly messageCount?: number;
  readonly status?: 'open' | 'closed' | 'superseded' | 'erased';
  /** Of its extraction; undefined: no row of work. */
  readonly work?: undefined | 'pending' | 'running' | 'done' | 'skipped' | 'retrying' | 'deferred' | 'failed';
  readonly summary?: Partial<SummaryResult>;
  readonly channelId?: string;
  readonly runId?: number;
}

const summary: SummaryResult = {
  summary_text: 'The user spoke of Luna, their cat.',
  key_topics: ['cats', 'moving house'],
  emotional_tone: 'positive',
  compression_ratio: 0.12,
  confidence_score: 0.8,
};

/** Settings of a run as a process without settings of its own stores them. */
export const storedSettings = {
  gapMs: 1_800_000,
  maxMessages: 500,
  maxDurationMs: 43_200_000,
  sessionKey: 'bot,user',
  bots: {},
} as const;

/** The live run, made where there is none. */
export async function seedRun(pool: pg.Pool): Promise<number> {
  return (await inTransaction(pool, (client) => settingsInForce(client, { settings: storedSettings }))).runId;
}

export async function seedPerson(pool: pg.Pool, botId: string, userId: string): Promise<Person> {
  const runId = await seedRun(pool);
  const { rows } = await pool.query<{ key_id: string }>(
    'insert into afterword.user_keys (bot_id, user_id, run_id, partition) values ($1, $2, $3, 0) returning key_id',
    [botId, userId, runId],
  );
  return { keyId: rows[0]?.key_id ?? '', runId, botId, userId };
}

/** A window with its work and its summary, as the three loops leave it. Returns its id. */
export async function seedWindow(pool: pg.Pool, person: Person, window: SeededWindow): Promise<string> {
  const { status = 'closed', minutes = 12, messageCount = 8, work, channelId = null } = window;
  const runId = window.runId ?? person.runId;
  const startedAtMs = Date.parse(window.startedAt);
  const id = windowId(runId, { botId: person.botId, userId: person.userId, channelId: null }, startedAtMs);
  const isStored = work === 'done' || work === 'skipped' || work === 'failed';
  await pool.query(
    `insert into afterword.windows (window_id, run_id, key_id, session_key, channel_id, channel_type, started_at_ms,
       ended_at_ms, message_count, status, check_at_ms, touched_at_ms, partition, close_reason, revision, superseded_by)
     values ($1, $2, $3, $3, $4, 'dm', $5, $6, $7, $8, 0, 0, 0, $9, $10, $11)`,
    [
      id,
      runId,
      person.keyId,
      channelId,
      startedAtMs,
      startedAtMs + minutes * 60_000,
      messageCount,
      status,
      status === 'open' ? null : 'gap',
      isStored ? 1 : 0,
      status === 'superseded' ? [] : null,
    ],
  );
  if (work !== undefined) await seedWork(pool, id, person, runId, work);
  if (window.summary !== undefined) await seedSummary(pool, id, person, runId, messageCount, window.summary);
  return id;
}

async function seedWork(
  pool: pg.Pool,
  id: string,
  { keyId }: Person,
  runId: number,
  work: string,
): Promise<void> {
  await pool.query(
    `insert into afterword.extractions (window_id, run_id, key_id, status, error_code, lease_expires_at)
     values ($1, $2, $3, $4, case when $4 in ('failed', 'retrying') then 'MODEL_REFUSED' end,
       case when $4 = 'running' then clock_timestamp() + interval '1 minute' end)`,
    [id, runId, keyId, work],
  );
}

async function seedSummary(
  pool: pg.Pool,
  id: string,
  { keyId }: Person,
  runId: number,
  messageCount: number,
  changes: Partial<SummaryResult>,
): Promise<void> {
  await pool.query(
    `insert into afterword.stage_tasks (window_id, revision, stage, run_id, key_id, stage_version, strategy, status,
       method, result, members_digest, message_count, members_from_ms, members_to_ms)
     select $1, 1, 'summary', $2, $3, '1', 'default', 'done', 'offline', $4, $5, $6, started_at_ms, ended_at_ms
     from afterword.windows where window_id = $1`,
    [id, runId, keyId, JSON.stringify({ ...summary, ...changes }), digest(id), messageCount],
  );
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export interface Said {
  readonly facts?: readonly FactObservation[];
  readonly preferences?: readonly PreferenceObservation[];
}

/** Folds what was said by the real fold and writes it by the real adapter. */
export async function seedMemory(pool: pg.Pool, person: Person, said: Said): Promise<void> {
  const own = { botId: person.botId, userId: person.userId };
  const facts = (said.facts ?? []).map((observation) => ({ ...observation, ...own }));
  const preferences = (said.preferences ?? []).map((observation) => ({ ...observation, ...own }));
  const memory = { facts: foldFactGroups(facts), preferences: foldPreferenceGroups(preferences) };
  await inTransaction(pool, (client) => writeMemory(client, person, { facts: [], preferences: [] }, memory));
}

/** A claim whose words are the evidence, by one message of one window. */
export function saidFact(
  words: FactWords,
  quote: string,
  on: string,
  where: { windowId: string; messageId: string },
): FactObservation {
  const evidence = [{ message_id: where.messageId, quote }];
  return fact({ entity_type: 'other', ...words, evidence }, { on, windowId: where.windowId });
}

export { fact, preference };
