import { setTimeout as sleep } from 'node:timers/promises';

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createEmbeddedRecordSink } from '../../src/adapters/embedded/log/record-sink.ts';
import { createEmbeddedRecordSource } from '../../src/adapters/embedded/log/record-source.ts';
import { createEmbeddedTopicAdmin } from '../../src/adapters/embedded/log/topic-admin.ts';
import { createPostgresClosingStore } from '../../src/adapters/postgres/closing-store.ts';
import { createPostgresMessageStore } from '../../src/adapters/postgres/message-store.ts';
import { createPool } from '../../src/adapters/postgres/pool.ts';
import { systemClock } from '../../src/clock.ts';
import { Consumer } from '../../src/consume/consumer.ts';
import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { RecordBatch, RecordSource } from '../../src/consume/record-source.ts';
import type { TopicPartition } from '../../src/model/record.ts';
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { uniqueTopic } from '../support/kafka-suite.ts';
import {
  dayMs,
  logOf,
  message,
  messagesTopic,
  openStoreHarness,
  type StoreHarness,
} from '../support/store-harness.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { captureLog } from '../telemetry/captured-log.ts';
import { until } from '../support/until.ts';

/** The log is reached directly, the store through a way that can be cut. */
let harness: StoreHarness;
let proxy: TcpProxy;
let storePool: pg.Pool;
let consumers: Consumer[] = [];
/** Of the log that is read, one for each test: in tables that were emptied it would be read from its start. */
let topic: string;

beforeAll(async () => {
  harness = await openStoreHarness();
  const url = new URL(harness.url);
  proxy = new TcpProxy({ host: url.hostname, port: Number(url.port) });
  await proxy.open();
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  storePool = createPool(url.href, silentLogger, { size: 4, answerWithinMs: 500 });
});
afterAll(async () => {
  await storePool.end();
  await proxy.cut();
  await harness.close();
});
beforeEach(async () => {
  await harness.begin();
  topic = uniqueTopic('bot.messages');
  await createEmbeddedTopicAdmin({ pool: harness.pool }).ensureTopic(topic, 2);
  consumers = [];
});
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  // Whatever a test left behind, the next one finds a way.
  await proxy.cut();
  await proxy.open();
});

function openConsumer(
  source: RecordSource,
  logger: Logger = silentLogger,
  // Outages here are short.
  pause = (): Promise<void> => sleep(20),
): Consumer {
  const consumer = new Consumer({
    source,
    store: createPostgresMessageStore(storePool),
    closing: createPostgresClosingStore(storePool),
    decode: decodeRecord,
    graceMs: 0,
    clock: systemClock,
    logger,
    metrics: createMetrics(),
    onStored: () => undefined,
    pause,
    beatEveryMs: 20,
  });
  consumers.push(consumer);
  return consumer;
}

const embeddedSource = (): RecordSource =>
  createEmbeddedRecordSource({ pool: harness.pool, topic, groupId: 'afterword', pollMs: 10 });

let written = 0;
async function write(count: number): Promise<void> {
  const sink = createEmbeddedRecordSink({ pool: harness.pool });
  const records = Array.from({ length: count }, () => {
    written += 1;
    const said = message({ id: `m${written}`, atMs: dayMs + written, user: `u${written % 5}` });
    return { topic, key: `u${written % 5}`, value: JSON.stringify(said), headers: [] };
  });
  await sink.send(records);
  await sink.stop();
}

async function stored(): Promise<number> {
  const [row] = await harness.rows<{ count: number }>(
    'select count(*)::int as count from afterword.messages',
  );
  return row?.count ?? 0;
}

/** A batch, or a partition, that belongs to nobody else unless it is said. */
function batchOf(
  values: readonly unknown[],
  { partition = 0, isStale = (): boolean => false } = {},
): RecordBatch {
  const records = logOf(values, { partition });
  return {
    topic: messagesTopic,
    partition,
    records,
    nextOffset: BigInt(values.length),
    isStale,
    heartbeat: () => Promise.resolve(),
  };
}

/** Remembers what is paused, as every source does, across assignments. */
function pausableSource(): RecordSource & { readonly paused: Set<number> } {
  const paused = new Set<number>();
  return {
    paused,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    progress: () => Promise.resolve([]),
    partitions: () => Promise.resolve([]),
    chooseAgain: () => undefined,
    died: new Promise(() => undefined),
    pause: (partitions) => {
      for (const { partition } of partitions) paused.add(partition);
    },
    resume: (partitions) => {
      for (const { partition } of partitions) paused.delete(partition);
    },
  };
}

