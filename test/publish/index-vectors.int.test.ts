import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLexicalEmbedder } from '../../src/adapters/embeddings/lexical-embedder.ts';
import { createDeferred } from '../../src/adapters/kafka/deferred.ts';
import { createPostgresVectorIndex } from '../../src/adapters/postgres/vector-index.ts';
import { createPostgresVectorOutbox } from '../../src/adapters/postgres/vector-outbox.ts';
import {
  enqueueAllVectors,
  enqueueKeyVectors,
  enqueueVectorErasure,
} from '../../src/adapters/postgres/vector-outbox-rows.ts';
import { inTransaction } from '../../src/adapters/postgres/transaction.ts';
import { AfterwordError } from '../../src/errors.ts';
import type { Embedder } from '../../src/publish/embedder.ts';
import {
  indexVectorsOnce,
  type IndexPass,
  type IndexVectorsOptions,
} from '../../src/publish/index-vectors.ts';
import type { VectorFilter, VectorIndex } from '../../src/publish/vector-index.ts';
import { CrashingPool, crashPoints } from '../adapters/postgres/crashing-pool.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { message, minuteMs, openStoreHarness, dayMs, type StoreHarness } from '../support/store-harness.ts';
import { until } from '../support/until.ts';
import { conversation, learn } from './learning.ts';

const lexical = createLexicalEmbedder();
const porto = [
  'I live in Porto.',
  'I have a cat named Luna.',
  'Luna is asleep.',
  'I work as a nurse.',
  'Good night!',
];
const berlin = ['I live in Berlin now.', 'It is cold here.', 'I miss the sea.', 'Luna likes it.', 'Bye!'];
const hour = 60;

