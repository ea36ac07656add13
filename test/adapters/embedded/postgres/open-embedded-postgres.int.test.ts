import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  openEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../../src/adapters/embedded/postgres/open-embedded-postgres.ts';
import { DataDirs, query, serverPid } from './share-harness.ts';

describe('a new embedded Postgres', () => {
  const dirs = new DataDirs();
  let dataDir: string;
  let share: EmbeddedPostgres;

  beforeAll(async () => {
    dataDir = await dirs.make();
    share = await openEmbeddedPostgres({ dataDir });
  });

  afterAll(async () => {
    await share.stop();
    await dirs.clear();
  });

  async function setting(name: string): Promise<string | undefined> {
    const rows = await query<{ value: string }>(share.url, 'select current_setting($1) as value', [name]);
    return rows[0]?.value;
  }

  it('keeps what is committed, whatever happens to the machine', async () => {
    expect(await setting('fsync')).toBe('on');
    expect(await setting('full_page_writes')).toBe('on');
    expect(await setting('synchronous_commit')).toBe('on');
  });

  it('speaks UTF-8 and UTC', async () => {
    expect(await setting('server_encoding')).toBe('UTF8');
    expect(await setting('TimeZone')).toBe('UTC');
  });

  it('orders text by its bytes and still knows the letters of all languages', async () => {
    const rows = await query<{ t: string }>(
      share.url,
      `select t from (values ('b'), ('É'), ('a'), ('Z')) v(t) order by t`,
    );
    expect(rows.map((row) => row.t)).toEqual(['Z', 'a', 'b', 'É']);
    expect(await query(share.url, `select lower('ÉÜ') as t`)).toEqual([{ t: 'éü' }]);
  });

  it('has btree_gist, and its exclusion constraints hold', async () => {
    await query(share.url, 'create extension btree_gist');
    await query(
      share.url,
      'create table ranges (key bigint, at tstzrange, exclude using gist (key with =, at with &&))',
    );
    const insert = `insert into ranges values (1, '[2026-01-01, 2026-01-02]')`;
    await query(share.url, insert);
    await expect(query(share.url, insert)).rejects.toMatchObject({ code: '23P01' });
  });

  it('lets transactions run beside each other', async () => {
    const [first, second] = [new pg.Client(share.url), new pg.Client(share.url)];
    await Promise.all([first.connect(), second.connect()]);
    await first.query('begin');
    await first.query('create table held (n int)');
    expect((await second.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await first.query('rollback');
    await Promise.all([first.end(), second.end()]);
  });

  it('listens on the loopback address only', async () => {
    expect(await setting('listen_addresses')).toBe('127.0.0.1');
    expect(new URL(share.url).hostname).toBe('127.0.0.1');
  });

  it('lets nobody in without its random password, which only we can read', async () => {
    const url = new URL(share.url);
    url.password = 'wrong';
    await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(path.join(dataDir, 'postgres/connection.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
  });

  it('writes nothing that was inserted into its log', async () => {
    await query(share.url, 'create table spoken (line text primary key, n int)');
    await query(share.url, `insert into spoken values ('a secret line')`);
    await expect(query(share.url, `insert into spoken values ('a secret line')`)).rejects.toThrow();
    await expect(query(share.url, `select 'a secret line'::int`)).rejects.toThrow();
    const log = await readFile(path.join(dataDir, 'postgres/server.log'), 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(log).not.toContain('secret');
  });
});

describe('the next start', () => {
  const dirs = new DataDirs();
  afterEach(() => dirs.clear());

  it('has what was there before, at the same address', async () => {
    const dataDir = await dirs.make();
    const first = await openEmbeddedPostgres({ dataDir });
    await query(first.url, 'create table kept as select 7 as n');
    await first.stop();
    const second = await openEmbeddedPostgres({ dataDir });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
    await second.stop();
  });

  it('leaves no server behind when it stops, and may be stopped twice', async () => {
    const dataDir = await dirs.make();
    const share = await openEmbeddedPostgres({ dataDir });
    expect(await serverPid(dataDir)).toBeTypeOf('number');
    await Promise.all([share.stop(), share.stop()]);
    await share.stop();
    expect(await serverPid(dataDir)).toBeUndefined();
    await expect(query(share.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
