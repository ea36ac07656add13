import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAfterwordError } from '../../src/errors.ts';
import type { VectorIndex, VectorItem } from '../../src/publish/vector-index.ts';

/** What the contract needs of an index: two embedders' spaces in one store, as empty as they come. */
export interface VectorIndexUnderTest {
  /** Same embedder, same space, however often it is called. */
  open(embedderName: string): VectorIndex;
  /** Of every vector that is written. */
  readonly dimension: number;
  close(): Promise<void>;
}

/** What every vector index promises; run against each adapter. */
export function defineVectorIndexContract(start: () => Promise<VectorIndexUnderTest>): void {
  let store: VectorIndexUnderTest;
  let index: VectorIndex;
  let embedder: string;

  beforeAll(async () => {
    store = await start();
  });
  afterAll(async () => {
    await store.close();
  });
  beforeEach(() => {
    // A space of its own for each test; what another left is never in the way.
    embedder = `contract-${randomUUID()}@${store.dimension}`;
    index = store.open(embedder);
  });

  const direction = (...numbers: number[]): number[] => {
    const vector = Array.from({ length: store.dimension }, (_, at) => numbers[at] ?? 0);
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const itemOf = (changes: Partial<VectorItem> = {}): VectorItem => ({
    itemId: randomUUID(),
    kind: 'fact',
    botId: 'aria',
    userId: embedder,
    channelId: null,
    channelTypes: [],
    windowId: randomUUID(),
    text: 'Lives in Porto',
    occurredAtMs: 1_764_000_000_000,
    vector: direction(1),
    ...changes,
  });
  const found = async (filter: Parameters<VectorIndex['search']>[1] = {}, limit = 10): Promise<string[]> =>
    (await index.search(direction(1), filter, limit)).map(({ item }) => item.itemId);

  it('finds nothing where nothing was ever written', async () => {
    expect(await found()).toEqual([]);
  });

  it('gives back exactly what was written', async () => {
    const item = itemOf({
      kind: 'summary',
      channelId: 'c-1',
      channelTypes: ['dm', 'group'],
      text: `Ann's "cat" \\ naïve 東京 🐈 \n second line`,
    });
    const byHand = itemOf({ windowId: null, vector: direction(0, 1) });
    await index.upsert([item, byHand]);
    const hits = await index.search(direction(1), {}, 10);
    const { vector: ignored, ...expected } = item;
    expect(ignored).toHaveLength(store.dimension);
    expect(hits[0]?.item).toEqual(expected);
    expect(hits[1]?.item.windowId).toBeNull();
  });

  it('orders by cosine, nearest first, and scores from -1 to 1', async () => {
    const far = itemOf({ vector: direction(-1) });
    const near = itemOf({ vector: direction(1, 0.5) });
    const nearest = itemOf({ vector: direction(1) });
    const across = itemOf({ vector: direction(0, 1) });
    await index.upsert([far, near, nearest, across]);
    const hits = await index.search(direction(3), {}, 10);
    expect(hits.map(({ item }) => item.itemId)).toEqual([
      nearest.itemId,
      near.itemId,
      across.itemId,
      far.itemId,
    ]);
    const scores = hits.map(({ score }) => score);
    for (const [at, cosine] of [1, 2 / Math.sqrt(5), 0, -1].entries())
      expect(scores[at]).toBeCloseTo(cosine, 5);
  });

  it('gives equals in the order of their ids, and no more than asked', async () => {
    const items = Array.from({ length: 12 }, () => itemOf());
    await index.upsert(items);
    const ids = items.map(({ itemId }) => itemId).sort();
    expect(await found({}, 50)).toEqual(ids);
    expect(await found({}, 5)).toHaveLength(5);
  });

  it('writes an item over, never beside, also twice in one call', async () => {
    const item = itemOf();
    await index.upsert([item]);
    await index.upsert([
      { ...item, text: 'first' },
      { ...item, text: 'last', vector: direction(0, 1) },
    ]);
    const hits = await index.search(direction(0, 1), {}, 10);
    expect(hits.map(({ item: { text } }) => text)).toEqual(['last']);
    expect(hits[0]?.score).toBeCloseTo(1, 5);
  });

  it('takes more items at once than one request or statement holds', async () => {
    const items = Array.from({ length: 2_345 }, (_, at) => itemOf({ vector: direction(1, at) }));
    await index.upsert(items);
    expect(await found({}, 3)).toEqual(items.slice(0, 3).map(({ itemId }) => itemId));
    expect(await index.removeUser(embedder)).toBe(items.length);
  });

  it('removes by id, whatever of it is there, and repeats it harmlessly', async () => {
    const kept = itemOf();
    const gone = itemOf();
    await index.upsert([kept, gone]);
    await index.remove([gone.itemId, randomUUID()]);
    await index.remove([gone.itemId]);
    await index.remove([]);
    await index.upsert([]);
    expect(await found()).toEqual([kept.itemId]);
  });

  describe('filters', () => {
    it('by person, bot and kind, together', async () => {
      const ann = itemOf();
      const annWithBob = itemOf({ botId: 'bob' });
      const ben = itemOf({ userId: `${embedder}-ben` });
      const summary = itemOf({ kind: 'summary' });
      await index.upsert([ann, annWithBob, ben, summary]);
      const userId = embedder;
      expect((await found({ userId })).sort()).toEqual(
        [ann, annWithBob, summary].map(({ itemId }) => itemId).sort(),
      );
      expect(await found({ userId, botId: 'bob' })).toEqual([annWithBob.itemId]);
      expect(await found({ userId, botId: 'aria', kind: 'summary' })).toEqual([summary.itemId]);
      expect(await found({ userId: 'nobody' })).toEqual([]);
    });

    it('by any of the channel types in which it was learnt', async () => {
      const both = itemOf({ channelTypes: ['dm', 'group'] });
      const dm = itemOf({ channelTypes: ['dm'] });
      await index.upsert([both, dm, itemOf({ channelTypes: [] })]);
      expect(await found({ channelType: 'group' })).toEqual([both.itemId]);
      expect((await found({ channelType: 'dm' })).sort()).toEqual([both.itemId, dm.itemId].sort());
    });

    it('by event time, both ends included', async () => {
      const items = [1_000, 2_000, 3_000].map((occurredAtMs) => itemOf({ occurredAtMs }));
      await index.upsert(items);
      const ids = items.map(({ itemId }) => itemId);
      expect(await found({ fromMs: 2_000, toMs: 2_000 })).toEqual([ids[1]]);
      expect((await found({ fromMs: 2_000 })).sort()).toEqual(ids.slice(1).sort());
      expect((await found({ toMs: 1_999 })).sort()).toEqual(ids.slice(0, 1));
    });

    it('never lets a nearer stranger push a person out of the limit', async () => {
      const strangers = Array.from({ length: 40 }, () => itemOf({ userId: `${embedder}-stranger` }));
      const own = itemOf({ vector: direction(0.1, 1) });
      await index.upsert([...strangers, own]);
      expect(await found({ userId: embedder }, 1)).toEqual([own.itemId]);
    });
  });

  describe('forgetting', () => {
    it('takes a person out with one bot, or with all, and counts them', async () => {
      const others = itemOf({ userId: `${embedder}-ben` });
      await index.upsert([itemOf(), itemOf(), itemOf({ botId: 'bob' }), others]);
      expect(await index.removeUser(embedder, 'bob')).toBe(1);
      expect(await found({ userId: embedder })).toHaveLength(2);
      expect(await index.removeUser(embedder)).toBe(2);
      expect(await index.removeUser(embedder)).toBe(0);
      expect(await found()).toEqual([others.itemId]);
    });

    it('reaches what another embedder left in the same store', async () => {
      const former = store.open(`${embedder}-former`);
      const item = itemOf();
      const second = itemOf();
      await former.upsert([item, second]);
      await index.upsert([item]);
      await index.remove([item.itemId]);
      expect((await former.search(direction(1), {}, 10)).map((hit) => hit.item.itemId)).toEqual([
        second.itemId,
      ]);
      expect(await index.removeUser(embedder)).toBe(1);
      expect(await former.search(direction(1), {}, 10)).toEqual([]);
    });
  });

  it('keeps the vectors of two embedders apart', async () => {
    const other = store.open(`${embedder}-other`);
    const item = itemOf();
    await index.upsert([item]);
    await other.upsert([{ ...item, text: 'as the other says' }]);
    expect((await index.search(direction(1), {}, 10)).map((hit) => hit.item.text)).toEqual([item.text]);
    expect(other.label).not.toBe(index.label);
  });

  it('takes the writes of two at once, on a space that neither has made yet', async () => {
    const again = store.open(embedder);
    const items = Array.from({ length: 50 }, () => itemOf());
    await Promise.all([index.upsert(items), again.upsert([...items].reverse())]);
    expect(await found({}, 100)).toEqual(items.map(({ itemId }) => itemId).sort());
  });

  it('refuses a vector of another dimension, as an error of its own that quotes nothing', async () => {
    await index.upsert([itemOf()]);
    const attempt = index.upsert([itemOf({ text: 'a secret of Ann', vector: [1, 0] })]);
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    expect(isAfterwordError(error) && error.code).toBe('VECTOR_INDEX_UNAVAILABLE');
    expect(isAfterwordError(error) && error.retryable).toBe(false);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
    await expect(index.search([1, 0], {}, 1)).rejects.toMatchObject({ code: 'VECTOR_INDEX_UNAVAILABLE' });
  });

  it('answers that it is there', async () => {
    await expect(index.check()).resolves.toBeUndefined();
  });
}
