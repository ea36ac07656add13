import kafkajs, { type Kafka } from 'kafkajs';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startAfterword, type AfterwordProcess } from '../support/afterword-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithKafka, uniqueTopic } from '../support/kafka-suite.ts';
import { until } from '../support/until.ts';
import { createTopics } from '../../src/adapters/kafka/create-topics.ts';

const emoji = '😀';
const secret = 'PLANTED-SECRET-WORDS';

/** A good message of its own user, with what the case changes. */
function event(name: string, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: `id-${name}`,
    bot_id: 'bot',
    user_id: `user-${name}`,
    role: 'user',
    content: `${secret} ${name}`,
    sent_at: '2026-01-05T10:00:00Z',
    ...changes,
  });
}

interface Case {
  readonly name: string;
  readonly value: Buffer | string | null;
  readonly headers?: Record<string, string>;
  readonly key?: string | null;
  /** Where it has to end: a message row, nothing (a duplicate or ignored), or a dead letter of this reason. */
  readonly ends: 'message' | 'counted' | `dead:${string}`;
}

const cases: readonly Case[] = [
  { name: 'not JSON', value: `{"content": "${secret}`, ends: 'dead:not-json' },
  { name: 'an array', value: '[1]', ends: 'dead:not-an-object' },
  { name: 'a missing user', value: event('nouser', { user_id: undefined }), ends: 'dead:invalid-fields' },
  { name: 'an unknown role', value: event('role', { role: secret }), ends: 'dead:invalid-fields' },
  { name: 'no content', value: event('nocontent', { content: undefined }), ends: 'dead:invalid-fields' },
  { name: 'a missing id', value: event('noid', { id: undefined }), ends: 'message' },
  {
    name: 'ids of 255 emoji',
    value: event('longid', {
      id: emoji.repeat(255),
      channel_id: emoji.repeat(255),
      user_id: emoji.repeat(255),
      bot_id: emoji.repeat(255),
    }),
    ends: 'message',
  },
  {
    name: 'an id of 256 emoji',
    value: event('toolong', { id: emoji.repeat(256) }),
    ends: 'dead:invalid-fields',
  },
  { name: 'empty content', value: event('empty', { content: '' }), ends: 'message' },
  {
    name: 'a message of 5 MB',
    value: event('huge', { content: 'x'.repeat(5_000_000) }),
    ends: 'dead:record-too-large',
  },
  { name: 'a null value', value: null, ends: 'dead:null-value' },
  { name: 'a null key', value: event('nullkey'), key: null, ends: 'message' },
  {
    name: 'invalid UTF-8',
    value: Buffer.concat([
      Buffer.from('{"bot_id":"b","content":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]),
    ends: 'dead:invalid-utf8',
  },
  { name: 'lone surrogates', value: event('surrogate').replace(secret, '\\ud800 text'), ends: 'message' },
  {
    name: 'U+0000',
    value: event('nul', { content: 'a\u0000b', metadata: { 'k\u0000': 'v\u0000' } }),
    ends: 'message',
  },
  {
    name: 'deeply nested JSON',
    value: `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    ends: 'dead:too-deeply-nested',
  },
  {
    name: '__proto__',
    value: event('proto').replace('{', '{"__proto__":{"role":"system"},'),
    ends: 'message',
  },
  {
    name: 'a time in seconds',
    value: event('seconds', { sent_at: 1_767_607_200 }),
    ends: 'dead:sent-at-not-milliseconds',
  },
  {
    name: 'a time in the far future',
    value: event('future', { sent_at: '9999-12-31T23:59:59Z' }),
    ends: 'message',
  },
  { name: 'a time before 1970', value: event('past', { sent_at: '1961-04-12T06:07:00Z' }), ends: 'message' },
  {
    name: 'schema-registry framing',
    value: Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(event('framed'))]),
    ends: 'dead:schema-registry-framing',
  },
  { name: 'an unknown type', value: event('type', { type: 'typing.started' }), ends: 'counted' },
  { name: 'a good message', value: event('same'), ends: 'message' },
  { name: 'the same again', value: event('same'), ends: 'counted' },
  {
    name: 'the same id with other content',
    value: event('same', { content: `${secret} other` }),
    ends: 'dead:conflicting-content',
  },
  {
    name: 'CloudEvents, structured',
    value: JSON.stringify({
      specversion: '1.0',
      id: 'ce-1',
      source: '/bot',
      type: 'message',
      data: JSON.parse(event('structured')) as unknown,
    }),
    headers: { 'content-type': 'application/cloudevents+json' },
    ends: 'message',
  },
  {
    name: 'CloudEvents, binary',
    value: event('binary'),
    headers: {
      ce_specversion: '1.0',
      ce_id: 'ce-2',
      ce_source: '/bot',
      ce_type: 'message',
      'content-type': 'application/json',
    },
    ends: 'message',
  },
  { name: 'a last good message', value: event('last'), ends: 'message' },
];

describeWithKafka('bad input on a real Kafka', () => {
  let kafka: Kafka;
  let database: TestDatabase;
  let pool: pg.Pool;
  let worker: AfterwordProcess;
  const topics = { messages: uniqueTopic('bad'), results: uniqueTopic('res'), dead: uniqueTopic('dead') };

  beforeAll(async () => {
    kafka = new kafkajs.Kafka({
      brokers: [inject('kafkaBrokers') ?? ''],
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    const large = [{ name: 'max.message.bytes', value: '8000000' }];
    await createTopics(admin, [
      { topic: topics.messages, numPartitions: 1, configEntries: large },
      { topic: topics.results, numPartitions: 1 },
      // Smaller than the largest dead letter: the copy is cut, the relay goes on.
      { topic: topics.dead, numPartitions: 1 },
    ]);
    await admin.disconnect();
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    worker = startAfterword(['run', '--roles', 'consume,extract,publish'], {
      KAFKA_BROKERS: inject('kafkaBrokers') ?? '',
      KAFKA_MESSAGES_TOPIC: topics.messages,
      KAFKA_RESULTS_TOPIC: topics.results,
      KAFKA_DEAD_LETTER_TOPIC: topics.dead,
      KAFKA_GROUP_ID: topics.messages,
      DATABASE_URL: database.url,
      SESSION_GRACE: '1s',
      LOG_LEVEL: 'debug',
    });
    const producer = kafka.producer();
    await producer.connect();
    for (const { value, headers, key } of cases) {
      const record = { key: key === undefined ? 'key' : key, value, ...(headers && { headers }) };
      await producer.send({ topic: topics.messages, messages: [record] });
    }
    await producer.disconnect();
    await until('everything to be consumed', async () => {
      const { rows } = await pool.query<{ next: string | null }>(
        'select max(next_offset) as next from afterword.partition_progress',
      );
      return Number(rows[0]?.next) === cases.length;
    });
    await until('everything to be sent', async () => {
      const { rows } = await pool.query<{ waiting: string }>(
        `select count(*) as waiting from afterword.outbox where sent_at is null and destination <> 'vectors'`,
      );
      return rows[0]?.waiting === '0';
    });
  });

  afterAll(async () => {
    await worker.kill();
    await pool.end();
    await database.drop();
  });

  it.each(cases.map((one, offset) => ({ ...one, offset })))(
    '$name ends in $ends',
    async ({ ends, offset }) => {
      const messages = await pool.query('select 1 from afterword.messages where source_offset = $1', [
        offset,
      ]);
      const letters = await pool.query<{ reason: string; value: Buffer | null }>(
        'select reason, record_value as value from afterword.dead_letters where record_offset = $1',
        [offset],
      );
      expect({
        message: messages.rowCount,
        dead: letters.rows.map(({ reason }) => `dead:${reason}`),
      }).toEqual({ message: ends === 'message' ? 1 : 0, dead: ends.startsWith('dead:') ? [ends] : [] });
    },
  );

  it('keeps the bytes of a dead letter, and copies it to its topic with the reason', async () => {
    const consumer = kafka.consumer({ groupId: uniqueTopic('reader') });
    const seen: { reason: string; offset: string; value: Buffer | null }[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: topics.dead, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        seen.push({
          reason: String(message.headers?.['afterword_reason']),
          offset: String(message.headers?.['afterword_offset']),
          value: message.value,
        });
        return Promise.resolve();
      },
    });
    const dead = cases
      .map((one, offset) => ({ ...one, offset }))
      .filter(({ ends }) => ends.startsWith('dead:'));
    await until('all dead letters on the topic', () => seen.length >= dead.length);
    await consumer.disconnect();
    expect(seen.map(({ reason, offset }) => `${offset} dead:${reason}`).sort()).toEqual(
      dead.map(({ ends, offset }) => `${offset} ${ends}`).sort(),
    );
    const notJson = dead.find(({ name }) => name === 'not JSON');
    expect(seen.find(({ offset }) => offset === String(notJson?.offset))?.value?.toString()).toBe(
      notJson?.value,
    );
  });

  it('draws a time that lies ahead back once, and flags it', async () => {
    const offset = cases.findIndex(({ name }) => name === 'a time in the far future');
    const { rows } = await pool.query<{ clamped: boolean; ahead: boolean }>(
      `select clamped, sent_at_ms > extract(epoch from now()) * 1000 as ahead
       from afterword.messages where source_offset = $1`,
      [offset],
    );
    expect(rows).toEqual([{ clamped: true, ahead: false }]);
  });

  it('never writes what anybody said to its log', () => {
    expect(worker.output()).toContain('"event":"batch.stored"');
    expect(worker.output()).not.toContain(secret);
  });
});
