import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createEmbeddedRecordSink } from '../../src/adapters/embedded/log/record-sink.ts';
import { createEmbeddedTopicAdmin } from '../../src/adapters/embedded/log/topic-admin.ts';
import { createPostgresOutbox } from '../../src/adapters/postgres/outbox-store.ts';
import { inTransaction } from '../../src/adapters/postgres/transaction.ts';
import { lockKeysById } from '../../src/adapters/postgres/lock-keys.ts';
import { appendEvents } from '../../src/adapters/postgres/outbox-rows.ts';
import { AfterwordError } from '../../src/errors.ts';
import type { Outbox } from '../../src/publish/outbox.ts';
import type { OutgoingRecord, RecordSink } from '../../src/publish/record-sink.ts';
import { relayOnce, type RelayOptions } from '../../src/publish/relay.ts';
import { CrashingPool, crashPoints, type CrashPoint } from '../adapters/postgres/crashing-pool.ts';
import {
  closeAll,
  dayMs,
  logOf,
  message,
  openStoreHarness,
  storeRecords,
  type StoreHarness,
} from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { exampleData, exampleEvent } from '../schemas/result-event-examples.ts';

const resultsTopic = 'conversation.enrichments';
const deadLetterTopic = 'bot.messages.dead-letter';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
  const admin = createEmbeddedTopicAdmin({ pool: harness.pool });
  await Promise.all([admin.ensureTopic(resultsTopic, 3), admin.ensureTopic(deadLetterTopic, 1)]);
});
afterAll(async () => {
  await harness.close();
});

const users = ['ann', 'bob', 'eve', 'joe'];

beforeEach(async () => {
  await harness.begin();
  await harness.pool.query('delete from afterword.log_records');
  const values = [
    ...users.map((user) => message({ id: 'm', atMs: dayMs, user })),
    Buffer.from('not JSON'),
    ...users.map((user) => message({ id: 'later', atMs: dayMs + 40 * 60_000, user })),
  ];
  await storeRecords(harness.store, logOf(values));
  await closeAll(harness.closing);
});

const options = (owner: string, changes: Partial<RelayOptions> = {}): RelayOptions => ({
  owner,
  leaseMs: 60_000,
  destination: 'results',
  topic: resultsTopic,
  batchSize: 3,
  maxRecordBytes: 1_000_000,
  ...changes,
});

const embeddedSink = (): RecordSink => createEmbeddedRecordSink({ pool: harness.pool });

const toDeadLetters: Partial<RelayOptions> = { destination: 'dead-letter', topic: deadLetterTopic };

async function relayAll(owner: string, sink = embeddedSink()): Promise<string[]> {
  const sent: string[] = [];
  for (const changes of [toDeadLetters, {}]) {
    for (;;) {
      const pass = await relayOnce(createPostgresOutbox(harness.pool), sink, options(owner, changes));
      if (!pass.active || pass.sent.length === 0) break;
      sent.push(...pass.sent);
    }
  }
  return sent;
}

interface Sent {
  readonly key: string;
  readonly id: string;
  readonly sequence: number;
}

/** What stands in the results topic, partition by partition in its order. */
async function results(): Promise<Sent[]> {
  const rows = await harness.rows<{ key: Buffer; value: Buffer; headers: Buffer }>(
    `select r.key, r.value, r.headers from afterword.log_records r join afterword.log_topics t using (topic_id)
     where t.topic = $1 order by r.partition, r.record_offset`,
    [resultsTopic],
  );
  return rows.map(({ key, value, headers }) => {
    const named = new Map(JSON.parse(headers.toString()) as [string, string][]);
    const { sequence } = JSON.parse(value.toString()) as { sequence: number };
    return {
      key: key.toString(),
      id: Buffer.from(named.get('ce_id') ?? '', 'base64').toString(),
      sequence,
    };
  });
}

/** As a reader does who drops the sequences that he has seen. */
function readOnce(sent: readonly Sent[]): Sent[] {
  const last = new Map<string, number>();
  return sent.filter(({ key, sequence }) => {
    const isNew = sequence > (last.get(key) ?? 0);
    if (isNew) last.set(key, sequence);
    return isNew;
  });
}

async function unsent(): Promise<number> {
  return (
    await harness.rows(`select 1 from afterword.outbox where sent_at is null and destination <> 'vectors'`)
  ).length;
}

