import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createPostgresExtractionStore } from '../../../src/adapters/postgres/extraction-store.ts';
import { openStoreHarness, type StoreHarness } from '../../support/store-harness.ts';

let harness: StoreHarness;
beforeAll(async () => {
  harness = await openStoreHarness();
});
afterAll(() => harness.close());

describe('a pooler before Postgres that does not keep prepared statements', () => {
  it('costs one failed try, which says what to do, and then none', async () => {
    const pool = harness.openPool(1);
    const store = createPostgresExtractionStore(pool);
    // What a pooler does between two transactions: the same connection, another backend.
    const otherBackend = (): Promise<unknown> => pool.query('deallocate all');
    const claim = (): Promise<unknown> => store.claim('one', 1, 60_000);
    expect(await claim()).toEqual([]);
    await otherBackend();
    await expect(claim()).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      retryable: true,
      hint: expect.stringContaining('pooler') as string,
    });
    for (let tries = 0; tries < 2; tries += 1) {
      expect(await claim()).toEqual([]);
      await otherBackend();
    }
  });
});
