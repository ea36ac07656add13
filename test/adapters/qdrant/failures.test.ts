import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQdrantVectorIndex } from '../../../src/adapters/qdrant/vector-index.ts';
import { AfterwordError } from '../../../src/errors.ts';
import type { VectorIndex, VectorItem } from '../../../src/publish/vector-index.ts';
import { QdrantServer } from '../../support/qdrant-server.ts';

const apiKey = 'test-key-that-must-not-leak';
const embedderName = 'small-one@3';
const item: VectorItem = {
  itemId: '018f4f4e-8a51-8c3e-9b1a-7e6f5d4c3b2a',
  kind: 'fact',
  botId: 'aria',
  userId: 'ann',
  channelId: null,
  channelTypes: [],
  windowId: null,
  text: 'Ann is afraid of spiders',
  occurredAtMs: 1,
  vector: [1, 0, 0],
};

async function failureOf(work: Promise<unknown>): Promise<AfterwordError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AfterwordError)) throw new Error('it did not fail as it should');
  return thrown;
}

/** All that a logger could print of it, causes included. */
function everythingOf(error: Error): string {
  const cause = error.cause instanceof Error ? everythingOf(error.cause) : '';
  return [error.message, error.stack, JSON.stringify(error), cause].join('\n');
}

describe('the Qdrant adapter when something fails', () => {
  let server: QdrantServer;
  let index: VectorIndex;
  const texts = async (): Promise<string[]> =>
    (await index.search([1, 0, 0], {}, 10)).map((hit) => hit.item.text);

  beforeEach(async () => {
    server = await QdrantServer.start({ apiKey, prefix: '/vectors' });
    index = open();
  });
  afterEach(async () => {
    await server.close();
  });

  function open(changes: { apiKey?: string; dimension?: number; timeoutMs?: number } = {}): VectorIndex {
    return createQdrantVectorIndex({ url: server.url, apiKey, embedderName, dimension: 3, ...changes });
  }

  it.each([
    ['an error of the server', { kind: 'status', status: 500 }, true, { status: 500 }],
    ['a server that starts', { kind: 'status', status: 503 }, true, { status: 503 }],
    ['a rate limit', { kind: 'status', status: 429, headers: { 'retry-after': '5' } }, true, {}],
    ['a refused request', { kind: 'status', status: 400 }, false, { status: 400 }],
    ['a key that may only read', { kind: 'status', status: 403 }, false, { status: 403 }],
    ['a cut connection', { kind: 'reset' }, true, {}],
    ['a page of something else', { kind: 'raw', body: `<p>${item.text}</p>` }, true, {}],
  ] as const)(
    'tells %s by its code, quotes nothing, and works again afterwards',
    async (_name, fault, retryable, details) => {
      server.failNext(/PUT .*\/points$/, fault);
      const error = await failureOf(index.upsert([item]));
      expect(error).toMatchObject({ code: 'VECTOR_INDEX_UNAVAILABLE', retryable, details });
      expect(everythingOf(error)).not.toContain('spiders');
      expect(everythingOf(error)).not.toContain(apiKey);
      await index.upsert([item]);
      expect(await texts()).toEqual([item.text]);
    },
  );

  it('gives up in time on a server that hangs', async () => {
    index = open({ timeoutMs: 150 });
    await index.upsert([item]);
    server.failNext(/query$/, { kind: 'hang' });
    expect(await failureOf(texts())).toMatchObject({
      retryable: true,
      message: 'Qdrant did not answer in time',
    });
  });

  it('repeats a write whose answer was lost without writing anything twice', async () => {
    server.failNext(/PUT .*\/points$/, { kind: 'reset', after: true });
    await failureOf(index.upsert([item]));
    await index.upsert([item]);
    expect(await texts()).toEqual([item.text]);
  });

  it('does not mind that another process made the collection, or that the answer was lost', async () => {
    server.failNext(/PUT \/collections\/[^/]+$/, { kind: 'reset', after: true });
    await failureOf(index.upsert([item]));
    await index.upsert([item]);
    expect(await texts()).toEqual([item.text]);
  });

  it('makes up for the indexes that a process did not come to make', async () => {
    server.failNext(/PUT .*\/index$/, { kind: 'status', status: 500 });
    await failureOf(index.upsert([item]));
    await index.upsert([item]);
    const [collection] = server.collections.values();
    expect(Object.keys(collection?.indexes ?? {}).sort()).toEqual([
      'bot_id',
      'channel_types',
      'kind',
      'occurred_at_ms',
      'user_id',
    ]);
  });

  it('makes the collection again when somebody deleted it', async () => {
    await index.upsert([item]);
    server.collections.clear();
    expect(await texts()).toEqual([]);
    await index.upsert([item]);
    expect(await texts()).toEqual([item.text]);
  });

  it('refuses a collection that holds vectors of another shape, and says what to do', async () => {
    await index.upsert([item]);
    const error = await failureOf(open({ dimension: 4 }).upsert([{ ...item, vector: [1, 0, 0, 0] }]));
    expect(error).toMatchObject({ retryable: false, details: { expected: 4, found: 3 } });
    expect(error.hint).toContain('delete the collection');
  });

  it('leaves collections of others alone', async () => {
    server.collections.set('of-somebody-else', {
      size: 3,
      distance: 'Cosine',
      points: new Map(),
      indexes: {},
    });
    await index.upsert([item]);
    await index.remove([item.itemId]);
    await index.removeUser('ann');
    expect(server.requests.filter(({ path }) => path.includes('of-somebody-else'))).toEqual([]);
  });

  it('proves with its check that the server answers and takes the key', async () => {
    await expect(index.check()).resolves.toBeUndefined();
    expect(await failureOf(open({ apiKey: 'wrong' }).check())).toMatchObject({
      retryable: false,
      hint: 'check QDRANT_API_KEY',
    });
    await server.close();
    expect(await failureOf(index.check())).toMatchObject({ retryable: true });
    server = await QdrantServer.start();
  });

  it('writes nothing to the console, and no secret into its label', async () => {
    const said = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error'), vi.spyOn(console, 'log')];
    const url = server.url.replace('http://', 'http://somebody:password@');
    const index = createQdrantVectorIndex({ url, apiKey, embedderName, dimension: 3 });
    await index.upsert([item]);
    for (const spy of said) expect(spy).not.toHaveBeenCalled();
    expect(index.label).not.toMatch(/password|test-key/);
    expect(index.label).toContain('/vectors');
    vi.restoreAllMocks();
  });
});
