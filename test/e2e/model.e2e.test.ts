import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAfterword, runAfterword, type AfterwordProcess } from '../support/afterword-process.ts';
import { badCredentials, hang, honestly, spendLimit } from '../support/anthropic-replies.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { until } from '../support/until.ts';

/** Twelve conversations of three people, from the project's own samples. */
const conversations = readFileSync(new URL('../../samples/conversations.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /"user_id": ?"(gwen\.morris|hannah\.voss|jules_r)"/.test(line))
  .join('\n');

/** Processes of their own, a real Postgres (which holds the log too), and Claude's stand-in. */
describeWithPostgres('extraction with a model', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let claude: AnthropicServer;
  let running: AfterwordProcess[] = [];
  let environment: Record<string, string>;

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    claude = await AnthropicServer.start();
    environment = {
      DATABASE_URL: database.url,
      ANTHROPIC_API_KEY: testApiKey,
      ANTHROPIC_BASE_URL: claude.baseURL,
      SESSION_GRACE: '1s',
      HTTP_PORT: '0',
    };
  });

  afterEach(async () => {
    const ended = await Promise.all(running.map((worker) => worker.kill()));
    running = [];
    await claude.close();
    await pool.end();
    await database.drop();
    for (const { stderr } of ended) {
      expect(stderr).not.toContain(testApiKey);
      expect(stderr).not.toMatch(/Aberystwyth|violin|peanuts/);
    }
  });

  function start(roles: string): AfterwordProcess {
    const worker = startAfterword(['run', '--roles', roles], environment);
    running.push(worker);
    return worker;
  }

  async function publish(): Promise<void> {
    const { exitCode, stderr } = await runAfterword(['publish', '-'], environment, conversations);
    expect(exitCode, stderr).toBe(0);
  }

  async function count(sql: string): Promise<number> {
    const { rows } = await pool.query<{ count: string }>(`select count(*) from ${sql}`);
    return Number(rows[0]?.count);
  }

  const windows = (): Promise<number> => count(`afterword.windows where status in ('open', 'closed')`);
  const enriched = (): Promise<number> => count(`afterword.extractions where status = 'done'`);
  const waiting = (status: string): Promise<number> =>
    count(`afterword.extractions where status = '${status}'`);

  async function everythingEnriched(): Promise<void> {
    await until('every window to be enriched', async () => {
      const all = await windows();
      return all > 0 && (await enriched()) === all;
    });
  }

  it('asks once for each window, keeps what it cost, and stores what the quotes support', async () => {
    start('consume,extract,publish');
    await publish();
    await everythingEnriched();
    expect(claude.refusals).toEqual([]);
    expect(claude.calls).toHaveLength(await windows());
    expect(await count(`afterword.stage_tasks where status = 'done' and method <> 'model'`)).toBe(0);
    expect(
      await count(`afterword.stage_tasks where status = 'done' and (usage ->> 'input_tokens')::int > 0`),
    ).toBeGreaterThan(0);
    expect(await count('afterword.facts')).toBeGreaterThan(0);
  }, 90_000);

  it.each([
    ['the key is refused', badCredentials(), 'MODEL_CREDENTIALS'],
    ['the spend limit is reached', spendLimit(), 'MODEL_SPEND_LIMIT'],
  ])(
    'defers everything while %s, and says why',
    async (_, reply, code) => {
      claude.byDefault = reply;
      const worker = start('consume,extract,publish,serve');
      await publish();
      await until('windows to be deferred', async () => (await waiting('deferred')) > 0);
      expect(await count('afterword.stage_tasks')).toBe(0);
      const address = /http:\/\/[\d.]+:\d+\/readyz/.exec(worker.output())?.[0] ?? '';
      const ready = await fetch(address);
      expect(ready.status).toBe(503);
      expect(await ready.text()).toContain(code);
    },
    90_000,
  );

  it('takes a killed worker’s windows up within seconds, and goes on consuming while a model hangs', async () => {
    claude.byDefault = hang();
    const consumer = start('consume,publish');
    const first = start('extract');
    await publish();
    await until('the model to be asked', () => claude.calls.length >= 1);
    // A model that hangs holds up nothing else.
    await until('all messages to be stored', async () => (await windows()) >= 10);
    const held = await waiting('running');
    expect(held).toBeGreaterThan(0);
    await first.kill();
    const killedMs = Date.now();
    claude.byDefault = honestly();
    start('extract');
    await everythingEnriched();
    // The lease is ten seconds; the rest is the start of a process on a busy machine.
    expect(Date.now() - killedMs).toBeLessThan(45_000);
    expect(
      await count(
        `(select window_id, stage from afterword.stage_tasks group by 1, 2 having count(*) > 1) doubled`,
      ),
    ).toBe(0);
    expect(consumer.child.exitCode).toBeNull();
  }, 120_000);

  it('does not steal a slow worker’s window', async () => {
    // Longer than a lease; the claim is renewed meanwhile.
    claude.script(honestly(13_000));
    start('consume,extract');
    start('extract');
    await publish();
    await everythingEnriched();
    expect(claude.calls).toHaveLength(await windows());
    expect(await count('afterword.extractions where lease_epoch <> 1')).toBe(0);
  }, 120_000);
});
