import type { Kafka } from 'kafkajs';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { answer, honestDrafts, type Question } from '../support/anthropic-replies.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithKafka, uniqueTopic } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { until } from '../support/until.ts';
import { damages } from './damages.ts';
import { judgeAgainstFreshRun } from './fresh-run.ts';
import { isAtRest } from './line-at-rest.ts';
import { judge, judgeWithLog, type OracleInput } from './oracle.ts';
import { readLog, type Log } from './read-log.ts';
import { rules } from './rules/rules.ts';
import { loadSettings, variedLoad, type LoadRecord } from './varied-load.ts';
import { watchOffsets, type OffsetWatch } from './watch-offsets.ts';

/** Beside the honest model's one fact: where somebody lives, and how they want to be answered. */
function attentiveDrafts(question: Question): Record<string, unknown> {
  const drafts = honestDrafts(question);
  const facts = question.lines.flatMap(({ number, text }) => {
    const city = /^I live in (\w+)$/.exec(text)?.[1];
    const content = {
      relation: 'lives_in',
      predicate: null,
      entity_name: city,
      entity_type: 'place',
      attributes: [],
    };
    const meant = {
      polarity: 'positive',
      modality: 'stated',
      confidence: 0.9,
      valid_from: null,
      valid_to: null,
    };
    return city === undefined ? [] : [{ ...content, ...meant, evidence: [{ line: number, quote: text }] }];
  });
  const preferences = question.lines.flatMap(({ number, text }) => {
    if (text !== 'Please keep your answers short') return [];
    const asked = { explicit: true, confidence: 0.9, reasoning: 'asked for it' };
    return [{ key: 'response_length', value: 'short', ...asked, evidence: [{ line: number, quote: text }] }];
  });
  const said = drafts['facts'] as { readonly facts: readonly unknown[] } | undefined;
  return {
    ...drafts,
    ...(said !== undefined && { facts: { facts: [...said.facts, ...facts] } }),
    ...('preferences' in drafts && { preferences: { preferences } }),
  };
}

const sessionSettings = { SESSION_GAP: '30m', SESSION_MAX_MESSAGES: '10', SESSION_MAX_DURATION: '12h' };

