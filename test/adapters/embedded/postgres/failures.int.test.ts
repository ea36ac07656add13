import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { openEmbeddedPostgres } from '../../../../src/adapters/embedded/postgres/open-embedded-postgres.ts';
import { findPlatformPackage, prepareRuntime } from '../../../../src/adapters/embedded/postgres/runtime.ts';
import { DataDirs, query } from './share-harness.ts';

const dirs = new DataDirs();
afterEach(() => dirs.clear());

async function makeAndStop(dataDir: string): Promise<string> {
  const share = await openEmbeddedPostgres({ dataDir });
  await share.stop();
  return share.url;
}

function refusal(message: RegExp) {
  return {
    code: 'EMBEDDED_POSTGRES',
    message: expect.stringMatching(message) as string,
    hint: expect.any(String) as string,
  };
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

describe('the embedded Postgres says what is wrong when', () => {
  it('the data folder was made by another major version', async () => {
    const dataDir = await dirs.make();
    await makeAndStop(dataDir);
    await writeFile(path.join(dataDir, 'postgres/data/PG_VERSION'), '15\n');
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toMatchObject(refusal(/made by Postgres 15/u));
  });

  it('the data folder cannot be made', async () => {
    const dataDir = await dirs.make();
    await writeFile(dataDir, 'a file where the folder should be');
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toMatchObject(refusal(/cannot be used/u));
  });

  it('the password is gone', async () => {
    const dataDir = await dirs.make();
    await makeAndStop(dataDir);
    await rm(path.join(dataDir, 'postgres/connection.json'));
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toMatchObject(
      refusal(/connection\.json .* missing/u),
    );
  });

  it('the server refuses to start, and lets the next one try', async () => {
    const dataDir = await dirs.make();
    await makeAndStop(dataDir);
    const conf = path.join(dataDir, 'postgres/data/postgresql.conf');
    const good = await readFile(conf, 'utf8');
    await writeFile(conf, `${good}\nno_such_setting = 1\n`);
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toMatchObject(refusal(/does not start/u));
    await writeFile(conf, good);
    await makeAndStop(dataDir);
  });

  it('the programs were never installed', async () => {
    const nowhere = await dirs.make();
    const installed = { version: '18.0.0', nativeFolder: path.join(nowhere, 'native') };
    const prepared = prepareRuntime({ account: undefined, copiesFolder: nowhere, installed });
    await expect(prepared).rejects.toMatchObject(refusal(/could not be copied/u));
  });
});

it('takes another port when its own has gone to another program', async () => {
  const dataDir = await dirs.make();
  const before = await makeAndStop(dataDir);
  const stranger = await listen(Number(new URL(before).port));
  const share = await openEmbeddedPostgres({ dataDir });
  expect(share.url).not.toBe(before);
  expect(await query(share.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await share.stop();
  stranger.close();
});

it('finds its way into a data folder that holds somebody’s other files', async () => {
  const dataDir = await dirs.make();
  await mkdir(dataDir, { recursive: true });
  await writeFile(path.join(dataDir, 'notes.txt'), 'mine');
  await makeAndStop(dataDir);
  expect(await readFile(path.join(dataDir, 'notes.txt'), 'utf8')).toBe('mine');
});

it('is installed for this platform, with a version that names the server', async () => {
  expect((await findPlatformPackage()).version).toMatch(/^18\./u);
});
