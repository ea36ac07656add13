import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hang, honestly } from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { conversation, conversations, plantedWord } from '../support/conversations.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { ResultsReader } from '../support/results-reader.ts';
import { until } from '../support/until.ts';

describeWithKafka('workers that die or wait while a model answers', () => {
  let server: AnthropicServer;
  let line: LineUnderTest;

  beforeEach(async () => {
    server = await AnthropicServer.start();
    line = await LineUnderTest.start({ model: server });
  });

  afterEach(async () => {
    expect(line.output()).not.toContain(plantedWord);
    await line.close();
    await server.close();
  });

  async function closed(windows: number): Promise<void> {
    await until(`${windows} windows to be closed`, async () => {
      const waiting = Object.values(await line.extractions()).reduce((sum, count) => sum + count, 0);
      return waiting === windows;
    });
  }

  it('stores messages and closes windows while every call hangs, and stops in good order', async () => {
    server.byDefault = hang();
    const worker = line.startWorker('consume,extract,publish,serve');
    await line.publish(conversations(6, 1, 'first'));
    await until('all calls to hang', () => server.calls.length === 4);
    await line.publish(conversations(10, 1, 'second'));
    await closed(16);
    expect(await line.standing()).toMatchObject({ messages: 96, windows: 16, done: 0 });
    expect(await line.extractions()).toEqual({ running: 4, pending: 12 });
    expect((await worker.readiness())?.status).toBe(200);

    const stopping = Date.now();
    expect((await worker.stop()).exitCode).toBe(0);
    // What orchestrators commonly grant before they kill.
    expect(Date.now() - stopping).toBeLessThan(30_000);
    // Given back: nobody has to wait for the leases of a worker that has gone.
    expect(await line.extractions()).toEqual({ retrying: 4, pending: 12 });
    expect(server.calls.every(({ aborted }) => aborted)).toBe(true);
  }, 90_000);

  it('takes a window of a worker that was killed during its call up within seconds, with one result', async () => {
    const reader = await ResultsReader.start(line.kafka, line.topics.results);
    server.byDefault = hang();
    const worker = line.startWorker('consume,extract');
    const heir = line.startWorker('extract,publish');
    await line.publish(conversation('ann'));
    await until('the call', () => server.calls.length === 1);
    server.byDefault = honestly();
    const { rows } = await line.pool.query<{ owner: string }>(
      `select lease_owner as owner from afterword.extractions where status = 'running'`,
    );
    // The owner's name holds the process id, so that a person can find it, and we can.
    const caller = [worker, heir].find(({ child }) => rows[0]?.owner.includes(`/${child.pid}/`));
    expect(caller).toBeDefined();
    const killedMs = Date.now();
    await caller?.kill();
    if (caller === heir) line.startWorker('publish');
    await line.settled(1);
    // A lease of ten seconds, and the start of a process on a busy machine.
    expect(Date.now() - killedMs).toBeLessThan(30_000);
    expect(server.calls).toHaveLength(2);
    expect(await line.stages()).toEqual({
      'facts done model': 1,
      'preferences done model': 1,
      'summary done model': 1,
    });
    await until('the window on the topic', () => reader.enrichedWindows().size === 1);
    await reader.stop();
    expect(reader.problems).toEqual([]);
    expect(reader.events.filter(({ type }) => type === 'afterword.stage.completed.v1')).toHaveLength(3);
  }, 90_000);

  it('pays once for an answer that was kept by a worker that died before it was stored', async () => {
    line.startWorker('consume,publish');
    await line.publish(conversation('ann'));
    await closed(1);
    // As long as nobody may write results, an answer can be kept but not settled.
    const holder = new pg.Client({ connectionString: line.environment['DATABASE_URL'] });
    await holder.connect();
    await holder.query('begin');
    await holder.query('lock table afterword.stage_tasks in share mode');
    const first = line.startWorker('extract');
    await until('the answer to be kept', async () => {
      const { rowCount } = await line.pool.query('select 1 from afterword.kept_answers');
      return rowCount === 1;
    });
    await first.kill();
    await holder.query('rollback');
    await holder.end();
    expect((await line.standing()).done).toBe(0);
    line.startWorker('extract');
    await line.settled(1);
    expect(server.calls).toHaveLength(1);
    const { rows } = await line.pool.query(
      `select sum((usage->>'output_tokens')::int)::int > 0 as paid from afterword.stage_tasks`,
    );
    expect(rows).toEqual([{ paid: true }]);
  }, 90_000);
});
