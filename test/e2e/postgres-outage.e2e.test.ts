import { readFileSync } from 'node:fs';
import kafkajs, { type Kafka } from 'kafkajs';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAfterword, type AfterwordProcess } from '../support/afterword-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithKafka, uniqueTopic } from '../support/kafka-suite.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const lines = readFileSync(new URL('../fixtures/companion-chats.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .slice(0, 400);

describeWithKafka('a Postgres that goes away under a running process', (brokers) => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let proxy: TcpProxy;
  let worker: AfterwordProcess;
  let kafka: Kafka;
  const topics = {
    messages: uniqueTopic('out'),
    results: uniqueTopic('out-res'),
    dead: uniqueTopic('out-dead'),
  };

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
    const url = new URL(database.url);
    proxy = new TcpProxy({ host: url.hostname, port: Number(url.port) });
    await proxy.open();
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
    worker = startAfterword(['run', '--create-topics'], {
      KAFKA_BROKERS: brokers.join(','),
      KAFKA_MESSAGES_TOPIC: topics.messages,
      KAFKA_RESULTS_TOPIC: topics.results,
      KAFKA_DEAD_LETTER_TOPIC: topics.dead,
      KAFKA_GROUP_ID: topics.messages,
      DATABASE_URL: url.href,
      SESSION_GRACE: '1s',
      HTTP_PORT: '0',
    });
    await until('the process to say where it serves', () => worker.output().includes('/readyz'));
  });

  afterEach(async () => {
    await worker.kill();
    await proxy.cut();
    await pool.end();
    await database.drop();
  });

  async function publish(some: readonly string[]): Promise<void> {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic: topics.messages,
      messages: some.map((value) => ({ key: String(some.indexOf(value)), value })),
    });
    await producer.disconnect();
  }

  async function stored(): Promise<number> {
    const { rows } = await pool.query<{ count: string }>('select count(*) from afterword.messages');
    return Number(rows[0]?.count);
  }

  async function readiness(): Promise<{ status: number; text: string }> {
    const address = /http:\/\/[\d.]+:\d+\/readyz/.exec(worker.output())?.[0] ?? '';
    const answer = await fetch(address);
    return { status: answer.status, text: await answer.text() };
  }

  it('pauses, says so, and goes on without a restart and without a message lost or doubled', async () => {
    await publish(lines.slice(0, 200));
    await until('the first messages to be stored', async () => (await stored()) === 200);
    expect((await readiness()).status).toBe(200);

    await proxy.cut();
    await publish(lines.slice(200));
    await until('the process to say that it is not ready', async () => (await readiness()).status === 503);
    // Other loops meet the outage too; the consumer only once it has records to store.
    await until('a batch to fail', () => worker.output().includes('"event":"batch.failed"'));
    const { text } = await readiness();
    expect(text).toContain('DATABASE_UNAVAILABLE');
    expect(worker.child.exitCode).toBeNull();

    await proxy.open();
    await until('the rest to be stored', async () => (await stored()) === lines.length);
    await until('the process to be ready again', async () => (await readiness()).status === 200);
    const base = /http:\/\/[\d.]+:\d+/.exec(worker.output())?.[0] ?? '';
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('afterword_records_consumed_total');
    expect(metrics).not.toMatch(/companion|ivy/);
    expect((await worker.stop()).exitCode).toBe(0);
    expect(worker.output()).toContain('"event":"database.recovered"');
  }, 120_000);
});
