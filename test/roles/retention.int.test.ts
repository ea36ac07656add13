import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { createEmbeddedRecordSink } from '../../src/adapters/embedded/log/record-sink.ts';
import { createEmbeddedTopicAdmin } from '../../src/adapters/embedded/log/topic-admin.ts';
import { createWorker } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { openDatabase } from '../../src/resources.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { filesOf } from '../config/config-files.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';

const resultsTopic = 'conversation.enrichments';

describeWithPostgres('a process that publishes', () => {
  let harness: StoreHarness;
  beforeAll(async () => {
    harness = await openStoreHarness();
    await createEmbeddedTopicAdmin({ pool: harness.pool }).ensureTopic(resultsTopic, 1);
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    await harness.begin();
    await harness.pool.query('delete from afterword.log_records');
    await harness.pool.query(
      `insert into afterword.kept_answers
         (answer_key, key_id, window_id, members_from_ms, members_to_ms, model, answer, usage, created_at)
       values ('\\x01', 1, gen_random_uuid(), 0, 0, 'any', 'words', '{}', clock_timestamp() - interval '20 days')`,
    );
    await harness.pool.query(
      `insert into afterword.model_calls (call_id, day, called_at, run_id, bot_id, window_id, strategy, model,
         purpose, stages, outcome, stage_usage)
       values (gen_random_uuid(), (clock_timestamp() at time zone 'UTC')::date - 20, clock_timestamp(), 1, 'aria',
         gen_random_uuid(), 'default', 'any', 'first', '{}', 'ok', '[]')`,
    );
    const timestampMs = Date.now() - 20 * 24 * 60 * 60_000;
    const old = { topic: resultsTopic, key: 'k', value: 'told', headers: [], timestampMs };
    await createEmbeddedRecordSink({ pool: harness.pool }).send([old]);
  });

  const tables = ['kept_answers', 'log_records', 'model_calls'] as const;

  async function left(): Promise<string[]> {
    const filled: string[] = [];
    for (const table of tables) {
      if ((await harness.rows(`select 1 from afterword.${table} limit 1`)).length > 0) filled.push(table);
    }
    return filled;
  }

  async function publishUntil(retention: object, gone: () => Promise<boolean>): Promise<void> {
    const config = loadConfig(
      { DATABASE_URL: harness.url, AFTERWORD_CONFIG: 'afterword.json' },
      filesOf({ 'afterword.json': JSON.stringify({ retention }) }),
    );
    const database = await openDatabase(config, silentLogger);
    const worker = await createWorker({ config, database, logger: silentLogger, roles: ['publish'] });
    await worker.start();
    try {
      await until('what is old is gone', gone);
    } finally {
      await worker.stop(10_000);
      await database.stop();
    }
  }

  it(
    'removes what is older than was configured, and nothing that is younger',
    { timeout: 120_000 },
    async () => {
      const retention = { keptAnswers: '10d', modelCalls: '30d', embeddedLog: '10d' };
      await publishUntil(retention, async () => (await left()).length <= 1);
      expect(await left()).toEqual(['model_calls']);
    },
  );

  it('keeps for ever what is never to be removed', { timeout: 120_000 }, async () => {
    const retention = { keptAnswers: 'never', modelCalls: '10d', embeddedLog: 'never' };
    await publishUntil(retention, async () => (await left()).length <= 2);
    expect(await left()).toEqual(['kept_answers', 'log_records']);
  });
});
