import { afterEach, beforeEach, expect, it } from 'vitest';
import { conversations } from '../support/conversations.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { ResultsReader } from '../support/results-reader.ts';
import { until } from '../support/until.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const people = 40;
const each = 3;

describeWithKafka('two processes that publish results from one Postgres', () => {
  let line: LineUnderTest;
  let reader: ResultsReader;
  let relays: WorkerProcess[];

  beforeEach(async () => {
    line = await LineUnderTest.start({ partitions: 3 });
    reader = await ResultsReader.start(line.kafka, line.topics.results);
    relays = [line.startWorker('publish'), line.startWorker('publish')];
    await until('one of them to be the relay', async () => (await relay()) !== undefined);
  });

  afterEach(async () => {
    await reader.stop();
    await line.close();
  });

  /** Whoever holds the lease; its name holds the process id. */
  async function relay(): Promise<WorkerProcess | undefined> {
    const { rows } = await line.pool.query<{ owner: string }>(
      `select owner from afterword.leases where name = 'relay' and expires_at > clock_timestamp()`,
    );
    return relays.find(({ child }) => rows[0]?.owner.includes(`/${child.pid}/`));
  }

  async function someSent(): Promise<void> {
    const sent = `select 1 from afterword.outbox where destination = 'results' and sent_at is not null limit 1`;
    await until('some events to be sent', async () => (await line.pool.query(sent)).rowCount === 1, {
      everyMs: 20,
    });
  }

  async function everythingRead(): Promise<void> {
    await line.settled(people * each);
    await until('all windows on the topic', () => reader.enrichedWindows().size === people * each);
    const { rows } = await line.pool.query<{ id: string }>(
      `select event_id::text as id from afterword.outbox where destination = 'results'`,
    );
    // None is missing, and what came twice was dropped by its sequence.
    const read = reader.events.map(({ id }) => id);
    expect(new Set(read).size).toBe(read.length);
    expect([...read].sort()).toEqual(rows.map(({ id }) => id).sort());
    expect(reader.problems).toEqual([]);
  }

  it('take turns: when the active one is killed, the other sends the rest, in order for each person', async () => {
    line.startWorker('consume,extract');
    await line.publish(conversations(people, each));
    await someSent();
    const active = await relay();
    expect(active).toBeDefined();
    await active?.kill();
    await everythingRead();
    const heir = await relay();
    expect(heir).toBeDefined();
    expect(heir).not.toBe(active);
  }, 90_000);

  it('keep the order when the active one sleeps longer than its lease, and wakes again', async () => {
    line.startWorker('consume,extract');
    await line.publish(conversations(people, each));
    await someSent();
    const active = await relay();
    active?.child.kill('SIGSTOP');
    try {
      await until('the other to be the relay', async () => {
        const now = await relay();
        return now !== undefined && now !== active;
      });
      await everythingRead();
    } finally {
      active?.child.kill('SIGCONT');
    }
    // Awake again it may send once more what it held, which a reader drops, and nothing else.
    await line.publish(conversations(2, 1, 'later'));
    await line.settled(people * each + 2);
    await until('the later ones', () => reader.enrichedWindows().size === people * each + 2);
    expect(reader.problems).toEqual([]);
    expect(relays.every(({ child }) => child.exitCode === null)).toBe(true);
    const ended = await Promise.all(relays.map((worker) => worker.stop()));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  }, 120_000);
});
