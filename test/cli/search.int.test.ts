import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPostgresVectorOutbox } from '../../src/adapters/postgres/vector-outbox.ts';
import { runReindex } from '../../src/cli/reindex.ts';
import { runSearch, type SearchOptions } from '../../src/cli/search.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { indexVectorsOnce } from '../../src/publish/index-vectors.ts';
import { openVectors } from '../../src/vectors.ts';
import { EmbeddingsServer } from '../adapters/embeddings/embeddings-server.ts';
import { conversation, learn } from '../publish/learning.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { QdrantServer } from '../support/qdrant-server.ts';
import { openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { commandHarness, type CommandHarness } from './command-harness.ts';

const annSaid = [
  'I live in Porto.',
  'I have a cat named Luna.',
  'Luna sleeps.',
  'I work as a nurse.',
  'Bye!',
];
const benSaid = ['I live in Oslo.', 'I work as a baker.', 'It is late.', 'I am tired.', 'Bye!'];
const signal = new AbortController().signal;

describeWithPostgres('afterword search', () => {
  let harness: StoreHarness;
  let environment: Record<string, string>;

  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterAll(async () => {
    await harness.close();
  });
  beforeEach(async () => {
    await harness.begin();
    await harness.pool.query('delete from afterword.vectors; delete from afterword.vector_destinations');
    await learn(harness, conversation(0, annSaid));
    await learn(harness, conversation(0, benSaid, { user: 'ben', bot: 'bob' }));
    environment = { DATABASE_URL: harness.url };
  });

  /** As the third loop of a process with this environment does it. */
  async function index(): Promise<void> {
    const config = loadConfig(environment, () => '');
    const database = { pool: harness.pool, label: 'test', embedded: false, stop: () => Promise.resolve() };
    await indexVectorsOnce({
      ...(await openVectors(config, database, signal)),
      outbox: createPostgresVectorOutbox(harness.pool),
      owner: 'indexer-1',
      leaseMs: 60_000,
      batchSize: 100,
      signal,
    });
  }

  async function search(options: Partial<SearchOptions>): Promise<CommandHarness & { exitCode: number }> {
    const command = commandHarness(environment);
    const exitCode = await runSearch(command.context, { text: 'Porto', limit: 10, json: false, ...options });
    return { ...command, exitCode };
  }

  it('prints score, kind, day, who and sentence, best first', async () => {
    await index();
    const { exitCode, out, notes } = await search({ text: 'who lives in Porto?', kind: 'fact' });
    expect(exitCode).toBe(0);
    expect(out[0]).toMatch(/^[01]\.\d\d {2}fact {5}2026-01-05 {2}aria ↔ ann {2}Lives in Porto$/);
    const scores = out.map((line) => Number(line.split(' ')[0]));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(notes).toEqual([]);
  });

  it('prints one object a line for programs', async () => {
    await index();
    const { out } = await search({ text: 'cat', kind: 'fact', limit: 1, json: true });
    const windows = await harness.rows<{ window_id: string }>(
      `select window_id from afterword.windows w join afterword.user_keys k using (key_id) where k.user_id = 'ann'`,
    );
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        score: expect.any(Number) as number,
        kind: 'fact',
        bot_id: 'aria',
        user_id: 'ann',
        channel_id: null,
        channel_types: [],
        window_id: windows[0]?.window_id,
        occurred_at: '2026-01-05T09:01:00.000Z',
        text: 'Owns a cat named Luna',
      },
    ]);
  });

  it('narrows by bot, person and kind, and to so many', async () => {
    await index();
    expect((await search({ user: 'ben' })).out.join('\n')).not.toContain('ann');
    expect((await search({ bot: 'bob', kind: 'fact' })).out.join('\n')).toContain('Lives in Oslo');
    expect((await search({ kind: 'summary' })).out).toHaveLength(2);
    expect((await search({ limit: 1 })).out).toHaveLength(1);
  });

  it('finds everything again after `reindex` filled an index that was lost', async () => {
    await index();
    await harness.pool.query('delete from afterword.vectors');
    expect((await search({})).out).toEqual([]);
    const command = commandHarness(environment);
    expect(await runReindex(command.context)).toBe(0);
    expect(command.out).toEqual([
      expect.stringMatching(/^indexed \d+ rows of memory in Postgres, lexical-v1@384$/),
    ]);
    expect((await search({ kind: 'fact' })).out.join('\n')).toContain('Lives in Porto');
    expect(await createPostgresVectorOutbox(harness.pool).backlog(1)).toBe(0);
  });

  it('says on stderr that nothing was found, which is no failure', async () => {
    const { exitCode, out, notes } = await search({});
    expect({ exitCode, out, notes }).toEqual({ exitCode: 0, out: [], notes: ['nothing found'] });
  });

  it('refuses a blank text as wrong usage, before it opens anything', async () => {
    environment = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' };
    expect((await search({ text: ' \n' })).exitCode).toBe(2);
  });

  it('lets no text of a conversation move the cursor or begin a row', async () => {
    await index();
    await harness.pool.query(
      `update afterword.vectors set item_text = E'Lives in \\x1b[31mPorto\\nand\\r\\u202eoslo' where kind = 'fact'`,
    );
    const { out } = await search({ kind: 'fact' });
    for (const line of out) expect(line).toMatch(/Lives in \[31mPorto and oslo$/);
    expect(out.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it('searches in Qdrant with the vectors of a service where both are configured', async () => {
    const qdrant = await QdrantServer.start({ apiKey: 'qdrant-key' });
    const embeddings = await EmbeddingsServer.start({
      model: 'small-one',
      dimension: 4,
      apiKey: 'embeddings-key',
    });
    try {
      environment = {
        DATABASE_URL: harness.url,
        QDRANT_URL: qdrant.url,
        QDRANT_API_KEY: 'qdrant-key',
        EMBEDDINGS_URL: embeddings.url,
        EMBEDDINGS_MODEL: 'small-one',
        EMBEDDINGS_API_KEY: 'embeddings-key',
      };
      await index();
      const { out } = await search({ user: 'ann', kind: 'fact' });
      expect(out.join('\n')).toContain('Owns a cat named Luna');
      expect(out.join('\n')).not.toContain('ben');
      expect([...qdrant.refusals, ...embeddings.refusals]).toEqual([]);
      expect(await harness.rows('select 1 from afterword.vectors')).toEqual([]);
    } finally {
      await Promise.all([qdrant.close(), embeddings.close()]);
    }
  });

  it('fails with a code, and without the words that were looked for, when the service is away', async () => {
    const embeddings = await EmbeddingsServer.start({ model: 'small-one', dimension: 4 });
    environment = {
      DATABASE_URL: harness.url,
      EMBEDDINGS_URL: embeddings.url,
      EMBEDDINGS_MODEL: 'small-one',
    };
    await embeddings.close();
    const error: unknown = await search({ text: 'spiders' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'EMBEDDINGS_UNAVAILABLE' });
    expect(String(error)).not.toContain('spiders');
  });
});
