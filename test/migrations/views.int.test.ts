import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import {
  fact,
  preference,
  saidFact,
  seedMemory,
  seedPerson,
  seedRun,
  seedWindow,
  type Person,
} from './seed.ts';

/** Names, order and types that bots of the predecessor were written against. */
const contract = {
  conversation_summaries: [
    ['id', 'integer'],
    ['user_id', 'character varying(255)'],
    ['bot_name', 'character varying(100)'],
    ['summary_text', 'text'],
    ['summary_type', 'character varying(50)'],
    ['start_timestamp', 'timestamp without time zone'],
    ['end_timestamp', 'timestamp without time zone'],
    ['message_count', 'integer'],
    ['key_topics', 'character varying[]'],
    ['emotional_tone', 'character varying(50)'],
    ['compression_ratio', 'double precision'],
    ['confidence_score', 'double precision'],
    ['enrichment_version', 'character varying(20)'],
    ['created_at', 'timestamp without time zone'],
    ['updated_at', 'timestamp without time zone'],
  ],
  universal_users: [
    ['universal_id', 'character varying(255)'],
    ['primary_username', 'character varying(255)'],
    ['display_name', 'character varying(255)'],
    ['email', 'character varying(255)'],
    ['created_at', 'timestamp without time zone'],
    ['last_active', 'timestamp without time zone'],
    ['preferences', 'jsonb'],
    ['privacy_settings', 'text'],
  ],
  fact_entities: [
    ['id', 'uuid'],
    ['entity_type', 'text'],
    ['entity_name', 'text'],
    ['category', 'text'],
    ['subcategory', 'text'],
    ['attributes', 'jsonb'],
    ['search_vector', 'tsvector'],
    ['created_at', 'timestamp without time zone'],
    ['updated_at', 'timestamp without time zone'],
  ],
  user_fact_relationships: [
    ['id', 'uuid'],
    ['user_id', 'character varying(255)'],
    ['entity_id', 'uuid'],
    ['relationship_type', 'text'],
    ['confidence', 'double precision'],
    ['strength', 'double precision'],
    ['emotional_context', 'text'],
    ['context_metadata', 'jsonb'],
    ['source_conversation_id', 'text'],
    ['mentioned_by_character', 'text'],
    ['source_platform', 'text'],
    ['related_entities', 'jsonb'],
    ['created_at', 'timestamp without time zone'],
    ['updated_at', 'timestamp without time zone'],
  ],
} as const;
const viewNames = Object.keys(contract) as (keyof typeof contract)[];

async function columnsOf(pool: pg.Pool, relation: string): Promise<[string, string][]> {
  const { rows } = await pool.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [relation],
  );
  return rows.map(({ name, type }) => [name, type]);
}