describeWithPostgres('indexing what was learnt', () => {
  let harness: StoreHarness;

  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterAll(async () => {
    await harness.close();
  });
  beforeEach(async () => {
    await beginAnew();
    // Adopts the index while nothing is known.
    await pass();
  });

  async function beginAnew(): Promise<void> {
    await harness.begin();
    await harness.pool.query('delete from afterword.vectors; delete from afterword.vector_destinations');
  }

  const indexOver = (pool: pg.Pool, embedder: Embedder = lexical): VectorIndex =>
    createPostgresVectorIndex(pool, embedder.name, embedder.dimension);

  function pass(changes: Partial<IndexVectorsOptions> & { pool?: pg.Pool } = {}): Promise<IndexPass> {
    const { pool = harness.pool, embedder = lexical, ...others } = changes;
    return indexVectorsOnce({
      outbox: createPostgresVectorOutbox(pool),
      embedder,
      index: indexOver(pool, embedder),
      owner: 'indexer-1',
      leaseMs: 60_000,
      batchSize: 100,
      signal: new AbortController().signal,
      ...others,
    });
  }

  async function indexAll(changes: Partial<IndexVectorsOptions> = {}): Promise<void> {
    await until('everything is indexed', async () => {
      await pass(changes);
      return (await createPostgresVectorOutbox(harness.pool).backlog(1)) === 0;
    });
  }

  async function search(text: string, filter: VectorFilter = {}, embedder = lexical): Promise<string[]> {
    const [vector = []] = await embedder.embed([text], new AbortController().signal);
    const hits = await indexOver(harness.pool, embedder).search(vector, filter, 50);
    return hits.map(({ item }) => item.text);
  }

  /** Everything in the index, as it stands. */
  async function indexed(): Promise<unknown[]> {
    return harness.rows(
      `select embedder, item_id, kind, bot_id, user_id, channel_id, channel_types, window_id, item_text,
         occurred_at_ms, vector
       from afterword.vectors order by embedder, item_id`,
    );
  }

  async function reindexed(): Promise<void> {
    await inTransaction(harness.pool, enqueueAllVectors);
    await indexAll();
  }

  const unsent = async (): Promise<number> => createPostgresVectorOutbox(harness.pool).backlog(1_000);

  const expireLease = async (): Promise<void> => {
    await harness.pool.query(
      `update afterword.leases set expires_at = clock_timestamp() - interval '1 second' where name = 'indexer'`,
    );
  };

  it('finds facts as sentences and summaries by their words, best first', async () => {
    await learn(harness, conversation(0, porto));
    expect(await search('where does she live')).toEqual([]);
    expect(await pass()).toMatchObject({ active: true, indexed: { summary: 1 }, full: false });
    expect((await search('cat Luna', { kind: 'fact' }))[0]).toBe('Owns a cat named Luna');
    expect((await search('living in Porto', { kind: 'fact' }))[0]).toBe('Lives in Porto');
    expect(await search('Porto', { kind: 'summary' })).toHaveLength(1);
    expect(await search('Porto', { userId: 'ben' })).toEqual([]);
    expect(await unsent()).toBe(0);
  });

  it('does nothing, and writes nothing, while nothing waits', async () => {
    await learn(harness, conversation(0, porto));
    await pass();
    const before = await indexed();
    const leases = await harness.rows('select * from afterword.leases order by name');
    expect(await pass({ owner: 'indexer-2' })).toEqual({
      active: true,
      indexed: { summary: 0, fact: 0 },
      removed: 0,
      linked: 0,
      full: false,
    });
    expect(await harness.rows('select * from afterword.leases order by name')).toEqual(leases);
    expect(await indexed()).toEqual(before);
  });

  it('takes a fact out when a newer one supersedes it', async () => {
    await learn(harness, conversation(0, porto));
    await pass();
    await learn(harness, conversation(5 * hour, berlin));
    expect(await pass()).toMatchObject({ active: true, removed: 1 });
    const facts = await search('lives in', { kind: 'fact' });
    expect(facts).toContain('Lives in Berlin');
    expect(facts).not.toContain('Lives in Porto');
    expect(await search('', { kind: 'summary' })).toHaveLength(2);
  });

  const links = () =>
    harness.rows<{ later: string; earlier: string; similarity: number }>(
      `select later.started_at_ms::text as later, earlier.started_at_ms::text as earlier, l.similarity
       from afterword.summary_links l
       join afterword.windows later on later.window_id = l.window_id
       join afterword.windows earlier on earlier.window_id = l.earlier_window_id
       order by 1, 2`,
    );
  const startOf = (minute: number): string => String(dayMs + minute * minuteMs);

  it('links summaries of one person that say the same to the earlier ones, in whatever order they came', async () => {
    await learn(harness, conversation(24 * hour, porto));
    await learn(harness, conversation(10 * hour, berlin));
    await learn(harness, conversation(0, porto, { user: 'ben' }));
    await pass();
    expect(await links()).toEqual([]);
    await learn(harness, conversation(0, porto));
    expect(await pass()).toMatchObject({ linked: 1 });
    const [link, ...others] = await links();
    expect(link).toMatchObject({ later: startOf(24 * hour), earlier: startOf(0) });
    expect(link?.similarity).toBeGreaterThan(0.99);
    expect(others).toEqual([]);
    // Once more is the same.
    await reindexed();
    expect(await links()).toEqual([link]);
  });

  it('takes a link away with either of its windows', async () => {
    await learn(harness, conversation(0, porto));
    await learn(harness, conversation(24 * hour, porto));
    await indexAll();
    expect(await links()).toHaveLength(1);
    // The earlier conversation becomes one with what was said just before it.
    await learn(harness, conversation(-20, berlin));
    await indexAll();
    expect((await links()).map(({ earlier }) => earlier)).not.toContain(startOf(0));
  });

  it('links nothing after another process has taken over', async () => {
    await learn(harness, conversation(0, porto));
    await learn(harness, conversation(24 * hour, porto));
    const outbox = createPostgresVectorOutbox(harness.pool);
    const stalled = {
      ...outbox,
      relink: async (...given: Parameters<typeof outbox.relink>) => {
        await expireLease();
        expect(await outbox.holdLease('indexer-2', 60_000)).toBe(true);
        await outbox.relink(...given);
      },
    };
    expect(await pass({ outbox: stalled })).toEqual({ active: false });
    expect(await links()).toEqual([]);
    await outbox.releaseLease('indexer-2');
    await indexAll({ owner: 'indexer-3' });
    expect(await links()).toHaveLength(1);
  });

  it('takes the summary of a superseded window out', async () => {
    await learn(harness, conversation(0, porto));
    await learn(harness, conversation(hour - 15, berlin));
    await indexAll();
    expect(await search('', { kind: 'summary' })).toHaveLength(2);
    // Twenty minutes after the first, twenty before the second: one window now.
    const bridge = message({ id: 'late', atMs: dayMs + 25 * minuteMs, content: 'Still there?' });
    await learn(harness, [bridge]);
    await indexAll();
    expect(await search('', { kind: 'summary' })).toHaveLength(1);
    expect(await search('lives in', { kind: 'fact' })).toContain('Lives in Berlin');
  });

  it('keeps every type of channel in which a fact was learnt', async () => {
    await harness.begin({ sessionKey: 'bot,user,channel' });
    await learn(harness, conversation(0, porto, { channel: 'c1', channelType: 'dm' }));
    await learn(harness, conversation(hour, porto, { channel: 'c2', channelType: 'group' }));
    await indexAll();
    expect(await search('Porto', { kind: 'fact', channelType: 'group' })).toContain('Lives in Porto');
    expect(await search('Porto', { kind: 'fact', channelType: 'dm' })).toContain('Lives in Porto');
    expect(await search('Porto', { kind: 'summary', channelType: 'dm' })).toHaveLength(1);
    expect(await search('Porto', { channelType: 'thread' })).toEqual([]);
  });

  it('works through more rows than one pass takes', async () => {
    for (const user of ['ann', 'ben', 'cleo']) await learn(harness, conversation(0, porto, { user }));
    const waiting = await unsent();
    expect(await pass({ batchSize: 2 })).toMatchObject({ active: true, full: true });
    expect(await unsent()).toBe(waiting - 2);
    await indexAll({ batchSize: 2 });
    for (const userId of ['ann', 'ben', 'cleo']) {
      expect(await search('Porto', { userId, kind: 'fact' })).toContain('Lives in Porto');
    }
  });

  it('ends in the same index wherever the process dies, and another goes on', async () => {
    // A new index as well, so that filling it dies on the way too.
    const embedder: Embedder = { ...lexical, name: 'another@384' };
    const begin = async (): Promise<void> => {
      await beginAnew();
      await learn(harness, conversation(0, porto));
      await pass();
      await learn(harness, conversation(5 * hour, berlin));
    };
    await begin();
    const counting = new CrashingPool(harness.url);
    await pass({ pool: counting.asPool(), owner: 'counting', embedder });
    await counting.end();
    const expected = await indexed();
    expect(expected.length).toBeGreaterThan(6);
    for (const crash of crashPoints(counting.statements.length)) {
      await begin();
      const dying = new CrashingPool(harness.url, crash);
      await pass({ pool: dying.asPool(), owner: 'dying', embedder }).catch(() => undefined);
      await dying.end();
      await expireLease();
      await indexAll({ owner: 'successor', embedder });
      expect(await indexed(), `${crash.when} statement ${crash.statement}`).toEqual(expected);
    }
  }, 180_000);

  /** An index whose writes wait at a gate: what a process looks like that stalls in the middle of one. */
  function stalling(): { index: VectorIndex; reached: Promise<undefined>; open: () => void } {
    const gate = createDeferred<undefined>();
    const at = createDeferred<undefined>();
    const index = indexOver(harness.pool);
    return {
      index: {
        ...index,
        upsert: async (items) => {
          at.resolve(undefined);
          await gate.promise;
          await index.upsert(items);
        },
      },
      reached: at.promise,
      open: () => {
        gate.resolve(undefined);
      },
    };
  }

  it('corrects what a stalled process writes after another has taken over', async () => {
    await learn(harness, conversation(0, porto));
    const stalled = stalling();
    const first = pass({ index: stalled.index, owner: 'stalled' });
    await stalled.reached;
    await expireLease();
    await learn(harness, conversation(5 * hour, berlin));
    await indexAll({ owner: 'successor' });
    expect(await search('lives in', { kind: 'fact' })).not.toContain('Lives in Porto');
    stalled.open();
    expect(await first).toEqual({ active: false });
    // The stale write has landed; its rows are open again.
    expect(await search('lives in', { kind: 'fact' })).toContain('Lives in Porto');
    await indexAll({ owner: 'successor' });
    expect(await search('lives in', { kind: 'fact' })).not.toContain('Lives in Porto');
    expect(await search('lives in', { kind: 'fact' })).toContain('Lives in Berlin');
  });

  it('has corrected what it wrote late even when it was never told that it was written', async () => {
    await learn(harness, conversation(0, porto));
    const stalled = stalling();
    const index: VectorIndex = {
      ...stalled.index,
      upsert: async (items) => {
        await stalled.index.upsert(items);
        throw new AfterwordError('VECTOR_INDEX_UNAVAILABLE', 'the answer was lost', { retryable: true });
      },
    };
    const first = pass({ index, owner: 'stalled' });
    await stalled.reached;
    await expireLease();
    await learn(harness, conversation(5 * hour, berlin));
    await indexAll({ owner: 'successor' });
    stalled.open();
    await expect(first).rejects.toMatchObject({ code: 'VECTOR_INDEX_UNAVAILABLE' });
    await indexAll({ owner: 'successor' });
    expect(await search('lives in', { kind: 'fact' })).not.toContain('Lives in Porto');
  });

  it('writes nothing after another process has had its turn, even one that has left again', async () => {
    await learn(harness, conversation(0, porto));
    const gate = createDeferred<undefined>();
    const at = createDeferred<undefined>();
    const slow: Embedder = {
      ...lexical,
      embed: async (texts, signal) => {
        at.resolve(undefined);
        await gate.promise;
        return lexical.embed(texts, signal);
      },
    };
    const first = pass({ embedder: slow, owner: 'slow' });
    await at.promise;
    await expireLease();
    await learn(harness, conversation(5 * hour, berlin));
    await indexAll({ owner: 'successor' });
    const before = await indexed();
    gate.resolve(undefined);
    expect(await first).toEqual({ active: false });
    expect(await indexed()).toEqual(before);
  });

  it('goes on where its lease ran out and nobody took it', async () => {
    await learn(harness, conversation(0, porto));
    const late: Embedder = {
      ...lexical,
      embed: async (texts, signal) => {
        await expireLease();
        return lexical.embed(texts, signal);
      },
    };
    expect(await pass({ embedder: late })).toMatchObject({ active: true, indexed: { summary: 1 } });
  });

  it('opens the rows of a stalled process again even when they were cleared away', async () => {
    await learn(harness, conversation(0, porto));
    const stalled = stalling();
    const first = pass({ index: stalled.index, owner: 'stalled' });
    await stalled.reached;
    await expireLease();
    await indexAll({ owner: 'successor' });
    await harness.pool.query('delete from afterword.outbox where sent_at is not null');
    stalled.open();
    expect(await first).toEqual({ active: false });
    expect(await unsent()).toBeGreaterThan(0);
    await indexAll();
    expect(await search('Porto', { kind: 'fact' })).toContain('Lives in Porto');
  });

  it('lets one of two processes work at a time', async () => {
    await learn(harness, conversation(0, porto));
    const stalled = stalling();
    const first = pass({ index: stalled.index, owner: 'indexer-1' });
    await stalled.reached;
    expect(await pass({ owner: 'indexer-2' })).toEqual({ active: false });
    stalled.open();
    expect(await first).toMatchObject({ active: true });
    await learn(harness, conversation(5 * hour, berlin));
    expect(await pass({ owner: 'indexer-2' })).toMatchObject({ active: true, removed: 1 });
  });

  it('marks nothing while the embedder is away, and loses nothing', async () => {
    await learn(harness, conversation(0, porto));
    const away: Embedder = {
      ...lexical,
      embed: () => Promise.reject(new AfterwordError('EMBEDDINGS_UNAVAILABLE', 'away', { retryable: true })),
    };
    const waiting = await unsent();
    await expect(pass({ embedder: away })).rejects.toMatchObject({ code: 'EMBEDDINGS_UNAVAILABLE' });
    expect(await unsent()).toBe(waiting);
    expect(await pass({ owner: 'indexer-2' })).toMatchObject({ active: true, indexed: { summary: 1 } });
  });

  it('fills an index that is new with everything known, once', async () => {
    const other: Embedder = { ...lexical, name: 'another@384' };
    await learn(harness, conversation(0, porto));
    await learn(harness, conversation(5 * hour, berlin));
    await indexAll();
    expect(await search('Berlin', {}, other)).toEqual([]);
    await indexAll({ embedder: other, owner: 'restarted' });
    expect(await search('Berlin', { kind: 'fact' }, other)).toEqual(await search('Berlin', { kind: 'fact' }));
    expect((await search('', { kind: 'summary' }, other)).sort()).toEqual(
      (await search('', { kind: 'summary' })).sort(),
    );
    // Two processes with different embedders would otherwise enqueue it in turns for ever.
    await indexAll({ embedder: lexical, owner: 'indexer-1' });
    await indexAll({ embedder: other, owner: 'restarted' });
    expect(await pass({ embedder: lexical, owner: 'indexer-1' })).toMatchObject({ indexed: { summary: 0 } });
    expect(await unsent()).toBe(0);
  });

  it('forgets a person, also while a pass is writing about him', async () => {
    await learn(harness, conversation(0, porto));
    await learn(harness, conversation(0, porto, { user: 'ben' }));
    await indexAll();
    await learn(harness, conversation(5 * hour, berlin));
    const stalled = stalling();
    const first = pass({ index: stalled.index });
    await stalled.reached;
    await inTransaction(harness.pool, async (client) => {
      await client.query(
        `delete from afterword.facts f using afterword.user_keys k where k.key_id = f.key_id and k.user_id = 'ann'`,
      );
      await client.query(
        `update afterword.windows w set status = 'erased'
         from afterword.user_keys k where k.key_id = w.key_id and k.user_id = 'ann'`,
      );
      await enqueueVectorErasure(client, 'ann');
    });
    expect(await search('Porto', { userId: 'ann' })).toEqual([]);
    stalled.open();
    await first;
    await indexAll();
    expect(await search('Porto', { userId: 'ann' })).toEqual([]);
    expect(await search('Porto', { userId: 'ben', kind: 'fact' })).toContain('Lives in Porto');
  });

  it('follows a key to another run', async () => {
    await learn(harness, conversation(0, porto));
    await indexAll();
    await inTransaction(harness.pool, async (client) => {
      const { rows } = await client.query<{ run_id: number }>(
        `insert into afterword.runs (status) values ('promoted') returning run_id`,
      );
      const keys = await client.query<{ key_id: string }>(
        'update afterword.user_keys set run_id = $1 returning key_id',
        [rows[0]?.run_id],
      );
      await enqueueKeyVectors(
        client,
        keys.rows.map(({ key_id }) => key_id),
      );
    });
    await indexAll();
    expect(await indexed()).toEqual([]);
  });
});
