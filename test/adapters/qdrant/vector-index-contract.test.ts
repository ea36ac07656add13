import { describe, expect, it } from 'vitest';
import { createQdrantVectorIndex } from '../../../src/adapters/qdrant/vector-index.ts';
import { defineVectorIndexContract } from '../../contracts/vector-index-contract.ts';
import { QdrantServer } from '../../support/qdrant-server.ts';

const dimension = 8;
const apiKey = 'test-key-that-must-not-leak';

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
});
