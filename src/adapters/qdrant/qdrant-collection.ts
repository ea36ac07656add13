import { createHash } from 'node:crypto';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { statusOf, unavailable } from './qdrant-errors.ts';

/** All of ours begin with it; everything else on the server is left alone. */
export const collectionPrefix = 'afterword-';

/** Readable, of the characters that Qdrant takes, and still never shared by two embedders. */
export function collectionName(embedderName: string): string {
  const readable = embedderName.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 80);
  const digest = createHash('sha256').update(embedderName).digest('hex').slice(0, 8);
  return `${collectionPrefix}${readable}-${digest}`;
}

/** What searches and removals filter by; without an index each would read every point. */
const payloadIndexes = {
  // Points of a person lie together, since most questions are about one.
  user_id: { type: 'keyword', is_tenant: true },
  bot_id: { type: 'keyword' },
  kind: { type: 'keyword' },
  channel_types: { type: 'keyword' },
  // Asked for by ranges only. Up to Qdrant 1.11 an integer index has to say both.
  occurred_at_ms: { type: 'integer', lookup: false, range: true },
} as const;

/**
 * Makes the collection, and what it lacks. Several processes may do so at once; a process
 * that died half-way is made up for by the next.
 *
 * @throws AfterwordError VECTOR_INDEX_UNAVAILABLE when the collection holds other vectors
 */
export async function ensureCollection(client: QdrantClient, name: string, dimension: number): Promise<void> {
  if (!(await client.collectionExists(name)).exists) await createCollection(client, name, dimension);
  const { config, payload_schema: indexed } = await client.getCollection(name);
  const { vectors } = config.params;
  const size: unknown = vectors?.size;
  if (size !== dimension || vectors?.distance !== 'Cosine') {
    throw unavailable('the collection in Qdrant holds vectors of another shape', {
      details: { collection: name, expected: dimension, found: typeof size === 'number' ? size : 'other' },
      hint: 'delete the collection; it is filled again from Postgres',
    });
  }
  for (const [field, schema] of Object.entries(payloadIndexes)) {
    if (indexed[field] !== undefined) continue;
    await client.createPayloadIndex(name, { field_name: field, field_schema: schema, wait: true });
  }
}

async function createCollection(client: QdrantClient, name: string, dimension: number): Promise<void> {
  try {
    await client.createCollection(name, { vectors: { size: dimension, distance: 'Cosine' } });
  } catch (error) {
    // Refused, or answered late: somebody may have made it at the same moment.
    if (statusOf(error) === undefined || !(await client.collectionExists(name)).exists) throw error;
  }
}

/** Collections of every embedder that ever wrote here. */
export async function listCollections(client: QdrantClient): Promise<string[]> {
  const { collections } = await client.getCollections();
  return collections.map(({ name }) => name).filter((name) => name.startsWith(collectionPrefix));
}
