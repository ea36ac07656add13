import { QdrantClient } from '@qdrant/js-client-rest';
import type { VectorFilter, VectorHit, VectorIndex, VectorItem } from '../../publish/vector-index.ts';
import { collectionName, ensureCollection, listCollections } from './qdrant-collection.ts';
import { statusOf, translatingQdrant, unavailable } from './qdrant-errors.ts';
import { toFilter, toHit, toPoint } from './qdrant-points.ts';

export interface QdrantVectorIndexOptions {
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly embedderName: string;
  readonly dimension: number;
  /** Of one request, answer included. */
  readonly timeoutMs?: number;
}

/** Well below the server's limit for a body, 32 MB, at any dimension in use. */
const pointsPerRequest = 100;
const idsPerRequest = 1_000;

/** Vectors in Qdrant, 1.11 or newer (which knows tenants): a collection for each embedder, made when it is first written to. */
export function createQdrantVectorIndex(options: QdrantVectorIndexOptions): VectorIndex {
  const { embedderName, dimension, url } = options;
  const client = createClient(options);
  const collection = collectionName(embedderName);
  let ready: Promise<void> | undefined;
  const attempt = async (write: () => Promise<void>): Promise<void> => {
    ready ??= ensureCollection(client, collection, dimension);
    try {
      await ready;
      await write();
    } catch (error) {
      // Whatever it was, the collection may be gone: the next attempt looks again.
      ready = undefined;
      throw error;
    }
  };
  const writing = (write: () => Promise<void>): Promise<void> =>
    attempt(write).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
      // Somebody deleted it while we ran.
      return attempt(write);
    });
  return {
    label: `Qdrant ${placeOf(url)}, ${embedderName}`,
    upsert: (items) =>
      translatingQdrant(async () => {
        for (const part of chunks(lastOfEach(items), pointsPerRequest)) {
          await writing(async () => {
            await client.upsert(collection, { wait: true, points: part.map(toPoint) });
          });
        }
      }),
    remove: (itemIds) => translatingQdrant(() => removePoints(client, itemIds)),
    removeUser: (userId, botId) => translatingQdrant(() => removeUser(client, userId, botId)),
    search: (vector, filter, limit) =>
      translatingQdrant(() => searchPoints(client, collection, vector, filter, limit)),
    check: () =>
      translatingQdrant(async () => {
        // Needs the credentials, unlike Qdrant's own health endpoints.
        await client.collectionExists(collection);
      }),
  };
}

function createClient({ url, apiKey, timeoutMs = 10_000 }: QdrantVectorIndexOptions): QdrantClient {
  const { pathname, origin, protocol } = new URL(url);
  // The client takes port 6333 for every address without one, also for one that says 443.
  const said = /^https?:\/\/[^/]*:(80|443)(?:\/|$)/.exec(url)?.[1];
  return new QdrantClient({
    url: origin,
    port: said === undefined ? 6_333 : Number(said),
    https: protocol === 'https:',
    ...(pathname === '/' ? {} : { prefix: pathname.replace(/\/+$/, '') }),
    timeout: timeoutMs,
    // It would write its warnings with `console`; so it would about a key given to it as such.
    checkCompatibility: false,
    ...(apiKey === undefined ? {} : { headers: { 'api-key': apiKey } }),
  });
}

/** For people: never with credentials that somebody put into the address. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname === '/' ? '' : pathname}`;
}

async function removePoints(client: QdrantClient, itemIds: readonly string[]): Promise<void> {
  if (itemIds.length === 0) return;
  for (const name of await listCollections(client)) {
    for (const part of chunks(itemIds, idsPerRequest)) {
      await ignoringMissing(() => client.delete(name, { wait: true, points: [...part] }));
    }
  }
}

async function removeUser(client: QdrantClient, userId: string, botId: string | undefined): Promise<number> {
  const filter = toFilter(botId === undefined ? { userId } : { userId, botId });
  let removed = 0;
  for (const name of await listCollections(client)) {
    const counted = await ignoringMissing(() => client.count(name, { filter, exact: true }));
    await ignoringMissing(() => client.delete(name, { wait: true, filter }));
    removed += counted?.count ?? 0;
  }
  return removed;
}

async function searchPoints(
  client: QdrantClient,
  collection: string,
  vector: readonly number[],
  filter: VectorFilter,
  limit: number,
): Promise<VectorHit[]> {
  const found = await ignoringMissing(() =>
    client.query(collection, { query: [...vector], filter: toFilter(filter), limit, with_payload: true }),
  );
  if (found === undefined) {
    // Nothing was ever indexed; or a server that knows the collection but not the question.
    if (!(await client.collectionExists(collection)).exists) return [];
    throw unavailable('this Qdrant does not know the query endpoint', { hint: 'use Qdrant 1.11 or newer' });
  }
  return found.points
    .map(toHit)
    .sort((a, b) => b.score - a.score || (a.item.itemId < b.item.itemId ? -1 : 1));
}

async function ignoringMissing<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function lastOfEach(items: readonly VectorItem[]): VectorItem[] {
  return [...new Map(items.map((item) => [item.itemId, item])).values()];
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
