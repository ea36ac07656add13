import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts';
import { describeWithPostgres } from '../../support/kafka-suite.ts';
import { errorAnswer, PostgresDialect, type SeenStatement } from './postgres-dialect.ts';
import { WireProxy } from './wire-proxy.ts';

describeWithPostgres('a proxy between a client and Postgres', () => {
  let database: TestDatabase;
  let direct: pg.Client;
  let proxy: WireProxy<SeenStatement>;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    direct = new pg.Client({ connectionString: database.url });
    await direct.connect();
    await direct.query('create table numbers (number int)');
  });

  beforeEach(async () => {
    await direct.query('truncate numbers');
    const url = new URL(database.url);
    proxy = await WireProxy.start(
      { host: url.hostname, port: Number(url.port) },
      () => new PostgresDialect(),
    );
    url.port = String(proxy.port);
    client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
  });

  afterEach(async () => {
    await client.end().catch(() => undefined);
    await proxy.close();
  });

  afterAll(async () => {
    await direct.end();
    await database.drop();
  });

  async function stored(): Promise<number> {
    const { rows } = await direct.query<{ count: string }>('select count(*) from numbers');
    return Number(rows[0]?.count);
  }

  async function insertInTransaction(): Promise<unknown> {
    await client.query('begin');
    await client.query('insert into numbers values ($1)', [1]);
    return client.query('commit');
  }

  const atCommit =
    (at: 'before' | 'after' | 'with', act: () => void) =>
    ({ text }: SeenStatement) =>
      text === 'commit' ? { at, act } : undefined;

  it('changes nothing where no rule asks for it, named statements included', async () => {
    for (const number of [1, 2]) {
      await client.query({ name: 'insert', text: 'insert into numbers values ($1)', values: [number] });
    }
    expect((await client.query('select number from numbers order by 1')).rows).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });

  it('keeps a commit from the server that it ends the connection before', async () => {
    let acts = 0;
    proxy.setRule(atCommit('before', () => (acts += 1)));
    await expect(insertInTransaction()).rejects.toThrow();
    expect(acts).toBe(1);
    expect(await stored()).toBe(0);
  });

  it('lets a commit happen whose acknowledgement is lost', async () => {
    let storedThen: Promise<number> | undefined;
    proxy.setRule(
      atCommit('after', () => {
        storedThen = stored();
      }),
    );
    await expect(insertInTransaction()).rejects.toThrow();
    // Already when it acts: who is killed there has committed.
    expect(await storedThen).toBe(1);
  });

  it('acts and lets everything pass', async () => {
    let acts = 0;
    proxy.setRule(atCommit('with', () => (acts += 1)));
    await insertInTransaction();
    expect([acts, await stored()]).toEqual([1, 1]);
  });

  it.each(['commit', 'insert into numbers values ($1)'])(
    'refuses %s in the place of the server, and the connection goes on',
    async (refused) => {
      proxy.setRule((seen) =>
        seen.text === refused ? { at: 'instead', answer: errorAnswer('40001', seen) } : undefined,
      );
      await expect(insertInTransaction()).rejects.toMatchObject({ code: '40001' });
      await client.query('rollback');
      expect(await stored()).toBe(0);
      proxy.setRule(undefined);
      await insertInTransaction();
      expect((await client.query('select number from numbers where number = $1', [1])).rows).toHaveLength(1);
    },
  );

  it('keeps a connection silent while it is stalled', async () => {
    proxy.stall();
    let isAnswered = false;
    const answer = client.query('select 1').then(() => (isAnswered = true));
    await direct.query('select pg_sleep(0.2)');
    expect(isAnswered).toBe(false);
    proxy.mend();
    await answer;
  });
});