describe('the relay', () => {
  it('sends everything once, each key in the order of its sequences', async () => {
    const sent = await relayAll('one');
    expect(sent.filter((type) => type === 'dead-letter')).toHaveLength(1);
    const told = await results();
    expect(told).toHaveLength(2 * users.length);
    expect(readOnce(told)).toEqual(told);
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    expect(await unsent()).toBe(0);
  });

  it('repeats ids and sequences when it dies between sending and marking', async () => {
    const outbox = createPostgresOutbox(harness.pool);
    const dying = { ...outbox, markSent: () => Promise.reject(new Error('died')) };
    await expect(relayOnce(dying, embeddedSink(), options('one'))).rejects.toThrow('died');
    const first = await results();
    expect(first.length).toBeGreaterThan(0);
    await relayAll('one');
    const all = await results();
    expect(all).toHaveLength(2 * users.length + first.length);
    expect(readOnce(all)).toHaveLength(2 * users.length);
    const ids = new Map(all.map(({ key, sequence, id }) => [`${key} ${sequence}`, id]));
    expect(all.every(({ key, sequence, id }) => ids.get(`${key} ${sequence}`) === id)).toBe(true);
  });

  it('loses nothing and doubles nothing for readers, wherever its process dies', async () => {
    const relayThrough = async (crash?: CrashPoint): Promise<readonly string[]> => {
      const pool = new CrashingPool(harness.url, crash);
      await relayOnce(createPostgresOutbox(pool.asPool()), embeddedSink(), options('one')).catch(
        () => undefined,
      );
      await pool.end();
      return pool.statements;
    };
    const statements = await relayThrough();
    for (const crash of crashPoints(statements.length)) {
      await harness.pool.query('update afterword.outbox set sent_at = null');
      await harness.pool.query('delete from afterword.log_records');
      await relayThrough(crash);
      // Marked is only what the topic has.
      const told = new Set((await results()).map(({ sequence }) => sequence));
      const marked = await harness.rows<{ sequence: string }>(
        `select sequence from afterword.outbox where sent_at is not null and destination = 'results'`,
      );
      expect(
        marked.every(({ sequence }) => told.has(Number(sequence))),
        JSON.stringify(crash),
      ).toBe(true);
      await relayAll('one');
      expect(readOnce(await results()), JSON.stringify(crash)).toHaveLength(2 * users.length);
    }
  });

  it('marks nothing that the topic refused', async () => {
    const refusing: RecordSink = {
      send: () => Promise.reject(new AfterwordError('LOG_UNAVAILABLE', 'away', { retryable: true })),
      stop: () => Promise.resolve(),
    };
    const before = await unsent();
    await expect(relayOnce(createPostgresOutbox(harness.pool), refusing, options('one'))).rejects.toThrow(
      'away',
    );
    expect(await unsent()).toBe(before);
  });
});

describe('a topic that is missing', () => {
  it('is named, and holds back no other', async () => {
    const outbox = createPostgresOutbox(harness.pool);
    const missing = options('one', { destination: 'dead-letter', topic: 'nobody.made.it' });
    await expect(relayOnce(outbox, embeddedSink(), missing)).rejects.toMatchObject({
      code: 'TOPIC_MISSING',
      details: { topic: 'nobody.made.it' },
      hint: expect.stringContaining('nobody.made.it') as string,
    });
    await relayAll('one');
    expect(await results()).toHaveLength(2 * users.length);
    expect(await unsent()).toBe(0);
  });

  it('is named when it is closed to us', async () => {
    const closed: RecordSink = {
      send: () => Promise.reject(new AfterwordError('TOPIC_FORBIDDEN', 'Kafka: refused')),
      stop: () => Promise.resolve(),
    };
    await expect(relayOnce(createPostgresOutbox(harness.pool), closed, options('one'))).rejects.toMatchObject(
      {
        code: 'TOPIC_FORBIDDEN',
        details: { topic: resultsTopic },
      },
    );
  });
});

