import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor-checks/check.ts';
import { runDoctor } from '../../src/cli/doctor.ts';
import { settingsInForce } from '../../src/adapters/postgres/run-settings.ts';
import { inTransaction } from '../../src/adapters/postgres/transaction.ts';
import { EmbeddingsServer } from '../adapters/embeddings/embeddings-server.ts';
import { storedSettings } from '../migrations/seed.ts';
import { AnthropicServer, testApiKey } from '../support/anthropic-server.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithKafka, describeWithPostgres } from '../support/kafka-suite.ts';
import { dayMs, deleted, logOf, message, openStoreHarness, storeRecords } from '../support/store-harness.ts';
import { QdrantServer } from '../support/qdrant-server.ts';
import { commandHarness } from './command-harness.ts';
import { createTopics } from '../../src/adapters/kafka/create-topics.ts';

/** Nothing listens there. */
const deadPort = '127.0.0.1:1';
const password = 'PLANTED-PASSWORD';

interface Examination {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  readonly of: (check: string) => Finding | undefined;
  readonly printed: string;
}

async function examine(environment: Record<string, string>): Promise<Examination> {
  const { context, out, text } = commandHarness(environment);
  const exitCode = await runDoctor(context, { json: true });
  const findings = out.map((line) => JSON.parse(line) as Finding);
  return {
    exitCode,
    findings,
    of: (check) => findings.find((found) => found.check === check),
    printed: text(),
  };
}

describeWithPostgres('afterword doctor with a real database', () => {
  let database: TestDatabase;
  let empty: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    empty = await createEmptyDatabase();
  });
  afterAll(async () => {
    await database.drop();
    await empty.drop();
  });

  it('prints every setting when it is asked to, and no secret', async () => {
    const { context, out, text } = commandHarness({ DATABASE_URL: database.url, HTTP_TOKEN: password });
    await runDoctor(context, { json: false, config: true });
    expect(out.at(-1)).toContain('  SESSION_GAP=30m (default)');
    expect(out.at(-1)).toContain('  HTTP_TOKEN=[secret] (environment)');
    expect(text()).not.toContain(password);
  });

  it('finds nothing wrong with an embedded log, no model and no Qdrant, and says what is used instead', async () => {
    const { exitCode, findings, of } = await examine({ DATABASE_URL: database.url });
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(exitCode).toBe(0);
    expect(of('model')?.says).toContain('offline analyser');
    expect(of('vectors')?.says).toContain('Postgres');
    expect(of('embeddings')?.says).toContain('lexical');
    expect(of('postgres')?.says).toMatch(/version \d+/);
    expect(of('clocks')?.says).toMatch(/by \d+ ms$/);
    expect(of('bot.messages')?.says).toContain('afterword run');
  });

  it('examines a database that was never migrated, and says what to run', async () => {
    const { exitCode, of } = await examine({ DATABASE_URL: empty.url });
    expect(exitCode).toBe(0);
    expect(of('schema')).toMatchObject({
      state: 'warn',
      hint: expect.stringContaining('afterword migrate') as string,
    });
    expect(of('postgres')).toMatchObject({ state: 'ok' });
  });

  it('fails for a schema of a newer binary', async () => {
    const own = await createTestDatabase();
    const pool = new pg.Pool({ connectionString: own.url, max: 1 });
    await pool.query(`insert into afterword.schema_migrations (version, name) values (999, 'of tomorrow')`);
    await pool.end();
    const { exitCode, of } = await examine({ DATABASE_URL: own.url });
    expect(exitCode).toBe(1);
    expect(of('schema')).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('version 999') as string,
    });
    await own.drop();
  });

  it('warns of deletes that name no message, as without the channel that their messages had', async () => {
    const harness = await openStoreHarness();
    await harness.begin();
    const ids = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const say = (id: string) => ({ id, atMs: dayMs, channel: 'one' });
    await storeRecords(harness.store, logOf(ids.map((id) => message(say(id)))));
    const deletes = ids.map((id) => deleted({ ...say(id), channel: null, atMs: dayMs + 1 }));
    await storeRecords(harness.store, logOf(deletes, { firstOffset: 100 }));
    const look = async (): Promise<Finding | undefined> =>
      (await examine({ DATABASE_URL: harness.url })).of('deletes');
    // Their messages may still come.
    expect(await look()).toBeUndefined();
    await harness.pool.query(
      `update afterword.message_changes set received_at = clock_timestamp() - interval '2 hours'`,
    );
    expect(await look()).toMatchObject({
      state: 'warn',
      says: '12 of 12 name no message that is stored, so they deleted nothing',
    });
    await harness.close();
  });

  it('warns of settings that are configured and not in force, one by one', async () => {
    const own = await createTestDatabase();
    const pool = new pg.Pool({ connectionString: own.url, max: 1 });
    await inTransaction(pool, (client) => settingsInForce(client, { settings: storedSettings }));
    await pool.end();
    const { exitCode, findings } = await examine({
      DATABASE_URL: own.url,
      SESSION_GAP: '5m',
      SESSION_MAX_MESSAGES: '9',
    });
    expect(exitCode).toBe(0);
    expect(findings.filter(({ check }) => check === 'settings')).toMatchObject([
      { state: 'warn', says: 'SESSION_GAP is configured as 5m; 30m is in force' },
      { state: 'warn', says: 'SESSION_MAX_MESSAGES is configured as 9; 500 is in force' },
    ]);
    await own.drop();
  });

  it('fails for a user without rights, and says which', async () => {
    const role = `powerless_${randomBytes(4).toString('hex')}`;
    const admin = new pg.Pool({ connectionString: empty.url, max: 1 });
    await admin.query(`create role ${role} login password '${password}'`);
    const url = new URL(empty.url);
    url.username = role;
    url.password = password;
    const { exitCode, of, printed } = await examine({ DATABASE_URL: url.href });
    await admin.query(`drop role ${role}`);
    await admin.end();
    expect(exitCode).toBe(1);
    expect(of('postgres rights')).toMatchObject({ state: 'fail', hint: 'grant it create on the database' });
    expect(printed).not.toContain(password);
  });

  it('passes on the doubts of the configuration, and no value of it', async () => {
    const { exitCode, of } = await examine({ DATABASE_URL: database.url, QDRANT_API_KEY: password });
    expect(exitCode).toBe(0);
    expect(of('configuration')).toMatchObject({ state: 'warn' });
    expect(of('configuration')?.says).toContain('QDRANT_API_KEY');
    expect(of('configuration')?.says).not.toContain(password);
  });

  it('tells what holds for a bot', async () => {
    const { context, out } = commandHarness({ DATABASE_URL: database.url, SESSION_GAP: '7m' });
    await runDoctor(context, { json: false, bot: 'aria' });
    expect(out.join('\n')).toMatch(/Bot aria\n {2}gap 7m/);
    const json = commandHarness({ DATABASE_URL: database.url });
    await runDoctor(json.context, { json: true, bot: 'aria' });
    expect(JSON.parse(json.out.at(-1) ?? '')).toMatchObject({
      bot: 'aria',
      holds: expect.arrayContaining(['model claude-haiku-5-5']) as string[],
    });
  });

  it('prints a line for each look, what to do beneath, and a verdict', async () => {
    const { context, out, notes } = commandHarness({ DATABASE_URL: empty.url });
    await runDoctor(context, { json: false });
    const line = out.findIndex((text) => text.startsWith('WARN  schema'));
    expect(out[line + 1]).toMatch(/^ +→ run `afterword migrate`/);
    expect(notes).toEqual([expect.stringMatching(/^0 failed, 1 worth a look, \d+ well$/)]);
  });
});

