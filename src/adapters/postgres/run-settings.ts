import type pg from 'pg';
import { z } from 'zod';
import type { RunSettings } from '../../consume/message-store.ts';
import type { BoundarySettings, DatedSettings } from '../../sessions/settings-timeline.ts';

const boundariesSchema = z.object({
  gapMs: z.number().int().positive(),
  maxMessages: z.number().int().positive(),
  maxDurationMs: z.number().int().positive(),
});

const storedSettingsSchema = boundariesSchema.extend({
  sessionKey: z.enum(['bot,user', 'bot,user,channel']),
  /** Whole boundaries of the bots that differ from the others. */
  bots: z.record(z.string(), boundariesSchema),
});

/** One dated entry of a run, as stored in `run_settings.settings`. */
export type StoredSettings = z.infer<typeof storedSettingsSchema>;

interface SettingsRow {
  run_id: number;
  effective_from_ms: string;
  settings: unknown;
}

/** All runs that any key may name. A handful of rows; read with every batch, so that a change is seen at once. */
export async function readRuns(client: Pick<pg.ClientBase, 'query'>): Promise<RunSettings[]> {
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
    entries.map(({ fromMs, settings }) => ({ effectiveFromMs: fromMs, ...boundariesFor(settings, bot) }));
  return {
    runId,
    // It cannot change within a run, so any entry tells it.
    sessionKey: entries[0]?.settings.sessionKey ?? 'bot,user',
    dated: datedFor(undefined),
    datedByBot: Object.fromEntries([...bots].map((bot) => [bot, datedFor(bot)])),
  };
}

function boundariesFor(settings: StoredSettings, bot: string | undefined): BoundarySettings {
  const own = bot !== undefined && Object.hasOwn(settings.bots, bot) ? settings.bots[bot] : undefined;
  const { gapMs, maxMessages, maxDurationMs } = own ?? settings;
  return { gapMs, maxMessages, maxDurationMs };
}

export interface SettingsInForce {
  readonly runId: number;
  readonly inForce: StoredSettings;
  /** False: this process was configured otherwise; what is in force is used. */
  readonly asConfigured: boolean;
}

/**
 * The live run's newest settings; the first process on an empty database stores its own.
 * A process that is configured otherwise uses those in force and says so.
 */
export async function settingsInForce(
  client: Pick<pg.ClientBase, 'query'>,
  configured: StoredSettings,
): Promise<SettingsInForce> {
  // Two processes may start together: the row's lock decides, and the loser finds a live run.
  await client.query(`lock table afterword.runs in share row exclusive mode`);
  await client.query(
    `with created as (
       insert into afterword.runs (status)
       select 'live' where not exists (select 1 from afterword.runs where status = 'live')
       returning run_id
     )
     insert into afterword.run_settings (run_id, effective_from_ms, settings)
     select run_id, -8640000000000000, $1 from created`,
    [JSON.stringify(configured)],
  );
  const { rows } = await client.query<SettingsRow>(
    `select s.run_id, s.effective_from_ms, s.settings
     from afterword.run_settings s join afterword.runs r using (run_id)
     where r.status = 'live' order by s.effective_from_ms desc limit 1`,
  );
  const newest = rows[0];
  if (newest === undefined) throw new Error('the live run has no settings');
  const inForce = storedSettingsSchema.parse(newest.settings);
  return { runId: newest.run_id, inForce, asConfigured: isDeepEqual(inForce, configured) };
}

function isDeepEqual(a: StoredSettings, b: StoredSettings): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
