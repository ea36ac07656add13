import type pg from 'pg';
import type { RunSettings } from '../../consume/message-store.ts';
import {
  boundariesOf,
  extractionSettingsSchema,
  storedSettingsSchema,
  type RunConfiguration,
  type SettingsEntry,
  type SettingsStanding,
  type StoredSettings,
} from '../../model/run-settings.ts';
import type { DatedSettings } from '../../sessions/settings-timeline.ts';
import {
  planSettingsChange,
  type ChangeRequest,
  type SettingsChange,
} from '../../sessions/plan-settings-change.ts';
import { translating } from './database-errors.ts';
import { inTransaction } from './transaction.ts';

type Queryable = Pick<pg.ClientBase, 'query'>;

interface SettingsRow {
  run_id: number;
  effective_from_ms: string;
  settings: unknown;
}

/**
 * All runs that any key may name. A handful of rows; read with every batch, after the clock
 * that clamps its event times: a change is safe because of that order (`earliestChangeMs`).
 * Whoever keeps them has to read `runs.settings_version` in their place, or anew within 20 s.
 */
export async function readRuns(client: Queryable): Promise<RunSettings[]> {
  const { rows } = await client.query<SettingsRow>(
    `select s.run_id, s.effective_from_ms, s.settings
     from afterword.run_settings s join afterword.runs r using (run_id)
     where r.status <> 'discarded'
     order by s.run_id, s.effective_from_ms`,
  );
  const runs = new Map<number, { fromMs: number; settings: StoredSettings }[]>();
  for (const row of rows) {
    const entries = runs.get(row.run_id) ?? [];
    entries.push({
      fromMs: Number(row.effective_from_ms),
      settings: storedSettingsSchema.parse(row.settings),
    });
    runs.set(row.run_id, entries);
  }
  return [...runs].map(([runId, entries]) => toRunSettings(runId, entries));
}

function toRunSettings(
  runId: number,
  entries: readonly { fromMs: number; settings: StoredSettings }[],
): RunSettings {
  const bots = new Set(entries.flatMap(({ settings }) => Object.keys(settings.bots)));
  const datedFor = (bot: string | undefined): DatedSettings[] =>
    entries.map(({ fromMs, settings }) => ({ effectiveFromMs: fromMs, ...boundariesOf(settings, bot) }));
  return {
    runId,
    // It cannot change within a run, so any entry tells it.
    sessionKey: entries[0]?.settings.sessionKey ?? 'bot,user',
    dated: datedFor(undefined),
    datedByBot: Object.fromEntries([...bots].map((bot) => [bot, datedFor(bot)])),
  };
}

/** The run that new keys join, with its settings; undefined: no worker has started here yet. */
export async function readSettings(client: Queryable): Promise<SettingsStanding | undefined> {
  const { rows } = await client.query<{
    run_id: number;
    extraction: unknown;
    now_ms: string;
    newest_ms: string | null;
  }>(
    `select r.run_id, r.extraction, (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
       (select max(stream_time_ms) from afterword.partition_progress) as newest_ms
     from afterword.runs r where r.status = 'live' order by r.run_id limit 1`,
  );
  const run = rows[0];
  if (run === undefined) return undefined;
  const [first, ...others] = await readEntries(client, run.run_id);
  if (first === undefined) throw new Error('the live run has no settings');
  return {
    runId: run.run_id,
    entries: [first, ...others],
    extraction: run.extraction === null ? null : extractionSettingsSchema.parse(run.extraction),
    nowMs: Number(run.now_ms),
    newestEventMs: run.newest_ms === null ? null : Number(run.newest_ms),
  };
}

async function readEntries(client: Queryable, runId: number): Promise<SettingsEntry[]> {
  const { rows } = await client.query<SettingsRow & { applied_at_ms: string }>(
    `select run_id, effective_from_ms, settings, (extract(epoch from applied_at) * 1000)::bigint as applied_at_ms
     from afterword.run_settings where run_id = $1 order by effective_from_ms`,
    [runId],
  );
  return rows.map((row) => ({
    fromMs: Number(row.effective_from_ms),
    appliedAtMs: Number(row.applied_at_ms),
    settings: storedSettingsSchema.parse(row.settings),
  }));
}

