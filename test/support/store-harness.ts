import pg from 'pg';

import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import { closeWindows, type ClosingPass } from '../../src/consume/close-windows.ts';
import type { ClosingStore } from '../../src/consume/closing-store.ts';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { MessageStore, SessionKeyKind } from '../../src/consume/message-store.ts';
import type { DecodedEntry } from '../../src/consume/plan-batch.ts';
import { storeBatch, type BatchOutcome } from '../../src/consume/store-batch.ts';
import type { LogRecord, TopicPartition } from '../../src/model/record.ts';
import type { StoredSettings } from '../../src/model/run-settings.ts';
import type { DatedSettings } from '../../src/sessions/settings-timeline.ts';
import { createTestDatabase } from './database.ts';

export const messagesTopic = 'bot.messages';

/** In the past for the database's clock, so that nothing is clamped and the clock may close windows. */
export const dayMs = Date.UTC(2026, 0, 5, 9);

export const minuteMs = 60_000;
export const defaultSettings: DatedSettings = {
  effectiveFromMs: -8_640_000_000_000_000,
  gapMs: 30 * minuteMs,
  maxMessages: 500,
  maxDurationMs: 12 * 60 * minuteMs,
};

export interface RunSetup {
  readonly sessionKey?: SessionKeyKind;
  readonly dated?: readonly DatedSettings[];
  /** Whole boundaries of the bots that differ; dated like the others. */
  readonly bots?: Readonly<Record<string, readonly DatedSettings[]>>;
}

/** A migrated database, the real stores over it, and a pool to look with. */
export interface StoreHarness {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly store: MessageStore;
  readonly closing: ClosingStore;
  /** A further pool, as another process would have; ended with the harness. */
  openPool(size?: number): pg.Pool;
  /** Empties every table and begins a live run with these settings; returns its id. */
  begin(setup?: RunSetup): Promise<number>;
  /** Copies every table; what it returns puts the copies back, at once for everybody. */
  copyTables(): Promise<() => Promise<void>>;
  rows<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function openStoreHarness(): Promise<StoreHarness> {
  const database = await createTestDatabase();
  const pools: pg.Pool[] = [];
  const openPool = (size = 4): pg.Pool => {
    const opened = new pg.Pool({ connectionString: database.url, max: size });
    // Connections that a test cuts die idle; without a listener that would end the process.
    opened.on('error', () => undefined);
    pools.push(opened);
    return opened;
  };
  const pool = openPool();
  let store = createPostgresMessageStore(pool);
  return {
    url: database.url,
    pool,
    get store() {
      return store;
    },
    closing: createPostgresClosingStore(pool),
    openPool,
    begin: (setup) => {
      // It remembers bots whose rows are about to go.
      store = createPostgresMessageStore(pool);
      return begin(pool, setup ?? {});
    },
    copyTables: () => copyTables(pool),
    rows: async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...values])).rows,
    close: async () => {
      await Promise.all(pools.map((opened) => opened.end()));
      await database.drop();
    },
  };
}

async function copyTables(pool: pg.Pool): Promise<() => Promise<void>> {
  // What Postgres generates cannot be inserted.
  const { rows } = await pool.query<{ name: string; columns: string }>(
    `select c.relname as name, string_agg(quote_ident(a.attname), ', ') as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       and a.attgenerated = ''
     where c.relnamespace = 'afterword'::regnamespace and c.relkind = 'r' group by c.relname`,
  );
  const names = rows.map(({ name }) => name);
  await pool.query('drop schema if exists older cascade; create schema older');
  for (const name of names) await pool.query(`create table older.${name} as table afterword.${name}`);
  return async () => {
    // Several statements in one text are one transaction. Replicas check no references.
    const putBack = rows.map(
      ({ name, columns }) =>
        `insert into afterword.${name} (${columns}) overriding system value select ${columns} from older.${name}`,
    );
    await pool.query(
      [
        'set local session_replication_role = replica',
        `truncate ${names.map((name) => `afterword.${name}`).join(', ')}`,
        ...putBack,
      ].join(';'),
    );
  };
}

/** Children first. Deleting is faster than truncating as long as the tables are small. */
const filledTables = [
  'model_calls',
  'budget_days',
  'outbox',
  'profiles',
  'preferences',
  'facts',
  'fold_checkpoints',
  'observations',
  'kept_answers',
  'stage_tasks',
  'extractions',
  'closed_windows',
  'windows',
  'leases',
  'log_gaps',
  'partition_progress',
  'ignored_records',
  'dead_letters',
  'session_ends',
  'message_changes',
  'messages',
  'channel_keys',
  'user_keys',
  'bots',
  'run_settings',
  'runs',
];