/** A real line over a load of every kind, and real damage done to copies of what it left. */
describeWithKafka('the oracle over a line on a real Kafka and Postgres', () => {
  let line: LineUnderTest;
  let model: AnthropicServer;
  let fresh: TestDatabase;
  let watched: Awaited<ReturnType<OffsetWatch['stop']>>;
  let input: OracleInput;
  let log: Log;
  let sent: readonly LoadRecord[];
  let template: string | undefined;

  beforeAll(async () => {
    model = await AnthropicServer.start();
    model.byDefault = answer(attentiveDrafts);
    line = await LineUnderTest.start({ model });
    fresh = await createTestDatabase();
    const place = {
      brokers: (inject('kafkaBrokers') ?? '').split(','),
      databaseUrl: line.environment['DATABASE_URL'] ?? '',
      topics: { ...line.topics, deadLetter: line.topics.dead },
      groupId: line.topics.messages,
    };
    const watch = watchOffsets(place, 100);
    const load = variedLoad(Date.now());
    sent = [...load.first, ...load.later];
    const worker = line.startWorker('consume,extract,publish', sessionSettings);
    await send(line.kafka, line.topics.messages, load.first);
    await rest(line.pool, load.first.length);
    await send(line.kafka, line.topics.messages, load.later);
    await rest(line.pool, sent.length);
    expect((await worker.stop()).exitCode).toBe(0);
    input = {
      ...place,
      settings: loadSettings,
      logs: [worker.output()],
      modelCalls: model.calls.map(({ request }) => ({ body: JSON.stringify(request) })),
      allowedExtraCalls: 0,
    };
    watched = await watch.stop();
    log = await readLog(input);
  }, 240_000);

  afterAll(async () => {
    if (template !== undefined)
      await onServer((client) => client.query(`drop database if exists ${template}`));
    await line.close();
    await fresh.drop();
    await model.close();
  });

  async function rest(pool: pg.Pool, records: number): Promise<void> {
    await until(`a line at rest after ${records} records`, () => isAtRest(pool, records), {
      deadlineMs: 90_000,
    });
  }

  it('finds nothing wrong with an undisturbed line, and saw every kind of record', async () => {
    const { violations, counts } = await judge(input);
    expect(violations).toEqual([]);
    const kinds = [
      'repeats',
      'conflicts',
      'clamped',
      'edits',
      'deletes',
      'ends',
      'ignored',
      'refused',
      'superseded',
    ];
    const outcomes = ['windows', 'results', 'facts', 'preferences', 'events', 'modelCalls'];
    for (const kind of [...kinds, ...outcomes]) expect(counts, kind).toHaveProperty(kind, expect.any(Number));
    expect([...kinds, ...outcomes].filter((kind) => counts[kind] === 0)).toEqual([]);
    expect(counts['revisions']).toBeGreaterThan(counts['windows'] ?? 0);
  }, 60_000);

  it('saw no offset committed ahead of what was durable, and looked often', () => {
    expect(watched.violations).toEqual([]);
    expect(watched.samples).toBeGreaterThan(10);
  });

  it('finds the same in a fresh run over the same log', async () => {
    const violations = await judgeAgainstFreshRun(
      input,
      { databaseUrl: fresh.url, resultsTopic: uniqueTopic('fresh'), groupId: uniqueTopic('fresh') },
      async (databaseUrl, resultsTopic, groupId) => {
        const worker = line.startWorker(
          'consume,extract,publish',
          {
            ...sessionSettings,
            DATABASE_URL: databaseUrl,
            KAFKA_RESULTS_TOPIC: resultsTopic,
            KAFKA_DEAD_LETTER_TOPIC: `${resultsTopic}-dead`,
            KAFKA_GROUP_ID: groupId,
          },
          ['--create-topics'],
        );
        const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
        await rest(pool, sent.length).finally(() => pool.end());
        await worker.stop();
      },
    );
    expect(violations).toEqual([]);
  }, 120_000);

  it('tells where a fresh run differs', async () => {
    await onCopy(
      [`update afterword.facts set fact = jsonb_set(fact, '{confidence}', '0.123')`],
      async (url) => {
        const place = { databaseUrl: fresh.url, resultsTopic: '', groupId: '' };
        const violations = await judgeAgainstFreshRun({ databaseUrl: url }, place, () => Promise.resolve());
        expect(violations[0]).toMatchObject({
          rule: 'fresh-run',
          detail: expect.stringContaining('otherwise') as string,
        });
      },
    );
  });

  it.each(damages)('notices that $name', async ({ sql = [], log: spoil, input: mislead, breaks }) => {
    await onCopy(sql, async (databaseUrl) => {
      const own = { ...input, databaseUrl };
      const { violations } = await judgeWithLog(mislead?.(own) ?? own, spoil?.(log) ?? log);
      expect([...new Set(violations.map(({ rule }) => rule))].sort(), told(violations)).toEqual(
        [...breaks].sort(),
      );
      expect(told(violations)).not.toMatch(/zanzibar/i);
    });
  });

  it('notices what a deleted message said, wherever it stands', async () => {
    const gone = sent.find(({ value }) => String(value).includes('"id":"ben-a-4","role"'));
    const { content } = JSON.parse(String(gone?.value)) as { readonly content: string };
    const kept = `'{"said": "and ${content} now"}'`;
    await onCopy([`update afterword.kept_answers set answer = ${kept}`], async (databaseUrl) => {
      const { violations } = await judgeWithLog({ ...input, databaseUrl }, log);
      expect(violations.map(({ rule }) => rule)).toEqual(['deleted-text']);
      expect(told(violations)).toContain('kept_answers.answer');
      expect(told(violations)).not.toMatch(/zanzibar/i);
    });
  });

  it('notices a part of what somebody said in a log', async () => {
    const { content } = JSON.parse(String(sent[0]?.value)) as { readonly content: string };
    const logs = [...input.logs, JSON.stringify({ event: 'x', detail: `near ${content.slice(8, 34)}…` })];
    await onCopy([], async (databaseUrl) => {
      const { violations } = await judgeWithLog({ ...input, databaseUrl, logs }, log);
      expect(new Set(violations.map(({ rule }) => rule))).toEqual(new Set(['logs']));
      expect(told(violations)).not.toMatch(/zanzibar/i);
    });
  });

  it('notices, while it watches, an offset that is committed ahead', async () => {
    await onCopy(
      ['update afterword.partition_progress set next_offset = next_offset - 1'],
      async (databaseUrl) => {
        // Stopped at once it has looked once.
        await until('a sample', async () => {
          const { violations, samples } = await watchOffsets({ ...input, databaseUrl }).stop();
          if (samples > 0)
            expect(violations).toMatchObject([{ rule: 'offsets-watched' }, { rule: 'offsets-watched' }]);
          return samples > 0;
        });
      },
    );
  });

  it('was seen to notice a breach of each of its rules', () => {
    const broken = new Set([...damages.flatMap(({ breaks }) => breaks), 'deleted-text', 'logs']);
    expect(Object.keys(rules).filter((rule) => !broken.has(rule))).toEqual([]);
  });

  it('reads what was really put on the results topic', async () => {
    const last = log.records.findLast(({ topic }) => topic === input.topics.results);
    if (last === undefined) throw new Error('no event');
    const producer = line.kafka.producer();
    await producer.connect();
    const headers = Object.fromEntries(last.headers.map(([name, value]) => [name, value ?? '']));
    await producer.send({
      topic: last.topic,
      messages: [
        {
          partition: last.partition,
          key: last.key,
          value: last.value,
          headers: { ...headers, ce_id: 'another' },
        },
      ],
    });
    await producer.disconnect();
    const { violations } = await judge(input);
    expect(violations.map(({ rule }) => rule)).toEqual(['sequences']);
    expect(told(violations)).toContain('ce_id another');
  }, 60_000);

  /** Does the damage to a copy of the database, which goes afterwards. */
  async function onCopy(sql: readonly string[], work: (databaseUrl: string) => Promise<void>): Promise<void> {
    template ??= await makeTemplate();
    const name = uniqueTopic(template).replaceAll('-', '_');
    await onServer((client) => client.query(`create database ${name} template ${template}`));
    try {
      const url = new URL(input.databaseUrl);
      url.pathname = `/${name}`;
      await damage(url.href, sql);
      await work(url.href);
    } finally {
      await onServer((client) => client.query(`drop database ${name} with (force)`));
    }
  }

  /** As it is a minute later, when what was sent has left the outbox. */
  async function makeTemplate(): Promise<string> {
    await line.pool.query('delete from afterword.outbox');
    await line.copyDatabase();
    return `${new URL(input.databaseUrl).pathname.slice(1)}_copy`;
  }
});

async function send(kafka: Kafka, topic: string, records: readonly LoadRecord[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = records.map(({ timestampMs, headers, ...record }) => ({
    ...record,
    timestamp: String(timestampMs),
    ...(headers !== undefined && { headers: { ...headers } }),
  }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

async function damage(url: string, sql: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // No foreign keys and triggers: the damage is done, whoever would object.
    await client.query('set session_replication_role = replica');
    let touched: number | null = sql.length === 0 ? 1 : 0;
    for (const statement of sql) touched = (await client.query(statement)).rowCount;
    expect(touched, 'rows that the damage touched').toBeGreaterThan(0);
  } finally {
    await client.end();
  }
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function told(violations: readonly { readonly rule: string; readonly detail: string }[]): string {
  return violations.map(({ rule, detail }) => `${rule}: ${detail}`).join('\n');
}