const partitions = (...numbers: number[]): TopicPartition[] =>
  numbers.map((partition) => ({ topic: messagesTopic, partition }));

describe('a consumer whose database goes away', () => {
  it('waits, goes on when it is back, and stores every message once', async () => {
    const consumer = openConsumer(embeddedSource());
    await consumer.start();
    await write(50);
    await until('the first messages are stored', async () => (await stored()) === 50, { everyMs: 10 });
    await proxy.cut();
    await write(50);
    await until('the consumer knows of the outage', () => consumer.outage !== undefined, { everyMs: 10 });
    expect(consumer.outage).toBe('DATABASE_UNAVAILABLE');
    expect(await stored()).toBe(50);
    await proxy.open();
    await until('everything is stored', async () => (await stored()) === 100, { everyMs: 10 });
    await until('the outage is over', () => consumer.outage === undefined, { everyMs: 10 });
    await write(20);
    await until('reading has gone on', async () => (await stored()) === 120, { everyMs: 10 });
    expect(await harness.rows('select 1 from afterword.dead_letters')).toEqual([]);
  });

  it('keeps its membership while the database hangs, and says once that it does', async () => {
    const beats: number[] = [];
    const told: string[] = [];
    const consumer = openConsumer(pausableSource(), {
      ...silentLogger,
      failure: (event) => void told.push(event),
    });
    consumer.assignmentChanged(partitions(0));
    // The connection is there already: what hangs is a statement.
    await storePool.query('select 1');
    proxy.stall();
    const handled = consumer.handleBatch({
      ...batchOf([message({ id: 'kept', atMs: dayMs })]),
      heartbeat: () => Promise.resolve(void beats.push(Date.now())),
    });
    await until('the group has heard of it', () => beats.length >= 3, { everyMs: 5 });
    await until('the consumer knows of the outage', () => consumer.outage !== undefined, { everyMs: 5 });
    expect(consumer.outage).toBe('DATABASE_UNAVAILABLE');
    await proxy.cut();
    await proxy.open();
    await handled;
    expect(await stored()).toBe(1);
    expect(told).toEqual(['batch.failed']);
  });

  it('stops during the outage, and leaves the batch to whoever comes next', async () => {
    const consumer = openConsumer(embeddedSource());
    await consumer.start();
    await proxy.cut();
    await write(10);
    await until('the consumer knows of the outage', () => consumer.outage !== undefined, { everyMs: 10 });
    await consumer.stop();
    expect(await stored()).toBe(0);
    await proxy.open();
    await openConsumer(embeddedSource()).start();
    await until('the next one has stored it', async () => (await stored()) === 10, { everyMs: 10 });
  });

  it('resumes what it paused also when the batch in hand has gone to somebody else', async () => {
    const source = pausableSource();
    const consumer = openConsumer(source);
    consumer.assignmentChanged(partitions(0, 1));
    await proxy.cut();
    let lost = false;
    const handled = consumer.handleBatch(
      batchOf([message({ id: 'lost', atMs: dayMs })], { isStale: () => lost }),
    );
    await until('both partitions are paused', () => source.paused.size === 2, { everyMs: 5 });
    lost = true;
    await handled;
    expect([...source.paused]).toEqual([]);
    await proxy.open();
    expect(await stored()).toBe(0);
  });

  it('resumes also partitions that it no longer holds, for they may come back', async () => {
    const source = pausableSource();
    const consumer = openConsumer(source);
    consumer.assignmentChanged(partitions(0, 1));
    await proxy.cut();
    const handled = consumer.handleBatch(batchOf([message({ id: 'kept', atMs: dayMs })]));
    await until('both partitions are paused', () => source.paused.size === 2, { everyMs: 5 });
    consumer.assignmentChanged(partitions(0));
    await proxy.open();
    await handled;
    expect([...source.paused]).toEqual([]);
    expect(await stored()).toBe(1);
  });

  it('resumes what it paused when the group no longer hears it', async () => {
    const source = pausableSource();
    const consumer = openConsumer(source);
    consumer.assignmentChanged(partitions(0));
    await proxy.cut();
    const deaf = {
      ...batchOf([message({ id: 'kept', atMs: dayMs })]),
      heartbeat: () => Promise.reject(new Error('a rebalance')),
    };
    await expect(consumer.handleBatch(deaf)).rejects.toThrow('a rebalance');
    expect([...source.paused]).toEqual([]);
    await proxy.open();
  });
});

