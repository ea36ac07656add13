import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAfterword } from '../support/afterword-process.ts';
import { conversation, plantedWord } from '../support/conversations.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';

/** Nobody listens there: a port of our own, closed again. */
const nowhere = await findClosedPort();
const noDatabase = `postgres://nobody:${plantedWord}@127.0.0.1:${nowhere}/afterword`;
const noKafka = { KAFKA_BROKERS: `127.0.0.1:${nowhere}`, DATABASE_URL: noDatabase };

describe('a command that cannot do its work', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'afterword-test-refusals-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('names every fault of the configuration at once, and ends with 2', async () => {
    const { exitCode, stdout, stderr } = await runAfterword(['run'], {
      KAFKA_BROKERS: 'no port',
      SESSION_GAP: plantedWord,
      HTTP_PORT: '99999',
      DATABASE_URL: `mysql://root:${plantedWord}@db/x`,
    });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    for (const name of ['KAFKA_BROKERS', 'SESSION_GAP', 'HTTP_PORT', 'DATABASE_URL']) {
      expect(stderr).toContain(`${name}:`);
    }
    expect(stderr).not.toContain(plantedWord);
  });

  it('says that the database does not answer, without its password and without a stack', async () => {
    const { exitCode, stderr } = await runAfterword(['run'], { ...noKafka, HTTP_PORT: '0' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^afterword: .*database.*\n {2}check .*DATABASE_URL/m);
    expect(stderr).not.toContain(plantedWord);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('says that no broker answers, and what to check', async () => {
    const { exitCode, stdout, stderr } = await runAfterword(
      ['publish', '-'],
      noKafka,
      `${JSON.stringify(conversation('ann')[0])}\n`,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^afterword: Kafka: .*\n {2}.*KAFKA_BROKERS/m);
    expect(stderr).not.toContain(plantedWord);
  });

  it.each([
    ['a file that is not there', 'not-there.jsonl'],
    ['a folder', '.'],
  ])('refuses to publish %s with 2, before it opens anything', async (_what, file) => {
    const { exitCode, stdout, stderr } = await runAfterword(['publish', file], {}, undefined, folder);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^afterword: cannot read .*\n {2}give a readable file/m);
    // Not even the embedded database.
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['no JSON', `{"content": "${plantedWord}`],
    ['no object', `["${plantedWord}"]`],
  ])('refuses a line that is %s with 2, by its number and without its words', async (_what, line) => {
    const input = `\n${line}\n`;
    const { exitCode, stderr } = await runAfterword(['publish', '-'], noKafka, input, folder);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('line 2 is not a JSON object');
    expect(stderr).not.toContain(plantedWord);
    // Kafka needs no database: none was made here.
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses an unknown role with 2', async () => {
    const { exitCode, stderr } = await runAfterword(['run', '--roles', 'consume,dance'], {});
    expect(exitCode).toBe(2);
    expect(stderr).toContain('dance');
  });
});

describeWithPostgres('a worker that cannot start', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('says that there is no database of that name', async () => {
    const url = new URL(database.url);
    url.pathname = '/afterword_that_is_not_there';
    const { exitCode, stderr } = await runAfterword(['run'], { DATABASE_URL: url.href, HTTP_PORT: '0' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^afterword: .*3D000.*\n {2}.*DATABASE_URL/m);
  });

  it('ends at once when its port is taken, and leaves no loop behind', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { exitCode, stderr } = await runAfterword(['run'], {
      DATABASE_URL: database.url,
      HTTP_PORT: String(port),
    });
    await new Promise((resolve) => server.close(resolve));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`cannot listen on port ${port} (EADDRINUSE)`);
    expect(stderr).not.toContain('loop.failed');
  });
});

async function findClosedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
