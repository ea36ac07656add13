import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';

import {
  openEmbeddedPostgres,
  type EmbeddedPostgresEvent,
} from '../../../../src/adapters/embedded/postgres/open-embedded-postgres.ts';
import { DataDirs, killServer, query, serverPid, ShareProcess, until } from './share-harness.ts';

const dirs = new DataDirs();
const processes: ShareProcess[] = [];

function start(dataDir: string): ShareProcess {
  const started = new ShareProcess(dataDir);
  processes.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.kill()));
  await dirs.clear();
});

async function written(url: string): Promise<number[]> {
  return (await query<{ n: string }>(url, 'select n from written order by n')).map((row) => Number(row.n));
}

async function writeSome(writer: ShareProcess, atLeast: number): Promise<void> {
  await writer.line('opened');
  writer.say('write');
  await until(() => writer.lastCommitted() >= atLeast);
}

it('has every committed row after kill -9 of owner and server in the middle of writes', async () => {
  const dataDir = await dirs.make();
  for (let round = 1; round <= 3; round += 1) {
    const owner = start(dataDir);
    await writeSome(owner, round * 200);
    // The server first: an owner that still lives must not mend it for the test.
    await Promise.all([killServer(dataDir), owner.kill()]);
    const share = await openEmbeddedPostgres({ dataDir });
    const rows = await written(share.url);
    expect(share.role).toBe('owner');
    // One more than was told is right: it committed, and the word of it died on the way.
    expect(rows.length - owner.lastCommitted()).toBeOneOf([0, 1]);
    expect(rows.at(-1)).toBe(rows.length);
    await share.stop();
  }
});

it('adopts the server that a killed owner left running, and stops it in the end', async () => {
  const dataDir = await dirs.make();
  const owner = start(dataDir);
  await writeSome(owner, 100);
  const server = await serverPid(dataDir);
  await owner.kill();
  const events: EmbeddedPostgresEvent[] = [];
  const share = await openEmbeddedPostgres({ dataDir, onEvent: (event) => events.push(event) });
  expect(events.map((event) => event.event)).toEqual(['adopted']);
  expect(await serverPid(dataDir)).toBe(server);
  expect((await written(share.url)).length).toBeGreaterThanOrEqual(owner.lastCommitted());
  await share.stop();
  expect(await serverPid(dataDir)).toBeUndefined();
});

it('lets a guest go on when the owner is killed, and makes it the owner', async () => {
  const dataDir = await dirs.make();
  const owner = start(dataDir);
  await owner.line('opened');
  const guest = await openEmbeddedPostgres({ dataDir });
  expect(guest.role).toBe('guest');
  await owner.kill();
  expect(await query(guest.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await until(() => guest.role === 'owner');
  await guest.stop();
  expect(await serverPid(dataDir)).toBeUndefined();
});

it('lets a guest start the server again when owner and server are killed', async () => {
  const dataDir = await dirs.make();
  const owner = start(dataDir);
  await writeSome(owner, 50);
  const events: EmbeddedPostgresEvent[] = [];
  const guest = await openEmbeddedPostgres({ dataDir, onEvent: (event) => events.push(event) });
  await Promise.all([owner.kill(), killServer(dataDir)]);
  await until(() => events.some((event) => event.event === 'restarted'));
  expect((await written(guest.url)).length).toBeGreaterThanOrEqual(owner.lastCommitted());
  await guest.stop();
});

it('starts a server that died again, at the same address', async () => {
  const dataDir = await dirs.make();
  const events: EmbeddedPostgresEvent[] = [];
  const share = await openEmbeddedPostgres({ dataDir, onEvent: (event) => events.push(event) });
  await query(share.url, 'create table kept as select 7 as n');
  const before = share.url;
  await killServer(dataDir);
  await until(() => events.some((event) => event.event === 'restarted'));
  expect(share.url).toBe(before);
  expect(await query(before, 'select n from kept')).toEqual([{ n: 7 }]);
  await share.stop();
});

it('makes a cluster anew when the first start was killed half way, and clears up', async () => {
  const dataDir = await dirs.make();
  const root = path.join(dataDir, 'postgres');
  const unfinished = async (): Promise<string[]> =>
    (await readdir(root).catch(() => [])).filter((name) => name.endsWith('.new'));
  const cut = start(dataDir);
  await until(async () => {
    const [name = ''] = await unfinished();
    return (await readdir(path.join(root, name, 'base')).catch(() => [])).length > 0;
  });
  await cut.kill();
  const share = await openEmbeddedPostgres({ dataDir });
  expect(await query(share.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await share.stop();
  await (await openEmbeddedPostgres({ dataDir })).stop();
  expect(await unfinished()).toEqual([]);
});

it('is not kept from starting by a dead server whose pid is now another program', async () => {
  const dataDir = await dirs.make();
  const owner = start(dataDir);
  await writeSome(owner, 20);
  const file = path.join(dataDir, 'postgres/data/postmaster.pid');
  const left = await readFile(file, 'utf8');
  await Promise.all([killServer(dataDir), owner.kill()]);
  const stranger = start(path.join(dataDir, 'unrelated'));
  await writeFile(file, left.replace(/^\d+/u, String(stranger.pid)));
  const share = await openEmbeddedPostgres({ dataDir });
  expect((await written(share.url)).length).toBeGreaterThanOrEqual(owner.lastCommitted());
  await share.stop();
});
