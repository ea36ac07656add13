import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAfterword, type Finished } from '../support/afterword-process.ts';
import { conversation, conversations, type PublishedMessage } from '../support/conversations.ts';
import { until } from '../support/until.ts';
import { startWorker, type WorkerProcess } from '../support/worker-process.ts';

/** Nothing is given but a folder: the log and the database are the product's own. */
describe('a worker without Kafka, Postgres or a key', () => {
  let folder: string;
  let workers: WorkerProcess[];

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'afterword-test-embedded-'));
    workers = [];
  });

  afterEach(async () => {
    // In good order, so that the last one takes the embedded server along.
    await Promise.all(workers.map((worker) => worker.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({ DATA_DIR: path.join(folder, 'data') });

  function start(): WorkerProcess {
    const settings = { ...environment(), SESSION_GRACE: '1s' };
    const worker = startWorker('consume,extract,publish,serve', settings, { folder });
    workers.push(worker);
    return worker;
  }

  async function ready(worker: WorkerProcess): Promise<void> {
    await until('the worker to be ready', async () => (await worker.readiness())?.status === 200);
  }

  function run(args: readonly string[], input?: string): Promise<Finished> {
    return runAfterword(args, environment(), input, folder);
  }

  async function publish(events: readonly PublishedMessage[]): Promise<void> {
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    const { exitCode, stdout, stderr } = await run(['publish', '-'], lines);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout).toContain(`published ${events.length} records to bot.messages`);
  }

  interface Listed {
    readonly window_id: string;
    readonly user_id: string;
    readonly status: string;
    readonly message_count: number;
  }

  async function windows(): Promise<Listed[]> {
    const { exitCode, stdout, stderr } = await run(['windows', '--json']);
    expect(exitCode, stderr).toBe(0);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Listed);
  }

  /** From the worker's own gauges, which cost no process. */
  async function settled(worker: WorkerProcess, ended: number): Promise<void> {
    await until(`${ended} windows to be enriched and sent`, async () => {
      const { body } = await worker.get('/metrics');
      const read = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body)?.[1] ?? -1);
      return read('afterword_tasks{status="done"}') === ended && read('afterword_outbox_rows') === 0;
    });
  }

  it('takes messages from a file and from a pipe, and answers other processes while it runs', async () => {
    const worker = start();
    await ready(worker);
    const file = path.join(folder, 'some.jsonl');
    const lines = conversations(1, 2, 'file').map((event) => JSON.stringify(event));
    writeFileSync(file, lines.join('\n'));
    expect(await run(['publish', file])).toMatchObject({ exitCode: 0 });
    await publish(conversations(2, 2, 'pipe'));
    await settled(worker, 6);
    const startedMs = Date.now();
    const status = await run(['status', '--json']);
    const tookMs = Date.now() - startedMs;
    expect(status.exitCode, status.stderr).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ messages: 36 });
    const listed = await windows();
    expect(listed).toHaveLength(6);
    expect(listed.every(({ message_count: count }) => count === 6)).toBe(true);
    process.stderr.write(`status beside a running worker: ${tookMs} ms, the start of Node included\n`);
    const stopped = await worker.stop();
    expect({ exitCode: stopped.exitCode, lines: worker.logged('process.stopped').length }).toEqual({
      exitCode: 0,
      lines: 1,
    });
  }, 90_000);

  it('loses nothing when it is killed, and starts again on what the dead one left', async () => {
    const first = start();
    await ready(first);
    await publish(conversations(3, 1, 'before'));
    await settled(first, 3);
    await publish(conversations(3, 1, 'unread'));
    await first.kill();

    const second = start();
    await ready(second);
    await settled(second, 6);
    await publish(conversation('after'));
    await settled(second, 7);
    const listed = await windows();
    expect(new Set(listed.map(({ window_id: id }) => id)).size).toBe(7);
    expect(listed.every(({ message_count: count }) => count === 6)).toBe(true);
    expect((await second.stop()).exitCode).toBe(0);
  }, 90_000);

  it('shares a folder between two workers, a partition with one of them, and goes on when one stops', async () => {
    const one = start();
    await ready(one);
    const other = start();
    await ready(other);
    const assigned = async (worker: WorkerProcess): Promise<number> => {
      const { body } = await worker.get('/metrics');
      return Number(/^afterword_partitions_assigned\{topic="bot\.messages"\} (\d+)/m.exec(body)?.[1] ?? 0);
    };
    await until('the partitions to be shared out', async () => {
      const shares = [await assigned(one), await assigned(other)];
      return shares.every((share) => share === 2);
    });
    await publish(conversations(8, 1, 'both'));
    await settled(one, 8);
    const consumed = async (worker: WorkerProcess): Promise<number> => {
      const { body } = await worker.get('/metrics');
      const found =
        /^afterword_records_consumed_total\{topic="bot\.messages",outcome="message"\} (\d+)/m.exec(body);
      return Number(found?.[1] ?? 0);
    };
    const read = [await consumed(one), await consumed(other)];
    expect(read.reduce((sum, share) => sum + share)).toBe(48);
    expect(Math.min(...read)).toBeGreaterThan(0);

    // The one who owns the server goes; the other takes it over with the partitions.
    expect((await one.stop()).exitCode).toBe(0);
    await until('the other to have all partitions', async () => (await assigned(other)) === 4);
    await publish(conversations(4, 1, 'left'));
    await settled(other, 12);
    expect(await windows()).toHaveLength(12);
    await ready(other);
  }, 120_000);
});
