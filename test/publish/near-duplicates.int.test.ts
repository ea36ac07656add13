import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLexicalEmbedder } from '../../src/adapters/embeddings/lexical-embedder.ts';
import { createPostgresVectorIndex } from '../../src/adapters/postgres/vector-index.ts';
import { runReindex } from '../../src/cli/reindex.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { findNearDuplicates, type SummaryLink } from '../../src/publish/near-duplicates.ts';
import { summaryItem } from '../../src/publish/vector-items.ts';
import type { VectorItem } from '../../src/publish/vector-index.ts';
import { commandHarness } from '../cli/command-harness.ts';
import { describeWithPostgres } from '../support/kafka-suite.ts';
import { openStoreHarness, type StoreHarness } from '../support/store-harness.ts';
import { conversation, learn } from './learning.ts';

const lexical = createLexicalEmbedder();
const told = 'The user is allergic to penicillin and sees a doctor in the hospital of Porto on Monday.';
const toldAgain =
  'Being allergic to penicillin, the user goes to see a doctor in a hospital of Porto next Monday.';
const toldOtherwise = 'The user has to avoid penicillin and talks of an appointment with a doctor in Porto.';

/** A real Postgres holds the vectors; their text is what a model may write. */
describeWithPostgres('near-duplicates of summaries', () => {
  let harness: StoreHarness;
  beforeAll(async () => {
    harness = await openStoreHarness();
  });
  afterAll(async () => {
    await harness.close();
  });
  beforeEach(async () => {
    await harness.begin();
    await harness.pool.query('delete from afterword.vectors; delete from afterword.vector_destinations');
  });

  const windowIds = ['1', '2', '3'].map((number) => `00000000-0000-4000-8000-00000000000${number}`);
  const [first = '', second = ''] = windowIds;

  async function itemsOf(
    texts: readonly string[],
    botOf: (place: number) => string = () => 'aria',
  ): Promise<VectorItem[]> {
    const items = texts.map((summaryText, place) =>
      summaryItem({
        windowId: windowIds[place] ?? '',
        botId: botOf(place),
        userId: 'ann',
        channelId: null,
        channelType: null,
        endedAtMs: place * 86_400_000,
        summaryText,
        keyTopics: [],
      }),
    );
    const vectors = await lexical.embed(
      items.map(({ embedText }) => embedText),
      new AbortController().signal,
    );
    return items.map(({ item }, place) => ({ ...item, vector: vectors[place] ?? [] }));
  }

  async function linked(items: readonly VectorItem[], fromScore: number): Promise<SummaryLink[]> {
    const index = createPostgresVectorIndex(harness.pool, lexical.name, lexical.dimension);
    await index.upsert(items);
    return findNearDuplicates(index, items, fromScore);
  }

  it('are found in other words and another order, where most of the words are the same', async () => {
    const [link, ...others] = await linked(await itemsOf([told, toldAgain]), lexical.nearDuplicateScore);
    expect(link).toMatchObject({ windowId: second, earlierWindowId: first });
    expect(link?.similarity).toBeGreaterThan(lexical.nearDuplicateScore);
    expect(link?.similarity).toBeLessThan(0.99);
    expect(others).toEqual([]);
  });

  it('are not what says the same without the same words, unless a lower score is asked for', async () => {
    const items = await itemsOf([told, toldOtherwise]);
    expect(await linked(items, lexical.nearDuplicateScore)).toEqual([]);
    const [link] = await linked(items, 0.3);
    expect(link).toMatchObject({ windowId: second, earlierWindowId: first });
    expect(link?.similarity).toBeLessThan(lexical.nearDuplicateScore);
  });

  it('are linked within one bot only', async () => {
    const items = await itemsOf([told, told], (place) => (place === 0 ? 'aria' : 'bob'));
    expect(await linked(items, lexical.nearDuplicateScore)).toEqual([]);
  });

  it('begin at memory.nearDuplicateScore where it is set', async () => {
    await learn(harness, conversation(0, [...shared, 'I live in Porto.', 'It is warm here.']));
    await learn(harness, conversation(600, [...shared, 'I miss the sea.', 'It rains a lot.']));
    const similarities = async (nearDuplicateScore?: number): Promise<number[]> => {
      const { context } = commandHarness({ DATABASE_URL: harness.url });
      const memory = nearDuplicateScore === undefined ? {} : { memory: { nearDuplicateScore } };
      const config = loadConfig({ DATABASE_URL: harness.url, AFTERWORD_CONFIG: 'afterword.json' }, () =>
        JSON.stringify(memory),
      );
      expect(await runReindex({ ...context, config })).toBe(0);
      const rows = await harness.rows<{ similarity: number }>(
        'select similarity from afterword.summary_links',
      );
      return rows.map(({ similarity }) => similarity);
    };
    const [found = 0, ...others] = await similarities();
    expect(others).toEqual([]);
    expect(found).toBeGreaterThan(lexical.nearDuplicateScore);
    expect(await similarities(found + 0.001)).toEqual([]);
    expect(await similarities(found - 0.001)).toEqual([found]);
  });
});

const shared = ['I have a cat named Luna.', 'Luna sleeps all day.', 'I work as a nurse.'];