describe('a consumer whose database comes back as an older copy', () => {
  it('does not store the batch that waited for it before what lies between, and says it once', async () => {
    const { log, lines } = captureLog();
    let comesBack = (): void => undefined;
    const back = new Promise<void>((resolve) => (comesBack = resolve));
    const again: string[] = [];
    const source = {
      ...pausableSource(),
      chooseAgain: (chosen: readonly TopicPartition[]) =>
        void again.push(...chosen.map(({ partition }) => String(partition))),
    };
    const consumer = openConsumer(source, log, () => back);
    consumer.assignmentChanged(partitions(0));
    const start = { topic: messagesTopic, partition: 0, logStart: 0n, logEnd: 3n };
    expect(await consumer.choosePosition({ ...start, committed: undefined })).toBeUndefined();
    const restore = await harness.copyTables();
    await consumer.handleBatch(batchOf([message({ id: 'between', atMs: dayMs })]));
    await proxy.cut();
    const waiting = consumer.handleBatch({
      ...batchOf([message({ id: 'waiting', atMs: dayMs + 1 })]),
      nextOffset: 2n,
    });
    await until('the batch waits', () => consumer.outage !== undefined, { everyMs: 5 });
    await restore();
    await proxy.open();
    // The look of every second comes first.
    await consumer.progress();
    await consumer.progress();
    comesBack();
    await expect(waiting).rejects.toMatchObject({ code: 'POSITION_SET_BACK' });
    expect(await stored()).toBe(0);
    expect(await consumer.choosePosition({ ...start, committed: 1n })).toBe(0n);
    expect(again.length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.includes('"position.set-back"'))).toHaveLength(1);
  });
});

describe('what a consumer says', () => {
  it('warns of a person whose records come in two partitions, and of nobody else', async () => {
    const { log, lines } = captureLog();
    const consumer = openConsumer(pausableSource(), log);
    await consumer.handleBatch(
      batchOf(['ann', 'bob'].map((user) => message({ id: user, atMs: dayMs, user }))),
    );
    const scattered = (): unknown[] =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ event }) => event === 'keys.scattered');
    expect(scattered()).toEqual([]);
    const others = ['ann', 'cleo'].map((user) => message({ id: `${user} again`, atMs: dayMs + 1, user }));
    await consumer.handleBatch(batchOf(others, { partition: 1 }));
    expect(scattered()).toMatchObject([{ level: 'warn', topic: messagesTopic, partition: 1, keys: 1 }]);
  });
});

describe('where a consumer begins', () => {
  it('reads from the stored position when somebody moved the offset ahead', async () => {
    const consumer = openConsumer(pausableSource());
    await consumer.handleBatch(batchOf([message({ id: 'a', atMs: dayMs })]));
    const start = { topic: messagesTopic, partition: 0, logStart: 0n, logEnd: 9n };
    expect(await consumer.choosePosition({ ...start, committed: 7n })).toBe(1n);
    expect(await consumer.choosePosition({ ...start, committed: 0n })).toBe(0n);
  });

  it.each([undefined, 0n, 7n])(
    'records what retention took before it was read, and begins after it, whatever was committed: %s',
    async (committed) => {
      const consumer = openConsumer(pausableSource());
      await consumer.handleBatch(batchOf([message({ id: 'a', atMs: dayMs })]));
      const start = { topic: messagesTopic, partition: 0, logStart: 5n, logEnd: 9n };
      expect(await consumer.choosePosition({ ...start, committed })).toBe(5n);
      const gaps = await harness.rows('select from_offset, to_offset, reason from afterword.log_gaps');
      expect(gaps).toEqual([{ from_offset: '1', to_offset: '5', reason: 'retention' }]);
      // What is gone has ended: the next start finds no gap.
      expect(await harness.store.storedPosition(start)).toBe(5n);
    },
  );

  it('begins again with a topic that was made anew', async () => {
    const consumer = openConsumer(pausableSource());
    await consumer.handleBatch(batchOf(['a', 'b', 'c'].map((id) => message({ id, atMs: dayMs }))));
    const start = { topic: messagesTopic, partition: 0, logStart: 0n, logEnd: 1n };
    expect(await consumer.choosePosition({ ...start, committed: undefined })).toBe(0n);
    expect(await harness.store.storedPosition(start)).toBe(0n);
  });
});
