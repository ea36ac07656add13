import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { answer, honestDrafts, honestly, overloaded } from '../support/anthropic-replies.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { conversation, conversations, plantedWord } from '../support/conversations.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { ResultsReader } from '../support/results-reader.ts';
import { until } from '../support/until.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

/** One process and one stand-in; every test brings people of its own. */
describeWithKafka('extraction by a model, as a process on real Kafka and Postgres', () => {
  let server: AnthropicServer;
  let line: LineUnderTest;
  let reader: ResultsReader;
  let worker: WorkerProcess;

  beforeAll(async () => {
    server = await AnthropicServer.start();
    line = await LineUnderTest.start({ model: server });
    reader = await ResultsReader.start(line.kafka, line.topics.results);
    worker = line.startWorker('consume,extract,publish,serve');
  });

  beforeEach(() => {
    server.reset();
  });

  afterAll(async () => {
    await reader.stop();
    await line.close();
    await server.close();
  });

  it('asks once for each of 30 conversations, and keeps who answered and what it cost', async () => {
    await line.publish(conversations(15, 2));
    await line.settled(30);
    expect(server.calls).toHaveLength(30);
    expect(server.refusals).toEqual([]);
    expect(await line.stages()).toEqual({
      'facts done model': 30,
      'preferences done model': 30,
      'summary done model': 30,
    });
    const { rows } = await line.pool.query(
      `select count(*) filter (where (usage->>'output_tokens')::int > 0)::int as paid,
         count(distinct model)::int as models, count(*)::int as tasks from afterword.stage_tasks`,
    );
    expect(rows).toEqual([{ paid: 90, models: 1, tasks: 90 }]);
    const facts = await line.pool.query('select 1 from afterword.facts');
    expect(facts.rowCount).toBeGreaterThan(0);
  }, 90_000);

  it('publishes each of them: a stage at a time and the whole, valid and in order', async () => {
    await until('all windows on the topic', () => reader.enrichedWindows().size === 30);
    expect(reader.problems).toEqual([]);
    const stages = reader.events.filter(({ type }) => type === 'afterword.stage.completed.v1');
    expect(stages).toHaveLength(90);
    expect(new Set(stages.map(({ data }) => data['method']))).toEqual(new Set(['model']));
  });

  it('shows an overloaded model as retrying, stores no result meanwhile, and goes on when it is back', async () => {
    const before = await line.stages();
    server.byDefault = overloaded();
    await line.publish(conversations(4, 1, 'overloaded'));
    await until('all work to be tried again later', async () => (await line.extractions())['retrying'] === 4);
    await until('not being ready', async () => {
      const readiness = await worker.readiness();
      return readiness?.status === 503 && readiness.failing.get('model') === 'MODEL_OVERLOADED';
    });
    expect(await line.stages()).toEqual(before);
    server.byDefault = honestly();
    await line.settled(34);
    expect(await line.stages()).toMatchObject({ 'summary done model': 34 });
    expect(await worker.readiness()).toMatchObject({ status: 200 });
  }, 90_000);

  it('names a stage that is never answered rightly as failed, and keeps what its siblings found', async () => {
    server.byDefault = answer((question) => ({ ...honestDrafts(question), facts: { facts: 'none' } }));
    await line.publish(conversation('unanswered'));
    await line.settled(35);
    expect(server.calls).toHaveLength(2);
    expect(await line.stages()).toMatchObject({
      'facts failed MODEL_OUTPUT_INVALID': 1,
      'summary done model': 35,
      'preferences done model': 35,
    });
    await until('the end on the topic', () => reader.enrichedWindows().size === 35);
    const last = reader.events.filter(({ type }) => type === 'afterword.window.enriched.v1').at(-1);
    expect(last?.data).toMatchObject({
      user_id: 'unanswered',
      stages: { facts: { status: 'failed' }, summary: { status: 'done' } },
    });
    expect(reader.problems).toEqual([]);
  });

  it('writes neither what anybody said nor the key to its log', async () => {
    const { exitCode } = await worker.stop();
    expect(exitCode).toBe(0);
    expect(worker.logged('window.enriched').length).toBeGreaterThan(34);
    expect(line.output()).not.toContain(plantedWord);
    expect(line.output()).not.toContain('harpsichord');
    expect(line.output()).not.toContain(testApiKey);
  });
});