describeWithPostgres('afterword doctor where parts are dead', () => {
  const server = AnthropicServer.start();
  afterEach(async () => {
    (await server).reset();
  });
  afterAll(async () => {
    await (await server).close();
  });

  it('examines the other parts of a system whose database is dead, and never throws', async () => {
    const anthropic = await server;
    const { exitCode, of, printed } = await examine({
      DATABASE_URL: `postgres://someone:${password}@${deadPort}/afterword`,
      ANTHROPIC_API_KEY: testApiKey,
      ANTHROPIC_BASE_URL: anthropic.baseURL,
    });
    expect(exitCode).toBe(1);
    expect(of('postgres')).toMatchObject({
      state: 'fail',
      hint: expect.stringContaining('DATABASE_URL') as string,
    });
    expect(of('log')).toMatchObject({ state: 'fail', says: 'the embedded log lives in the database' });
    expect(of('model')).toMatchObject({ state: 'ok' });
    expect(anthropic.calls).toHaveLength(1);
    expect(anthropic.refusals).toEqual([]);
    expect(printed).not.toContain(password);
    expect(printed).not.toContain(testApiKey);
  });

  it('fails for every dead part at once, each with what to check', async () => {
    const { exitCode, findings, printed } = await examine({
      DATABASE_URL: `postgres://someone:${password}@${deadPort}/afterword`,
      KAFKA_BROKERS: deadPort,
      QDRANT_URL: `http://${deadPort}`,
      QDRANT_API_KEY: password,
      EMBEDDINGS_URL: `http://${deadPort}`,
      EMBEDDINGS_MODEL: 'tiny',
      ANTHROPIC_API_KEY: password,
      ANTHROPIC_BASE_URL: `http://${deadPort}`,
    });
    expect(exitCode).toBe(1);
    const failures = findings.filter(({ state }) => state === 'fail');
    expect(failures.map(({ check }) => check)).toEqual(['postgres', 'log', 'vectors', 'embeddings', 'model']);
    expect(failures.every(({ hint }) => hint !== undefined && hint !== '')).toBe(true);
    expect(printed).not.toContain(password);
  });

  it.each([
    [401, 'authentication_error'],
    [404, 'not_found_error'],
    [529, 'overloaded_error'],
  ])('fails for a model that answers %d, without quoting it', async (status, type) => {
    const anthropic = await server;
    anthropic.script({ kind: 'error', status, type, message: `no ${password}` });
    const { exitCode, of, printed } = await examine({
      DATABASE_URL: `postgres://someone@${deadPort}/afterword`,
      ANTHROPIC_API_KEY: testApiKey,
      ANTHROPIC_BASE_URL: anthropic.baseURL,
    });
    expect(exitCode).toBe(1);
    expect(of('model')).toMatchObject({ state: 'fail', hint: expect.any(String) as string });
    expect(printed).not.toContain(password);
  });

  it('tells that a server answers in no form, until it is asked by a tool', async () => {
    const compatible = await AnthropicServer.start({ structuredOutput: 'ignores' });
    const environment = {
      DATABASE_URL: `postgres://someone@${deadPort}/afterword`,
      ANTHROPIC_API_KEY: testApiKey,
      ANTHROPIC_BASE_URL: compatible.baseURL,
    };
    const before = await examine(environment);
    expect(before.of('model')).toMatchObject({ state: 'fail', hint: 'Set MODEL_OUTPUT=tool.' });
    const after = await examine({ ...environment, MODEL_OUTPUT: 'tool' });
    expect(after.of('model')).toMatchObject({ state: 'ok' });
    await compatible.close();
  });

  it('asks Qdrant with its key and the embeddings service for a word', async () => {
    const qdrant = await QdrantServer.start({ apiKey: 'qdrant-key' });
    const embeddings = await EmbeddingsServer.start({ model: 'tiny', dimension: 12 });
    const environment = {
      DATABASE_URL: `postgres://someone@${deadPort}/afterword`,
      QDRANT_URL: qdrant.url,
      EMBEDDINGS_URL: embeddings.url,
      EMBEDDINGS_MODEL: 'tiny',
    };
    const good = await examine({ ...environment, QDRANT_API_KEY: 'qdrant-key' });
    expect(good.of('vectors')).toMatchObject({ state: 'ok' });
    expect(good.of('embeddings')).toMatchObject({
      state: 'ok',
      says: expect.stringContaining('12 dimensions') as string,
    });
    const bad = await examine({ ...environment, QDRANT_API_KEY: 'another' });
    expect(bad.of('vectors')).toMatchObject({ state: 'fail', hint: 'check QDRANT_API_KEY' });
    await qdrant.close();
    await embeddings.close();
  });
});