describe('a topic with a limit', () => {
  /** Takes what a broker with this `max.message.bytes` would. */
  const limitedSink = (maxBytes: number): RecordSink & { readonly taken: OutgoingRecord[] } => {
    const taken: OutgoingRecord[] = [];
    return {
      taken,
      send: (records) => {
        if (records.some(({ value }) => Buffer.byteLength(value ?? '') > maxBytes)) {
          return Promise.reject(new AfterwordError('RECORD_TOO_LARGE', 'too large'));
        }
        taken.push(...records);
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
    };
  };
  const large = Buffer.from(`not JSON, and ${'long '.repeat(400_000)}`);
  const relayLetters = (sink: RecordSink): Promise<unknown> =>
    relayOnce(createPostgresOutbox(harness.pool), sink, options('one', { ...toDeadLetters, ...roomy }));
  const roomy = { maxRecordBytes: 96 * 1_024 * 1_024 };

  beforeEach(async () => {
    await storeRecords(harness.store, logOf([large], { firstOffset: 100 }));
  });

  it('is sent a dead letter byte for byte, however large, when it takes it', async () => {
    const sink = limitedSink(10_000_000);
    await relayLetters(sink);
    const [, letter] = sink.taken;
    // Not by `toEqual`, which takes minutes for so many bytes.
    expect(Buffer.isBuffer(letter?.value) && large.equals(letter.value)).toBe(true);
    expect(sink.taken).toHaveLength(2);
  });

  it('is sent a dead letter without its bytes only when it has refused them', async () => {
    const sink = limitedSink(1_000_000);
    await relayLetters(sink);
    expect(sink.taken.map(({ value }) => value)).toEqual([Buffer.from('not JSON'), null]);
    expect(sink.taken.at(-1)?.headers.map(({ name }) => name)).toContain('afterword_truncated');
  });

  it('is sent a large event whole when it takes it, and cut, told once, when it does not', async () => {
    const [row] = await createPostgresOutbox(harness.pool).unsent('results', 1, 1_000_000);
    if (row?.kind !== 'result') throw new Error('no event waits');
    const data = exampleData['afterword.stage.completed.v1'];
    const long = { ...data, result: { summary_text: 'long '.repeat(400_000) } } as unknown as typeof data;
    const event = { ...exampleEvent('afterword.stage.completed.v1'), data: long };
    const outbox: Outbox = {
      ...createPostgresOutbox(harness.pool),
      unsent: () => Promise.resolve([{ ...row, event }]),
    };
    const sendTo = async (sink: RecordSink): Promise<string[]> => {
      const cut: string[] = [];
      await relayOnce(outbox, sink, options('one', { ...roomy, onTruncated: ({ id }) => cut.push(id) }));
      return cut;
    };
    const wide = limitedSink(10_000_000);
    expect(await sendTo(wide)).toEqual([]);
    expect(JSON.parse(String(wide.taken[0]?.value))).toEqual(long);
    const narrow = limitedSink(1_000_000);
    expect(await sendTo(narrow)).toEqual([event.id]);
    expect(JSON.parse(String(narrow.taken[0]?.value))).toMatchObject({ truncated: true });
  });
});

describe('two relays', () => {
  it('take turns by the lease: each event leaves once', async () => {
    const pools = [harness.openPool(2), harness.openPool(2)];
    const passes = pools.map(async (pool, index) => {
      for (let round = 0; round < 8; round += 1) {
        await relayOnce(createPostgresOutbox(pool), embeddedSink(), options(`relay-${index}`));
      }
    });
    await Promise.all(passes);
    const told = await results();
    expect(told).toHaveLength(2 * users.length);
    expect(readOnce(told)).toEqual(told);
  });

  it('never lets one whose lease was taken over mark rows', async () => {
    const outbox = createPostgresOutbox(harness.pool);
    expect(await outbox.holdLease('slow', 1)).toBe(true);
    const rows = await outbox.unsent('results', 10, 1_000_000);
    await until('another relay has the lease', () => outbox.holdLease('quick', 60_000), { everyMs: 5 });
    expect(
      await outbox.markSent(
        rows.map((row) => row.outboxId),
        'slow',
      ),
    ).toBe(false);
    expect(await unsent()).toBe(2 * users.length + 1);
    await outbox.releaseLease('quick');
    expect(await outbox.holdLease('slow', 60_000)).toBe(true);
  });
});

describe('sequences', () => {
  it('rise strictly for each person, whoever appends, and survive a restore from an older copy', async () => {
    const [key] = await harness.rows<{ key_id: string }>('select key_id from afterword.user_keys limit 1');
    const keyId = key?.key_id ?? '';
    const pools = [harness.openPool(1), harness.openPool(1)];
    const append = (pool: (typeof pools)[number]): Promise<number> =>
      inTransaction(pool, async (client) => {
        const locked = await lockKeysById(client, [keyId]);
        const draft = { keyId, windowId: null, type: 'afterword.user.erased.v1', data: {} } as const;
        await appendEvents(client, locked, [draft, draft, draft]);
        return locked[0]?.lastSequence ?? 0;
      });
    await Promise.all(
      pools.map(async (pool) => {
        for (let round = 0; round < 10; round += 1) await append(pool);
      }),
    );
    const rows = await harness.rows<{ sequence: string }>(
      'select sequence from afterword.outbox where key_id = $1 order by outbox_id',
      [keyId],
    );
    const sequences = rows.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(sequences).toHaveLength(2 + 60);
    // The copy knows less than readers have seen.
    await harness.pool.query('update afterword.user_keys set last_sequence = 0');
    const [pool] = pools;
    if (pool === undefined) throw new Error('no pool');
    expect(await append(pool)).toBeGreaterThan(sequences.at(-1) ?? 0);
  });
});
