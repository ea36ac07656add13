import { describe, expect, it } from 'vitest';
import { createQdrantVectorIndex } from '../../../src/adapters/qdrant/vector-index.ts';
import type { VectorFilter } from '../../../src/publish/vector-index.ts';
import { defineVectorIndexContract } from '../../contracts/vector-index-contract.ts';
import { QdrantServer } from '../../support/qdrant-server.ts';

const dimension = 8;
const apiKey = 'test-key-that-must-not-leak';
const item = {
  itemId: '018f4f4e-8a51-8c3e-9b1a-7e6f5d4c3b2a',
  kind: 'fact',
  botId: 'aria',
  userId: 'ann',
  channelId: null,
  channelTypes: [],
  windowId: null,
  text: 'Lives in Porto',
  occurredAtMs: 1,
  vector: [1, 0, 0, 0, 0, 0, 0, 0],
} as const;

/** Everything that may be asked for at once. */
const everyFilter: Required<VectorFilter> = {
  kind: 'fact',
  botId: 'aria',
  userId: 'ann',
  channelType: 'dm',
  fromMs: 0,
  toMs: 1,
};

describe('the Qdrant adapter as a vector index, over a strict stand-in', () => {
  defineVectorIndexContract(async () => {
    const server = await QdrantServer.start({ apiKey });
    return {
      dimension,
      open: (embedderName) => createQdrantVectorIndex({ url: server.url, apiKey, embedderName, dimension }),
      close: () => server.close(),
    };
  });

  it('makes no request that the server would refuse, and waits for each write', async () => {
    const server = await QdrantServer.start({ apiKey });
    const index = createQdrantVectorIndex({ url: server.url, apiKey, embedderName: 'e@8', dimension });
    await index.upsert([item]);
    await index.search(item.vector, { userId: 'ann', fromMs: 0 }, 3);
    await index.remove([item.itemId]);
    await index.removeUser('ann');
    const writes = server.requests.filter(({ path }) => /index$|points$|delete$/.test(path));
    expect(server.refusals).toEqual([]);
    expect(writes.map(({ wait }) => wait)).not.toContain(false);
    expect(writes.length).toBeGreaterThan(6);
    await server.close();
  });

  it('makes a collection of cosines whose every filter has an index, people being its tenants', async () => {
    const server = await QdrantServer.start({ apiKey });
    const index = createQdrantVectorIndex({ url: server.url, apiKey, embedderName: 'e@8', dimension });
    await index.upsert([item]);
    const [collection, ...others] = server.collections.values();
    expect(others).toEqual([]);
    expect(collection).toMatchObject({ size: dimension, distance: 'Cosine' });
    expect(collection?.indexes).toEqual({
      user_id: { type: 'keyword', is_tenant: true },
      bot_id: { type: 'keyword' },
      kind: { type: 'keyword' },
      channel_types: { type: 'keyword' },
      occurred_at_ms: { type: 'integer', lookup: false, range: true },
    });
    await index.search(item.vector, everyFilter, 3);
    const asked = server.requests.filter(({ path }) => path.endsWith('/query')).at(-1)?.body ?? '';
    const { filter } = JSON.parse(asked) as { filter: { must: { key: string }[] } };
    expect([...new Set(filter.must.map(({ key }) => key))].sort()).toEqual(
      Object.keys(collection?.indexes ?? {}).sort(),
    );
    expect(server.refusals).toEqual([]);
    await server.close();
  });
});