describeWithKafka('afterword doctor with a real broker', (brokers) => {
  const topics = { messages: '', results: '', deadLetters: '' };
  const suffix = randomBytes(4).toString('hex');
  for (const name of ['messages', 'results', 'deadLetters'] as const)
    topics[name] = `doctor-${name}-${suffix}`;

  const environment = {
    // The broker is examined whether or not there is a database.
    DATABASE_URL: `postgres://someone@${deadPort}/afterword`,
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_MESSAGES_TOPIC: topics.messages,
    KAFKA_RESULTS_TOPIC: topics.results,
    KAFKA_DEAD_LETTER_TOPIC: topics.deadLetters,
  };

  async function makeTopic(topic: string, settings: Record<string, string>): Promise<void> {
    const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    await createTopics(admin, [
      {
        topic,
        numPartitions: 3,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
      },
    ]);
    await admin.disconnect();
  }

  it('fails for topics that are missing, and says how to make them', async () => {
    const { of } = await examine(environment);
    expect(of('log')).toMatchObject({ state: 'ok' });
    for (const topic of Object.values(topics)) {
      expect(of(topic)).toMatchObject({
        state: 'fail',
        hint: expect.stringContaining('--create-topics') as string,
      });
    }
  });

  it('warns of a short retention, and fails for a compacted results topic', async () => {
    await makeTopic(topics.messages, { 'retention.ms': '3600000', 'max.message.bytes': '2000000' });
    await makeTopic(topics.results, { 'cleanup.policy': 'compact' });
    await makeTopic(topics.deadLetters, { 'max.message.bytes': '1000000' });
    const { exitCode, of } = await examine(environment);
    expect(exitCode).toBe(1);
    expect(of(topics.messages)).toMatchObject({ state: 'warn', says: '3 partitions, records kept for 1 h' });
    expect(of(topics.results)).toMatchObject({ state: 'fail', says: 'is compacted' });
    expect(of(topics.deadLetters)).toMatchObject({
      state: 'warn',
      hint: expect.stringContaining('2000000') as string,
    });
  });
});
