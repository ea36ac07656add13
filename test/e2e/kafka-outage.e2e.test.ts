import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { conversations } from '../support/conversations.ts';
import { startKafkaNode, type KafkaNode } from '../support/kafka-from-jars.ts';
import { describeWithOwnBroker } from '../support/own-broker-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { ResultsReader } from '../support/results-reader.ts';
import { until } from '../support/until.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

describeWithOwnBroker('a worker whose Kafka is not as it should be', () => {
  let node: KafkaNode;
  let line: LineUnderTest;

  beforeAll(async () => {
    node = await startKafkaNode();
  });
  afterEach(() => line.close());
  afterAll(() => node.stop());

  async function unready(worker: WorkerProcess, check: string, reason: string): Promise<void> {
    await until(`${check} to fail for ${reason}`, async () => {
      const readiness = await worker.readiness();
      return readiness?.status === 503 && readiness.failing.get(check) === reason;
    });
  }

  async function ready(worker: WorkerProcess): Promise<void> {
    await until('the worker to be ready', async () => (await worker.readiness())?.status === 200);
  }

  it('goes on by itself when the broker comes back from a crash, with nothing lost or doubled', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers });
    const worker = line.startWorker('consume,extract,publish,serve');
    await line.publish(conversations(5, 1, 'before'));
    await line.settled(5);
    await ready(worker);

    await node.crash();
    await unready(worker, 'consumer', 'LOG_UNAVAILABLE');
    expect(worker.logged('consumer.failed').length).toBeGreaterThan(0);
    expect((await worker.get('/healthz')).status).toBe(200);

    await node.restart();
    await line.publish(conversations(5, 1, 'after'));
    await line.settled(10);
    await ready(worker);
    expect(await line.standing()).toMatchObject({ messages: 60, windows: 10, failed: 0 });

    const reader = await ResultsReader.start(line.kafka, line.topics.results);
    await until('all windows on the topic', () => reader.enrichedWindows().size === 10);
    await reader.stop();
    expect(reader.problems).toEqual([]);
    expect((await worker.stop()).exitCode).toBe(0);
  }, 150_000);

  it('starts before its broker, and stops in good order while it is away', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers });
    await node.crash();
    const worker = line.startWorker('consume,publish,serve');
    await unready(worker, 'consumer', 'LOG_UNAVAILABLE');
    const early = line.startWorker('consume,serve');
    await unready(early, 'consumer', 'LOG_UNAVAILABLE');
    expect((await early.stop()).exitCode).toBe(0);
    await node.restart();
    await ready(worker);
    await line.publish(conversations(1, 1));
    await until('the messages to be stored', async () => (await line.standing()).messages === 6);
  }, 150_000);

  it('ends within its time while its broker hangs, and loses nothing of what it had in hand', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers });
    const worker = line.startWorker('consume,extract,publish,serve');
    await line.publish(conversations(5, 1, 'before'));
    await line.settled(5);
    await ready(worker);
    // More than it can have finished: some of it is in hand, or waits in the broker.
    await line.publish(conversations(40, 1, 'during'));
    await until('some of it to be stored', async () => (await line.standing()).messages > 30, {
      everyMs: 20,
    });
    await node.suspend();
    try {
      // SIGKILL would give null, and its last resort 1.
      expect((await worker.stop()).exitCode).toBe(0);
      expect(worker.logged('process.stopped')).toHaveLength(1);
      // Whoever comes next need not wait for leases of a worker that is gone.
      const leases = await line.pool.query(
        `select name from afterword.leases where expires_at > clock_timestamp() and owner like '%/' || $1 || '/%'`,
        [worker.child.pid],
      );
      expect(leases.rows).toEqual([]);
    } finally {
      await node.wake();
    }
    const next = line.startWorker('consume,extract,publish,serve');
    await line.settled(45);
    await ready(next);
    expect(await line.standing()).toMatchObject({ messages: 270, windows: 45, failed: 0 });
    const reader = await ResultsReader.start(line.kafka, line.topics.results);
    await until('all windows on the topic', () => reader.enrichedWindows().size === 45);
    await reader.stop();
    expect(reader.problems).toEqual([]);
  }, 180_000);

  it('says that the messages topic is missing, and reads it once it is there', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers, topics: ['results', 'dead'] });
    const worker = line.startWorker('consume,extract,publish,serve');
    await unready(worker, 'consumer', 'TOPIC_MISSING');
    expect(worker.logged('topic.missed')).toMatchObject([{ topic: line.topics.messages, level: 'warn' }]);
    await line.makeTopics(['messages']);
    await line.publish(conversations(2, 1));
    await line.settled(2);
    await ready(worker);
  }, 90_000);

  it('says that the results topic is missing, keeps the events, and sends them once it is there', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers, topics: ['messages', 'dead'] });
    const worker = line.startWorker('consume,extract,publish,serve');
    await line.publish(conversations(2, 1));
    await unready(worker, 'relay', 'TOPIC_MISSING');
    expect(worker.logged('loop.failed')).toMatchObject([{ loop: 'relay', error: { code: 'TOPIC_MISSING' } }]);
    // What cannot be sent holds up nothing before it.
    await until('the windows to be enriched', async () => (await line.standing()).done === 2);
    await line.makeTopics(['results']);
    await line.settled(2);
    await ready(worker);
    const reader = await ResultsReader.start(line.kafka, line.topics.results);
    await until('both windows on the topic', () => reader.enrichedWindows().size === 2);
    await reader.stop();
    expect(reader.problems).toEqual([]);
  }, 120_000);

  it('sends results while the dead-letter topic is missing, names that topic once, and catches up', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers, topics: ['messages', 'results'] });
    const worker = line.startWorker('consume,extract,publish,serve');
    const producer = line.kafka.producer();
    await producer.connect();
    await producer.send({ topic: line.topics.messages, messages: [{ value: 'not JSON' }] });
    await producer.disconnect();
    await unready(worker, 'dead-letter-relay', 'TOPIC_MISSING');
    await line.publish(conversations(2, 1));
    const reader = await ResultsReader.start(line.kafka, line.topics.results);
    await until('both windows on the topic', () => reader.enrichedWindows().size === 2);
    await reader.stop();
    // Only the dead letter waits.
    expect((await line.standing()).outbox).toBe(1);
    expect((await worker.readiness())?.failing).toEqual(new Map([['dead-letter-relay', 'TOPIC_MISSING']]));
    const failures = worker.logged('loop.failed');
    expect(failures).toMatchObject([
      { loop: 'dead-letter-relay', error: { details: { topic: line.topics.dead } } },
    ]);
    expect((await worker.get('/readyz')).body).toContain(`create the topic ${line.topics.dead}`);
    await line.makeTopics(['dead']);
    await line.settled(2);
    await ready(worker);
  }, 120_000);

  it('makes the topics itself where it is asked to', async () => {
    line = await LineUnderTest.start({ brokers: node.brokers, topics: [] });
    const worker = line.startWorker('consume,extract,publish,serve', {}, ['--create-topics']);
    await ready(worker);
    await line.publish(conversations(1, 1));
    await line.settled(1);
  }, 60_000);
});
