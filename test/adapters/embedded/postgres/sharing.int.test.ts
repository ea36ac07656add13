import { afterEach, expect, it } from 'vitest';

import { openEmbeddedPostgres } from '../../../../src/adapters/embedded/postgres/open-embedded-postgres.ts';
import { DataDirs, query, serverPid, ShareProcess, until } from './share-harness.ts';

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

it('makes a second process a guest of the running server, within a second', async () => {
  const dataDir = await dirs.make();
  const owner = start(dataDir);
  const { url } = await owner.line('opened');
  const guest = start(dataDir);
  const opened = await guest.line('opened');
  expect(opened).toMatchObject({ opened: 'guest', url });
  expect(opened.tookMs).toBeLessThan(1_000);
  await guest.stop();
  expect(await query(url ?? '', 'select 1 as n')).toEqual([{ n: 1 }]);
  await owner.stop();
  expect(await serverPid(dataDir)).toBeUndefined();
});

it('has one owner when several processes make a new folder at once', async () => {
  const dataDir = await dirs.make();
  const all = [start(dataDir), start(dataDir), start(dataDir)];
  const opened = await Promise.all(all.map((one) => one.line('opened')));
  expect(opened.map((line) => line.opened).sort()).toEqual(['guest', 'guest', 'owner']);
  expect(new Set(opened.map((line) => line.url)).size).toBe(1);
  await Promise.all(all.map((one) => one.stop()));
  expect(await serverPid(dataDir)).toBeUndefined();
});

it('leaves the server running for its guests, and the last one out stops it', async () => {
  const dataDir = await dirs.make();
  const owner = await openEmbeddedPostgres({ dataDir });
  const guest = start(dataDir);
  await guest.line('opened');
  const server = await serverPid(dataDir);
  await owner.stop();
  expect(await serverPid(dataDir)).toBe(server);
  expect(await query(owner.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await until(() => guest.lines.some((line) => line.event === 'adopted'));
  guest.say('role');
  expect(await guest.line('role')).toMatchObject({ role: 'owner' });
  await guest.stop();
  expect(await serverPid(dataDir)).toBeUndefined();
});

it('stops the server when a guest leaves at the same moment as the owner', async () => {
  const dataDir = await dirs.make();
  for (let round = 0; round < 5; round += 1) {
    const owner = await openEmbeddedPostgres({ dataDir });
    const guest = await openEmbeddedPostgres({ dataDir });
    expect([owner.role, guest.role]).toEqual(['owner', 'guest']);
    await Promise.all([owner.stop(), guest.stop()]);
    expect(await serverPid(dataDir)).toBeUndefined();
  }
});

it('starts the server again for one who comes while the owner is stopping it', async () => {
  const dataDir = await dirs.make();
  const first = await openEmbeddedPostgres({ dataDir });
  const [, second] = await Promise.all([first.stop(), openEmbeddedPostgres({ dataDir })]);
  expect(await query(second.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await until(() => second.role === 'owner');
  await second.stop();
  expect(await serverPid(dataDir)).toBeUndefined();
});