/**
 * The live run's settings; the first process on an empty database stores its own. Others
 * use what they find, and say where they were configured otherwise.
 */
export async function settingsInForce(
  client: Queryable,
  configured: Pick<RunConfiguration, 'settings'> & Partial<RunConfiguration>,
): Promise<SettingsStanding> {
  await lockRuns(client);
  await beginRun(client, configured);
  return requireSettings(client);
}

/** True: there was no live run, and this configuration begins one. */
async function beginRun(
  client: Queryable,
  { settings, extraction }: Pick<RunConfiguration, 'settings'> & Partial<RunConfiguration>,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `with created as (
       insert into afterword.runs (status, extraction)
       select 'live', $2 where not exists (select 1 from afterword.runs where status = 'live')
       returning run_id
     )
     insert into afterword.run_settings (run_id, effective_from_ms, settings)
     select run_id, -8640000000000000, $1 from created`,
    [JSON.stringify(settings), extraction === undefined ? null : JSON.stringify(extraction)],
  );
  return rowCount === 1;
}

async function requireSettings(client: Queryable): Promise<SettingsStanding> {
  const standing = await readSettings(client);
  if (standing === undefined) throw new Error('there is no live run');
  return standing;
}

/**
 * Processes that start or apply at the same time go one after the other, and the second
 * one finds what the first has written. Readers and batches are not held up: they only
 * read these rows, and the foreign key of a new user takes a weaker lock.
 */
async function lockRuns(client: Queryable): Promise<void> {
  await client.query('lock table afterword.runs in share row exclusive mode');
}

export interface AppliedSettings {
  /** There was no run: it begins with this configuration. */
  readonly began: boolean;
  readonly before: SettingsStanding;
  readonly change: SettingsChange;
}

/**
 * Makes a configuration hold for the live run's time to come. Running again changes
 * nothing more; on an empty database it is the run's first entry.
 *
 * @throws AfterwordError INPUT_INVALID for what cannot be applied; see `planSettingsChange`
 */
export function applySettings(
  pool: pg.Pool,
  configured: RunConfiguration,
  request: ChangeRequest,
): Promise<AppliedSettings> {
  return translating(() =>
    inTransaction(pool, async (client) => {
      await limitIdleTime(client);
      await lockRuns(client);
      const began = await beginRun(client, configured);
      // The clock is read under the lock: the time left for the commit is not spent waiting.
      const before = await requireSettings(client);
      const change = planSettingsChange(before, configured, request);
      await writeChange(client, before.runId, change, configured);
      return { began, before, change };
    }),
  );
}

/**
 * A process that is suspended between reading the clock and committing must not commit
 * when it wakes: by then messages may lie beyond its date. Holds for this transaction only.
 */
async function limitIdleTime(client: Queryable): Promise<void> {
  await client.query(`select set_config('idle_in_transaction_session_timeout', '20s', true)`);
}

async function writeChange(
  client: Queryable,
  runId: number,
  { entry, replaced, recordsExtraction }: SettingsChange,
  { extraction }: RunConfiguration,
): Promise<void> {
  if (replaced.length > 0) {
    await client.query(
      'delete from afterword.run_settings where run_id = $1 and effective_from_ms = any($2::bigint[])',
      [runId, replaced.map(({ fromMs }) => fromMs)],
    );
  }
  if (entry !== undefined) {
    await client.query(
      'insert into afterword.run_settings (run_id, effective_from_ms, settings) values ($1, $2, $3)',
      [runId, entry.fromMs, JSON.stringify(entry.settings)],
    );
    await client.query(
      'update afterword.runs set settings_version = settings_version + 1 where run_id = $1',
      [runId],
    );
  }
  if (recordsExtraction) {
    await client.query('update afterword.runs set extraction = $2 where run_id = $1', [
      runId,
      JSON.stringify(extraction),
    ]);
  }
}