async function begin(pool: pg.Pool, setup: RunSetup): Promise<number> {
  await pool.query(filledTables.map((table) => `delete from afterword.${table}`).join(';'));
  // Window ids follow from the run's: the same in every beginning.
  await pool.query(`alter table afterword.runs alter column run_id restart`);
  const { rows } = await pool.query<{ run_id: number }>(
    `insert into afterword.runs (status) values ('live') returning run_id`,
  );
  const runId = rows[0]?.run_id;
  if (runId === undefined) throw new Error('a run without an id');
  await changeSettings(pool, runId, setup);
  return runId;
}

/** Writes the entries of a run as the product stores them: one row a date, bots beside the others. */
export async function changeSettings(pool: pg.Pool, runId: number, setup: RunSetup): Promise<void> {
  const { sessionKey = 'bot,user', dated = [defaultSettings], bots = {} } = setup;
  for (const [index, entry] of dated.entries()) {
    const settings: StoredSettings = {
      ...boundaries(entry),
      sessionKey,
      bots: Object.fromEntries(
        Object.entries(bots).map(([bot, own]) => [bot, boundaries(own[index] ?? entry)]),
      ),
    };
    await pool.query(
      'insert into afterword.run_settings (run_id, effective_from_ms, settings) values ($1, $2, $3)',
      [runId, entry.effectiveFromMs, JSON.stringify(settings)],
    );
  }
}

function boundaries({
  gapMs,
  maxMessages,
  maxDurationMs,
}: DatedSettings): Omit<DatedSettings, 'effectiveFromMs'> {
  return { gapMs, maxMessages, maxDurationMs };
}

/** A partition of the messages topic as the log holds it: JSON values at rising offsets. */
export function logOf(
  values: readonly unknown[],
  { partition = 0, firstOffset = 0, timestampMs = Date.UTC(2026, 5, 1) } = {},
): LogRecord[] {
  return values.map((value, index) => ({
    topic: messagesTopic,
    partition,
    offset: BigInt(firstOffset + index),
    timestampMs,
    key: Buffer.from('any'),
    value: Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
    headers: [],
  }));
}

export interface Said {
  readonly id: string;
  readonly atMs: number;
  readonly bot?: string;
  readonly user?: string;
  readonly channel?: string | null;
  readonly channelType?: string | null;
  readonly role?: string;
  readonly content?: string;
}

function addressOf({
  atMs,
  bot = 'aria',
  user = 'ann',
  channel,
  channelType,
}: Omit<Said, 'id'>): Record<string, unknown> {
  return {
    bot_id: bot,
    user_id: user,
    sent_at: new Date(atMs).toISOString(),
    ...(channel === undefined || channel === null ? {} : { channel_id: channel }),
    ...(channelType === undefined || channelType === null ? {} : { channel_type: channelType }),
  };
}

/** Values of the messages topic, as bots write them. */
export function message(said: Said): Record<string, unknown> {
  const { id, role = 'user', content = `said ${id}` } = said;
  return { id, ...addressOf(said), role, content };
}

export function edited(said: Said & { readonly content: string }): Record<string, unknown> {
  return { type: 'message.edited', id: said.id, ...addressOf(said), content: said.content };
}

export function deleted(said: Said): Record<string, unknown> {
  return { type: 'message.deleted', id: said.id, ...addressOf(said) };
}

export function sessionEnd(said: Omit<Said, 'id'>): Record<string, unknown> {
  return { type: 'session.end', ...addressOf(said) };
}

export function decodeAll(records: readonly LogRecord[]): DecodedEntry[] {
  return records.map((record) => ({ record, decoded: decodeRecord(record) }));
}

/** Stores records of one partition as one batch, as the consumer does. */
export function storeRecords(
  store: MessageStore,
  records: readonly LogRecord[],
  graceMs = 0,
): Promise<readonly BatchOutcome[]> {
  const [first] = records;
  if (first === undefined) return Promise.resolve([]);
  const nextOffset = (records.at(-1) ?? first).offset + 1n;
  return storeBatch(store, first, decodeAll(records), nextOffset, { graceMs });
}

export const bothPartitions: readonly TopicPartition[] = [
  { topic: messagesTopic, partition: 0 },
  { topic: messagesTopic, partition: 1 },
];

/** One pass of a closer over both partitions, without a grace. */
export function closeOnce(
  closing: ClosingStore,
  { owner = 'closer-1', graceMs = 0, leaseMs = 60_000 } = {},
): Promise<ClosingPass> {
  return closeWindows(closing, bothPartitions, { owner, graceMs, leaseMs, batchSize: 100 });
}

/** Closes whatever the clock may close: the partitions are caught up, and all events lie in the past. */
export async function closeAll(closing: ClosingStore, owner = 'closer-1'): Promise<ClosingPass['closed']> {
  const closed: ClosingPass['closed'][number][] = [];
  await closing.markCaughtUp(bothPartitions);
  for (;;) {
    const pass = await closeOnce(closing, { owner });
    closed.push(...pass.closed);
    if (pass.closed.length === 0 && !pass.full) return closed;
  }
}
