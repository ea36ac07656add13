import { chmod, chown, cp, mkdir, mkdtemp, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { findPlatformPackage, prepareRuntime } from '../../../../src/adapters/embedded/postgres/runtime.ts';
import { DataDirs, query, serverPid, ShareProcess } from './share-harness.ts';

const isRoot = process.getuid?.() === 0;

/** In /etc/passwd of every system, and owner of nothing. */
const nobody = { uid: 65_534, gid: 65_534 };
const withoutName = { uid: 54_321, gid: 54_321 };

const dirs = new DataDirs();
afterEach(() => dirs.clear());

async function liveOnce(dataDir: string, options: { account?: typeof nobody; umask?: string } = {}) {
  const share = new ShareProcess(dataDir, options);
  const { url = '' } = await share.line('opened');
  expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
  const pid = (await serverPid(dataDir)) ?? 0;
  const { uid } = await stat(`/proc/${pid}`);
  await share.stop();
  expect(await serverPid(dataDir)).toBeUndefined();
  return uid;
}

describe.runIf(isRoot && process.platform === 'linux')('started as root', () => {
  it('runs the server under another account, in a folder that this account cannot walk to', async () => {
    const dataDir = await dirs.make();
    expect((await stat(path.dirname(dataDir))).mode & 0o077).toBe(0);
    expect(await liveOnce(dataDir)).not.toBe(0);
    expect(await liveOnce(dataDir)).not.toBe(0);
  });

  it('works under the strictest umask', async () => {
    await liveOnce(await dirs.make(), { umask: '077' });
  });

  it('runs the server of an ordinary user’s folder under that user, and does not lock the user out', async () => {
    const dataDir = await dirs.make(nobody);
    expect(await liveOnce(dataDir, { account: nobody })).toBe(nobody.uid);
    expect(await liveOnce(dataDir)).toBe(nobody.uid);
    expect(await liveOnce(dataDir, { account: nobody })).toBe(nobody.uid);
  });
});

describe.runIf(isRoot)('started by an ordinary user', () => {
  it('says so when the folder belongs to root', async () => {
    const dataDir = await dirs.make(nobody);
    await mkdir(dataDir, { mode: 0o755 });
    const share = new ShareProcess(dataDir, { account: nobody });
    expect(await share.exited).toBe(1);
    expect(share.lines.at(-1)).toMatchObject({ code: 'EMBEDDED_POSTGRES' });
    expect(share.lines.at(-1)?.hint).toContain('belongs to another account');
  });

  it('says so when the user has no name, without which Postgres makes no cluster', async () => {
    const dataDir = await dirs.make(withoutName);
    const share = new ShareProcess(dataDir, { account: withoutName });
    expect(await share.exited).toBe(1);
    expect(share.lines.at(-1)).toMatchObject({ code: 'EMBEDDED_POSTGRES' });
    expect(share.lines.at(-1)?.hint).toContain('/etc/passwd');
  });
});

describe('programs that cannot be run where they were installed', () => {
  async function installWithoutLinks(folder: string) {
    const found = await findPlatformPackage();
    const nativeFolder = path.join(folder, 'native');
    await cp(found.nativeFolder, nativeFolder, {
      recursive: true,
      verbatimSymlinks: true,
      filter: async (source) =>
        !(await readlink(source).then(
          () => true,
          () => false,
        )),
    });
    return { ...found, nativeFolder };
  }

  it('get the symlinks that the installation left out', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'afterword-runtime-'));
    const installed = await installWithoutLinks(folder);
    const copiesFolder = path.join(folder, 'copies');
    const runtime = await prepareRuntime({ account: undefined, copiesFolder, installed });
    expect(runtime.postgres).toBe(path.join(installed.nativeFolder, 'bin/postgres'));
    await rm(folder, { recursive: true });
  });

  it.runIf(isRoot)('are copied once to where the server’s account can run them', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'afterword-runtime-'));
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const installed = await installWithoutLinks(closed);
    await chmod(folder, 0o755);
    const copiesFolder = path.join(folder, 'copies');
    const options = { account: nobody, copiesFolder, installed };
    const [first, second] = await Promise.all([prepareRuntime(options), prepareRuntime(options)]);
    expect(first.postgres.startsWith(copiesFolder)).toBe(true);
    expect(second.postgres).toBe(first.postgres);
    const copied = (await stat(first.postgres)).ino;
    expect((await stat((await prepareRuntime(options)).postgres)).ino).toBe(copied);
    await rm(folder, { recursive: true });
  });

  it.runIf(isRoot)('are not run from a folder that somebody else could have filled', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'afterword-runtime-'));
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const installed = await installWithoutLinks(closed);
    await chmod(folder, 0o755);
    const copiesFolder = path.join(folder, 'copies');
    const planted = path.join(
      copiesFolder,
      `postgres-${installed.version}-${process.platform}-${process.arch}`,
    );
    await mkdir(path.join(planted, 'native'), { recursive: true });
    await chown(planted, nobody.uid, nobody.gid);
    const prepared = prepareRuntime({ account: nobody, copiesFolder, installed });
    await expect(prepared).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES' });
    await rm(folder, { recursive: true });
  });
});
