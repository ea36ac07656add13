import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAfterword } from '../support/afterword-process.ts';
import { conversations, plantedWord, type PublishedMessage } from '../support/conversations.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { until } from '../support/until.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const roles = 'consume,extract,publish,serve';

/** What a log may do to the processes that read it, and what they say of it. */
describeWithKafka('a worker whose log or database is not what it was', () => {
  let line: LineUnderTest;

  beforeEach(async () => {
    line = await LineUnderTest.start();
  });
  afterEach(() => line.close());

  async function publish(people: number, stem: string): Promise<PublishedMessage[]> {
    const events = conversations(people, 1, stem);
    await line.publish(events);
    return events;
  }

  /** Every record is one message of its window, every window is over, nothing is behind, and nobody is quoted. */
  async function expectInPlace(worker: WorkerProcess, events: readonly PublishedMessage[]): Promise<void> {
    const expected = windowsOf(events);
    await line.settled(expected.length);
    const { rows } = await line.pool.query<{ seen: string }>(
      `select concat_ws(' ', k.user_id, count(*), min(m.sent_at_ms), max(m.sent_at_ms), w.message_count) as seen
       from afterword.windows w
       join afterword.user_keys k using (key_id)
       join afterword.messages m on m.key_id = w.key_id and m.sent_at_ms between w.started_at_ms and w.ended_at_ms
       where w.status = 'closed' group by w.window_id, k.user_id order by 1`,
    );
    expect(rows.map(({ seen }) => seen)).toEqual(expected);
    const stored = await line.pool.query<{ id: string }>(
      'select message_id as id from afterword.messages order by 1',
    );
    expect(stored.rows.map(({ id }) => id)).toEqual(events.map(({ id }) => id).sort());
    expect((await line.pool.query('select 1 from afterword.dead_letters')).rowCount).toBe(0);
    await until('the worker to be ready', async () => (await worker.readiness())?.status === 200);
    await until('nothing to be behind', async () => (await status())['lag'] === 0);
    expect(line.output()).not.toContain(plantedWord);
  }

  /** As `select` above writes them, from what was published alone: a conversation of a person is a window. */
  function windowsOf(events: readonly PublishedMessage[]): string[] {
    const times = new Map<string, number[]>();
    for (const { user_id: user, sent_at: sentAt } of events) {
      times.set(user, [...(times.get(user) ?? []), Date.parse(String(sentAt))]);
    }
    return [...times]
      .map(([user, ms]) => [user, ms.length, Math.min(...ms), Math.max(...ms), ms.length].join(' '))
      .sort();
  }

  async function status(): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await runAfterword(['status', '--json'], line.environment);
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The ids of the records that a partition holds, by offset, as a reader without our code finds them. */
  async function readPartition(wanted: number): Promise<string[]> {
    const ends = await line.admin.fetchTopicOffsets(line.topics.messages);
    const total = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
    const consumer = line.kafka.consumer({ groupId: `${line.topics.messages}-oracle` });
    const ids: string[] = [];
    let seen = 0;
    await consumer.connect();
    await consumer.subscribe({ topics: [line.topics.messages], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        seen += 1;
        const { id } = JSON.parse(String(message.value)) as PublishedMessage;
        if (partition === wanted) ids[Number(message.offset)] = id;
        return Promise.resolve();
      },
    });
    await until('the end of the log', () => seen === total);
    await consumer.disconnect();
    return ids;
  }

  async function committedEverything(): Promise<void> {
    const { admin, topics } = line;
    await until('everything to be committed', async () => {
      const [group] = await admin.fetchOffsets({ groupId: topics.messages, topics: [topics.messages] });
      const ends = await admin.fetchTopicOffsets(topics.messages);
      return ends.every(
        ({ partition, high }) =>
          high === '0' || group?.partitions.some((at) => at.partition === partition && at.offset === high),
      );
    });
  }

  it('reads a topic from its start that was deleted and made anew while it ran, and says so', async () => {
    const worker = line.startWorker(roles);
    const before = await publish(6, 'before');
    await expectInPlace(worker, before);
    await committedEverything();
    const { admin, topics } = line;
    await admin.deleteTopics({ topics: [topics.messages] });
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topics.messages));
    await line.makeTopics(['messages']);
    // More than there were, so that no offset tells the new log from the old one.
    const after = await publish(15, 'after');
    await expectInPlace(worker, [...before, ...after]);
    const restarts = worker.logged('partition.restarted');
    // Both partitions held records; each is told, whichever way it was found out.
    expect(new Set(restarts.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
    expect(restarts.every(({ level, from }) => level !== 'info' && from === '0')).toBe(true);
    expect((await worker.stop()).exitCode).toBe(0);
  }, 120_000);

  it('records as a gap what retention took while it was down, and reads what is left', async () => {
    const first = line.startWorker(roles);
    const before = await publish(4, 'before');
    await expectInPlace(first, before);
    await committedEverything();
    const ends = await line.admin.fetchTopicOffsets(line.topics.messages);
    const from = Number(ends.find(({ partition }) => partition === 0)?.high);
    expect((await first.stop()).exitCode).toBe(0);

    const meanwhile = await publish(8, 'meanwhile');
    const records = await readPartition(0);
    // In the middle of a conversation, so that what is left of it is a window too.
    const to = from + Math.floor((records.length - from) / 2);
    expect(to).toBeGreaterThan(from);
    await line.admin.deleteTopicRecords({
      topic: line.topics.messages,
      partitions: [{ partition: 0, offset: String(to) }],
    });
    const gone = new Set(records.slice(from, to));

    const worker = line.startWorker(roles);
    await expectInPlace(worker, [...before, ...meanwhile.filter(({ id }) => !gone.has(id))]);
    const gap = { partition: 0, from: String(from), to: String(to) };
    expect(worker.logged('gap.recorded')).toMatchObject([{ level: 'error', ...gap }]);
    expect(await status()).toMatchObject({ log_gaps: 1 });
    expect((await worker.get('/metrics')).body).toMatch(/^afterword_log_gaps_total\{.*\} 1$/m);
    const { rows } = await line.pool.query('select from_offset, to_offset, reason from afterword.log_gaps');
    expect(rows).toEqual([{ from_offset: gap.from, to_offset: gap.to, reason: 'retention' }]);
  }, 120_000);

  it('fills a database again that was restored from an older copy while it was down', async () => {
    const first = line.startWorker(roles);
    const before = await publish(4, 'before');
    await expectInPlace(first, before);
    expect((await first.stop()).exitCode).toBe(0);
    const restore = await line.copyDatabase();
    const second = line.startWorker(roles);
    const after = await publish(6, 'after');
    await expectInPlace(second, [...before, ...after]);
    await committedEverything();
    expect((await second.stop()).exitCode).toBe(0);

    await restore();
    expect((await line.standing()).messages).toBe(before.length);
    const worker = line.startWorker(roles);
    await expectInPlace(worker, [...before, ...after]);
    const refills = worker.logged('partition.refilled');
    expect(refills.length).toBeGreaterThan(0);
    for (const { level, committed, stored } of refills) {
      expect(level).toBe('error');
      expect(Number(committed)).toBeGreaterThan(Number(stored));
    }
    expect([...first.logged('partition.refilled'), ...second.logged('partition.refilled')]).toEqual([]);
  }, 120_000);

  it('finds partitions that are added while it runs by itself, and reads them from their start', async () => {
    const worker = line.startWorker(roles);
    const before = await publish(4, 'before');
    await expectInPlace(worker, before);
    const { topics, admin } = line;
    await admin.createPartitions({ topicPartitions: [{ topic: topics.messages, count: 5 }] });
    // Before the worker has looked at the topic again, which it does once a minute.
    const after = await publish(20, 'after');
    const ends = await admin.fetchTopicOffsets(topics.messages);
    expect(ends.filter(({ partition, high }) => partition > 1 && high !== '0')).not.toEqual([]);
    await until('everything to be stored', async () => (await line.standing()).messages === 24 * 6, {
      deadlineMs: 150_000,
    });
    await expectInPlace(worker, [...before, ...after]);
    expect([...worker.logged('gap.recorded'), ...worker.logged('partition.refilled')]).toEqual([]);
  }, 240_000);
});