describeWithPostgres('the views that existing bots read', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let ann: Person;
  let annOfBruno: Person;
  let ben: Person;
  let annsWindow: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    // A reader's time zone must not matter.
    pool = new pg.Pool({
      connectionString: database.url,
      max: 2,
      options: '-c timezone=America/Los_Angeles',
    });
    ann = await seedPerson(pool, 'aria', 'ann');
    annOfBruno = await seedPerson(pool, 'bruno', 'ann');
    ben = await seedPerson(pool, 'aria', 'ben');
    await seedPeople();
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function seedPeople(): Promise<void> {
    annsWindow = await seedWindow(pool, ann, {
      startedAt: '2026-03-01T10:00:00Z',
      work: 'done',
      summary: {},
    });
    await seedWindow(pool, ann, {
      startedAt: '2026-03-02T10:00:00Z',
      status: 'superseded',
      work: 'done',
      summary: {},
    });
    await seedWindow(pool, ann, { startedAt: '2026-03-03T09:00:00Z', status: 'open' });
    await seedWindow(pool, ben, {
      startedAt: '2026-03-01T10:00:00Z',
      work: 'done',
      summary: { key_topics: [] },
    });
    const hers = { windowId: annsWindow, messageId: 'm1' };
    await seedMemory(pool, ann, {
      facts: [
        saidFact(
          { relation: 'lives_in', entity_name: 'Rome', entity_type: 'place' },
          'I live in Rome',
          '2026-01-01',
          hers,
        ),
        saidFact(
          { relation: 'lives_in', entity_name: 'Porto', entity_type: 'place' },
          'I moved to Porto',
          '2026-03-01',
          hers,
        ),
        saidFact(
          { relation: 'has', entity_name: 'cat', entity_type: 'pet', attributes: { name: 'Luna' } },
          'my cat Luna',
          '2026-03-01',
          hers,
        ),
        saidFact(
          { relation: 'likes', entity_name: 'coffee', entity_type: 'drink' },
          'I like coffee',
          '2026-03-01',
          hers,
        ),
        saidFact(
          { relation: 'has', entity_name: 'children', polarity: 'negative' },
          'no children',
          '2026-03-01',
          hers,
        ),
        saidFact(
          { relation: 'other', predicate: 'was born on', entity_name: '3 May', entity_type: 'event' },
          'born on 3 May',
          '2026-03-01',
          hers,
        ),
      ],
      preferences: [
        preference({ key: 'preferred_name', value: 'Annie' }, { on: '2026-02-01', windowId: annsWindow }),
        preference(
          { key: 'language', value: 'pt', explicit: false },
          { on: '2026-03-01', windowId: annsWindow },
        ),
        preference({ key: 'topic_preferences', value: 'space' }, { on: '2026-03-01', windowId: annsWindow }),
        preference({ key: 'topic_preferences', value: 'cats' }, { on: '2026-03-01', windowId: annsWindow }),
      ],
    });
    await seedMemory(pool, annOfBruno, {
      preferences: [
        preference(
          { key: 'preferred_name', value: 'A', explicit: false },
          { on: '2026-03-02', windowId: annsWindow },
        ),
      ],
    });
    await seedMemory(pool, ben, {
      facts: [
        fact(
          { relation: 'likes', entity_name: 'Coffee', entity_type: 'drink', polarity: 'negative' },
          { on: '2026-03-01', windowId: annsWindow },
        ),
        fact(
          {
            relation: 'plans_to',
            entity_name: 'Japan',
            entity_type: 'place',
            valid_to: '2026-03-09T00:00:00Z',
          },
          { on: '2026-03-01', windowId: annsWindow },
        ),
      ],
    });
  }

  const rowsOf = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await pool.query<Record<string, unknown>>(sql, values)).rows;

  it.each(viewNames)('%s has exactly the names, the order and the types of the contract', async (view) => {
    expect(await columnsOf(pool, `public.${view}`)).toEqual(contract[view]);
  });

  it('leaves no empty schema behind when public took all of them', async () => {
    const [row] = await rowsOf(`select to_regnamespace('afterword_compat') as schema`);
    expect(row).toEqual({ schema: null });
  });

  it('shows a summary of each live window, in UTC whatever the reader’s time zone', async () => {
    const rows = await rowsOf(
      `select user_id, bot_name, summary_text, summary_type, start_timestamp::text, end_timestamp::text, message_count,
         key_topics, emotional_tone, compression_ratio, confidence_score, enrichment_version
       from conversation_summaries order by user_id`,
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({
      user_id: 'ann',
      bot_name: 'aria',
      summary_text: 'The user spoke of Luna, their cat.',
      summary_type: 'time_window',
      start_timestamp: '2026-03-01 10:00:00',
      end_timestamp: '2026-03-01 10:12:00',
      message_count: 8,
      key_topics: ['cats', 'moving house'],
      emotional_tone: 'positive',
      compression_ratio: 0.12,
      confidence_score: 0.8,
      enrichment_version: '1',
    });
    expect(rows[1]).toMatchObject({ user_id: 'ben', key_topics: [] });
    const [created] = await rowsOf(
      `select bool_and(abs(extract(epoch from created_at - (now() at time zone 'UTC'))) < 3600) as now_in_utc
       from conversation_summaries`,
    );
    expect(created).toEqual({ now_in_utc: true });
  });

  it('gives one row a person over all bots, an explicit preference before a newer implied one', async () => {
    const rows = await rowsOf(
      `select universal_id, primary_username, display_name, last_active::text, preferences from universal_users
       order by universal_id`,
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      universal_id: 'ann',
      primary_username: 'ann',
      display_name: 'Annie',
      last_active: '2026-03-03 09:12:00',
      preferences: {
        preferred_name: {
          value: 'Annie',
          confidence: expect.any(Number) as number,
          updated_at: '2026-02-01T00:00:00',
          metadata: {
            extraction_method: 'model',
            reasoning: 'said so',
            conversation_context: 'Annie',
            is_explicit: true,
            is_preference_change: false,
            bot_name: 'aria',
          },
        },
        language: { value: 'pt', metadata: { is_explicit: false } },
        topic_preferences: { value: 'cats, space' },
      },
    });
    expect(rows[1]).toMatchObject({ universal_id: 'ben', display_name: null, preferences: {} });
  });

  it('joins what holds now with its entity, and never turns a denial into its opposite', async () => {
    const rows = await rowsOf(
      `select r.user_id, r.relationship_type, e.entity_type, e.entity_name from user_fact_relationships r
       join fact_entities e on e.id = r.entity_id order by r.user_id, r.relationship_type`,
    );
    expect(
      rows.map(({ user_id, relationship_type, entity_name }) => [user_id, relationship_type, entity_name]),
    ).toEqual([
      ['ann', 'has', 'cat'],
      ['ann', 'likes', 'coffee'],
      ['ann', 'lives_in', 'Porto'],
      ['ann', 'not_has', 'children'],
      ['ann', 'was_born_on', '3 May'],
      ['ben', 'dislikes', 'coffee'],
    ]);
  });

  it('keeps one row an entity, however people spell it, and their own details out of it', async () => {
    const coffee = await rowsOf(
      `select count(*)::int as rows from fact_entities where lower(entity_name) = 'coffee'`,
    );
    expect(coffee).toEqual([{ rows: 1 }]);
    const [cat] = await rowsOf(`select attributes, category from fact_entities where entity_name = 'cat'`);
    expect(cat).toEqual({ attributes: {}, category: 'pet' });
    const found = await rowsOf(
      `select entity_name from fact_entities where search_vector @@ plainto_tsquery('english', 'cats')`,
    );
    expect(found).toEqual([{ entity_name: 'cat' }]);
  });

  it('tells with each relationship who heard it, when, and the words that carry it', async () => {
    const [row] = await rowsOf(
      `select mentioned_by_character, source_conversation_id, created_at::text, updated_at::text, confidence,
         context_metadata from user_fact_relationships where relationship_type = 'has'`,
    );
    expect(row).toMatchObject({
      mentioned_by_character: 'aria',
      source_conversation_id: annsWindow,
      created_at: '2026-03-01 00:00:00',
      updated_at: '2026-03-01 00:00:00',
      context_metadata: {
        attributes: { name: 'Luna' },
        evidence: [{ messageId: 'm1', quote: 'my cat Luna' }],
      },
    });
  });

  it.each([
    `select count(*)::int as faults from conversation_summaries
     where bot_name is null or user_id is null or created_at is null or message_count < 1`,
    `select count(*)::int as faults from universal_users
     where preferences is not null and jsonb_typeof(preferences) <> 'object'`,
    `select count(*)::int as faults from user_fact_relationships r
     left join fact_entities e on r.entity_id = e.id where e.id is null`,
  ])('passes the predecessor’s integrity check: %s', async (check) => {
    expect(await rowsOf(check)).toEqual([{ faults: 0 }]);
    const sizes = await rowsOf(
      `select (select count(*) from conversation_summaries)::int, (select count(*) from universal_users)::int as users,
         (select count(*) from user_fact_relationships)::int as facts`,
    );
    expect(Object.values(sizes[0] ?? {}).every((size) => Number(size) > 0)).toBe(true);
  });

  it('shows a key’s active run only', async () => {
    const person = await seedPerson(pool, 'aria', 'cleo');
    const { rows } = await pool.query<{ run_id: number }>(
      `insert into afterword.runs (status) values ('preparing') returning run_id`,
    );
    const runId = rows[0]?.run_id ?? 0;
    await seedWindow(pool, person, { startedAt: '2026-03-01T10:00:00Z', work: 'done', summary: {}, runId });
    await seedMemory(
      pool,
      { ...person, runId },
      { facts: [fact({ relation: 'likes', entity_name: 'tea' })] },
    );
    const seen = `select (select count(*) from conversation_summaries where user_id = 'cleo')::int as summaries,
      (select count(*) from user_fact_relationships where user_id = 'cleo')::int as facts,
      (select count(*) from fact_entities where entity_name = 'tea')::int as entities`;
    expect(await rowsOf(seen)).toEqual([{ summaries: 0, facts: 0, entities: 0 }]);
    await pool.query('update afterword.user_keys set run_id = $2 where key_id = $1', [person.keyId, runId]);
    expect(await rowsOf(seen)).toEqual([{ summaries: 1, facts: 1, entities: 1 }]);
  });

  it('refuses to be written', async () => {
    for (const view of viewNames) {
      await expect(pool.query(`delete from ${view}`)).rejects.toMatchObject({ code: '55000' });
    }
  });

  it('is read by a role that was granted the views and nothing else', async () => {
    const role = `reader_${Math.random().toString(36).slice(2)}`;
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(`create role ${role}`);
      await client.query(`grant usage on schema public to ${role}`);
      for (const view of viewNames) await client.query(`grant select on ${view} to ${role}`);
      await client.query(`set local role ${role}`);
      for (const view of viewNames) {
        expect((await client.query(`select * from ${view}`)).rowCount).toBeGreaterThan(0);
      }
      await expect(client.query('select * from afterword.facts')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

/** Many people who all like coffee, each with a town, a cat and a summary of their own. */
async function seedCrowd(pool: pg.Pool, people: number): Promise<void> {
  const runId = await seedRun(pool);
  await pool.query(
    `insert into afterword.user_keys (bot_id, user_id, run_id, partition)
     select 'aria', 'user-' || n, $2, 0 from generate_series(1, $1::int) n`,
    [people, runId],
  );
  await pool.query(
    `insert into afterword.facts (run_id, key_id, fact_id, group_key, status, relation, entity_name, entity_type,
       confidence, last_seen_ms, fact)
     select k.run_id, k.key_id, gen_random_uuid(), e.name, 'current', e.relation, e.name, 'other', 0.8, 1772000000000,
       '{"polarity": "positive", "firstSeenMs": 1772000000000, "evidence": [{}]}'
     from afterword.user_keys k
     cross join lateral (values ('likes', 'coffee'), ('lives_in', 'town ' || k.key_id % 100), ('has', 'cat ' || k.key_id))
       as e (relation, name)`,
  );
  await pool.query(
    `insert into afterword.preferences (run_id, key_id, preference_id, group_key, status, preference_key, value,
       explicit, confidence, last_seen_ms, preference)
     select run_id, key_id, gen_random_uuid(), 'language', 'current', 'language', 'pt', true, 0.9, 1772000000000, '{}'
     from afterword.user_keys`,
  );
  await pool.query(
    `insert into afterword.windows (window_id, run_id, key_id, session_key, started_at_ms, ended_at_ms, message_count,
       status, check_at_ms, touched_at_ms, partition, close_reason)
     select gen_random_uuid(), run_id, key_id, key_id, 1772000000000, 1772000060000, 5, 'closed', 0, 0, 0, 'gap'
     from afterword.user_keys`,
  );
  await pool.query(
    `insert into afterword.stage_tasks (window_id, revision, stage, run_id, key_id, stage_version, strategy, status,
       method, result, members_digest, message_count, members_from_ms, members_to_ms)
     select window_id, 1, 'summary', run_id, key_id, '1', 'default', 'done', 'offline', '{}', '', 5, started_at_ms,
       ended_at_ms
     from afterword.windows`,
  );
  await pool.query('analyze');
}

describeWithPostgres('the views over many people', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    await seedCrowd(pool, 3_000);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it.each([
    `select * from conversation_summaries where user_id = 'user-7' and bot_name = 'aria'`,
    `select * from universal_users where universal_id = 'user-7'`,
    `select * from user_fact_relationships where user_id = 'user-7' order by confidence desc limit 25`,
    `select * from user_fact_relationships r join fact_entities e on e.id = r.entity_id where r.user_id = 'user-7'`,
  ])('find one person by indexes: %s', async (query) => {
    const { rows } = await pool.query<Record<string, string>>(`explain ${query}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).not.toContain('Seq Scan');
    expect(plan).toContain('user_keys_by_varchar');
    expect((await pool.query(query)).rowCount).toBeGreaterThan(0);
  });
});

describeWithPostgres('migrating where public is in use', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('leaves a table, a view, a sequence and a type of those names alone, and says where the views are', async () => {
    await pool.query(`
      create table universal_users (universal_id text primary key, note text);
      insert into universal_users values ('kept', 'as it was');
      create view fact_entities as select 1 as mine;
      create type user_fact_relationships as enum ('a')`);
    const report = await migrate(pool);
    expect(report.notices).toEqual([
      'afterword: public.universal_users, public.fact_entities, public.user_fact_relationships is there already ' +
        'and stays as it is; the four views are in schema afterword_compat',
    ]);
    const kept = await pool.query('select * from universal_users');
    expect(kept.rows).toEqual([{ universal_id: 'kept', note: 'as it was' }]);
    expect((await pool.query('select * from fact_entities')).rows).toEqual([{ mine: 1 }]);
    for (const [view, columns] of Object.entries(contract)) {
      expect(await columnsOf(pool, `afterword_compat.${view}`)).toEqual(columns);
    }
    const inPublic = await pool.query(`select to_regclass('public.conversation_summaries') as view`);
    expect(inPublic.rows).toEqual([{ view: null }]);
    expect((await migrate(pool)).notices).toEqual([]);
  });

  it('puts none of them beside one foreign table, so that what joins them meets only ours', async () => {
    const own = await createEmptyDatabase();
    const using = new pg.Pool({ connectionString: own.url, max: 1 });
    try {
      await using.query('create table fact_entities (id uuid primary key)');
      const { notices } = await migrate(using);
      expect(notices).toHaveLength(1);
      const { rows } = await using.query(
        `select table_schema as schema, count(*)::int as views from information_schema.views
         where table_name = any($1) group by 1`,
        [Object.keys(contract)],
      );
      expect(rows).toEqual([{ schema: 'afterword_compat', views: 4 }]);
      await using.query('set search_path to afterword_compat, public');
      const joined = `select count(*)::int as faults from user_fact_relationships r
         left join fact_entities e on e.id = r.entity_id where e.id is null`;
      expect((await using.query(joined)).rows).toEqual([{ faults: 0 }]);
    } finally {
      await using.end();
      await own.drop();
    }
  });

  it('keeps out of a public schema where its role may not create', async () => {
    const own = await createEmptyDatabase();
    const admin = new pg.Pool({ connectionString: own.url, max: 1 });
    const role = `migrator_${Math.random().toString(36).slice(2)}`;
    const url = new URL(own.url);
    const name = url.pathname.slice(1);
    await admin.query(`create role ${role} login password 'pw'`);
    await admin.query(`grant create on database ${name} to ${role}`);
    await admin.query('create extension btree_gist');
    await admin.query('revoke create on schema public from public');
    url.username = role;
    url.password = 'pw';
    const limited = new pg.Pool({ connectionString: url.href, max: 1 });
    try {
      const { notices } = await migrate(limited);
      expect(notices).toHaveLength(1);
      expect(notices[0]).toContain('this role may not create in schema public');
      expect(await columnsOf(limited, 'afterword_compat.universal_users')).toEqual(contract.universal_users);
    } finally {
      await limited.end();
      await admin.query(`drop owned by ${role} cascade`);
      await admin.query(`drop role ${role}`);
      await admin.end();
      await own.drop();
    }
  });
});
