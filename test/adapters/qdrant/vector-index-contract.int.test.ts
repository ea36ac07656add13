import { QdrantClient } from '@qdrant/js-client-rest';
import { afterAll, describe } from 'vitest';
import { collectionPrefix } from '../../../src/adapters/qdrant/qdrant-collection.ts';
import { createQdrantVectorIndex } from '../../../src/adapters/qdrant/vector-index.ts';
import { defineVectorIndexContract } from '../../contracts/vector-index-contract.ts';
import { startQdrant } from '../../support/qdrant.ts';

const qdrant = await startQdrant();
const dimension = 8;

if (qdrant.available) {
  describe('the Qdrant adapter as a vector index, over a real server', () => {
    const { url } = qdrant;
    defineVectorIndexContract(() =>
      Promise.resolve({
        dimension,
        open: (embedderName) => createQdrantVectorIndex({ url, embedderName, dimension }),
        close: () => removeCollections(url),
      }),
    );
    afterAll(() => qdrant.stop());
  });
} else {
  describe.skip(`the Qdrant adapter as a vector index, over a real server (${qdrant.reason})`, () => {
    defineVectorIndexContract(() => Promise.reject(new Error('there is no Qdrant')));
  });
}

/** Those of the contract alone: the server may be somebody's. */
async function removeCollections(url: string): Promise<void> {
  const client = new QdrantClient({ url, checkCompatibility: false });
  const { collections } = await client.getCollections();
  for (const { name } of collections) {
    if (name.startsWith(`${collectionPrefix}contract-`)) await client.deleteCollection(name);
  }
}
