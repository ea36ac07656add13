import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAfterword } from '../support/afterword-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { until } from '../support/until.ts';
import { startWorker, type WorkerProcess } from '../support/worker-process.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 5, 9);

/** Two processes of different configurations, one database, the embedded log in it. */
describeWithPostgres('two processes with different settings', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let folder: string;
  let workers: WorkerProcess[];

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    folder = mkdtempSync(path.join(tmpdir(), 'afterword-test-settings-'));
    workers = [];
  });

  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(environment: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const settings = { DATABASE_URL: database.url, SESSION_GRACE: '1s', ...environment };
    const worker = startWorker('consume,extract,publish,serve', settings, { folder });
    workers.push(worker);
    await until('the worker to be ready', async () => (await worker.readiness())?.status === 200);
    return worker;
  }

  /** Ten minutes of silence between neighbours: within the first one's gap, beyond the second one's. */
  function publish(minutes: readonly number[]): Promise<unknown> {
    const lines = ['ann', 'bob', 'cleo', 'dan'].flatMap((user) =>
      minutes.map((minute) =>
        JSON.stringify({
          id: `${user}-${minute}`,
          bot_id: 'aria',
          user_id: user,
          role: 'user',
          content: `I have lived in Lyon for ${minute} minutes.`,
          sent_at: new Date(startMs + minute * minuteMs).toISOString(),
        }),
      ),
    );
    return runAfterword(['publish', '-'], { DATABASE_URL: database.url }, lines.join('\n'), folder);
  }

  async function windows(): Promise<string[]> {
    const { rows } = await pool.query<{ text: string }>(
      `select concat_ws(' ', k.user_id, w.status, w.message_count, 'revision', w.revision) as text
       from afterword.windows w join afterword.user_keys k using (key_id) order by 1`,
    );
    return rows.map(({ text }) => text);
  }

  const everyUser = (state: string): string[] =>
    ['ann', 'bob', 'cleo', 'dan'].map((user) => `${user} ${state}`);

  it('cut the same windows whichever reads a message, and the second one says what is in force', async () => {
    await start({ SESSION_GAP: '30m' });
    const other = path.join(folder, 'other.json');
    writeFileSync(
      other,
      JSON.stringify({ stages: { facts: { enabled: false } }, bots: { aria: { gap: '2m' } } }),
    );
    const otherSettings = { SESSION_GAP: '5m', AFTERWORD_CONFIG: other };
    const second = await start(otherSettings);
    const told = second.logged('settings.differed').map(({ kind, setting, botId, configured, stored }) => ({
      kind,
      setting,
      ...(botId !== undefined && { botId }),
      configured,
      stored,
    }));
    expect(told).toEqual([
      { kind: 'windows', setting: 'SESSION_GAP', configured: '5m', stored: '30m' },
      { kind: 'windows', setting: 'gap', botId: 'aria', configured: '2m', stored: '30m' },
      { kind: 'extraction', setting: 'stages.facts.enabled', configured: 'false', stored: 'its-default' },
    ]);

    await publish([0, 20, 40]);
    await until('the first windows to be enriched', async () => {
      const found = await windows();
      return found.length === 4 && found.every((text) => text.endsWith('revision 1'));
    });
    expect(await windows()).toEqual(everyUser('closed 3 revision 1'));
    // The first one leaves; the second one reads on by itself, a late message among the new ones.
    await workers[0]?.stop();
    await publish([10, 50, 120, 140]);
    await until('the rest to be enriched', async () => {
      const found = await windows();
      return found.length === 8 && found.every((text) => /closed (5 revision 2|2 revision 1)$/.test(text));
    });
    const { rows } = await pool.query('select 1 from afterword.windows where superseded_by is not null');
    expect(rows).toEqual([]);

    const environment = { DATABASE_URL: database.url, ...otherSettings };
    const [status, doctor, shown] = await Promise.all(
      [['status'], ['doctor'], ['settings', 'show']].map((args) =>
        runAfterword(args, environment, undefined, folder),
      ),
    );
    for (const command of [status, doctor, shown]) {
      expect(command?.stdout).toContain('SESSION_GAP is configured as 5m; 30m is in force');
      expect(command?.stdout).toContain('gap of aria is configured as 2m; 30m is in force');
      expect(command?.stdout).toContain(
        'stages.facts.enabled is configured as false; its default is recorded',
      );
    }
  }, 180_000);
});
