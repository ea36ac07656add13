import type { Embedder } from './embedder.ts';
import { findNearDuplicates } from './near-duplicates.ts';
import { factItem, factItemId, summaryItem, summaryItemId, type ItemToEmbed } from './vector-items.ts';
import type { VectorIndex, VectorItem, VectorKind } from './vector-index.ts';
import type { RefreshRow, VectorOutbox, VectorRow } from './vector-outbox.ts';

export interface IndexVectorsOptions {
  readonly outbox: VectorOutbox;
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  /** Score from which two summaries of a person are near-duplicates; else the embedder's own. */
  readonly nearDuplicateScore?: number | undefined;
  readonly owner: string;
  /** Longer than embedding and writing one chunk ever take; renewed before each write. */
  readonly leaseMs: number;
  /** Outbox rows of one pass. */
  readonly batchSize: number;
  readonly signal: AbortSignal;
}

export type IndexPass =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly indexed: Readonly<Record<VectorKind, number>>;
      readonly removed: number;
      /** Pairs of summaries of one person that say nearly the same. */
      readonly linked: number;
      /** There may be more. */
      readonly full: boolean;
    };

/** Items embedded and written at a time: bounds requests and memory. */
const chunkItems = 64;

/**
 * One pass: read what waits, bring the index in line with the present state of what it
 * names, mark it. Rows say what to look at and the ids of items follow from that, so a
 * crash between writing and marking repeats it harmlessly. The lease is taken only when
 * there is work and given back after it: a successor waits for nobody.
 *
 * 1. lease · 2. rows · 3. their present state · 4. remove what is gone · 5. embed and
 * write the rest, the lease renewed right before each write · 6. link summaries that are alike · 7. mark
 *
 * @throws what embedder, index or outbox threw; nothing is marked then
 */
export async function indexVectorsOnce(options: IndexVectorsOptions): Promise<IndexPass> {
  const { outbox, owner, leaseMs } = options;
  if (!(await hasWork(options))) return { active: true, ...nothing };
  if (!(await outbox.holdLease(owner, leaseMs))) return { active: false };
  try {
    return await indexWaiting(options);
  } finally {
    // Not given back, it runs out by itself.
    await outbox.releaseLease(owner).catch(() => undefined);
  }
}

const nothing = { indexed: { summary: 0, fact: 0 }, removed: 0, linked: 0, full: false } as const;

/** Two reads, so that looking costs no writes while there is nothing to do. */
async function hasWork(options: IndexVectorsOptions): Promise<boolean> {
  const { outbox, owner } = options;
  return !(await outbox.isAdopted(destinationOf(options), owner)) || (await outbox.backlog(1)) > 0;
}

async function indexWaiting(options: IndexVectorsOptions): Promise<IndexPass> {
  const { outbox, owner, batchSize } = options;
  await outbox.adopt(destinationOf(options), owner);
  const rows = await outbox.unsent(batchSize);
  if (rows.length === 0) return { active: true, ...nothing };
  const { current, gone } = await readPresent(outbox, rows);
  let linked = 0;
  try {
    await removeGone(options, rows, gone);
    const summaries = await writeCurrent(options, current);
    if (summaries === undefined) return await giveWay(options, rows);
    linked = await linkSummaries(options, rows, summaries);
    if (!(await outbox.markSent(rows, owner))) return await giveWay(options, rows);
  } catch (error) {
    // What failed may have been carried out all the same, and late.
    if (await isLeaseLost(options)) await giveWay(options, rows);
    throw error;
  }
  return {
    active: true,
    indexed: countKinds(current),
    removed: gone.length,
    linked,
    full: rows.length === batchSize,
  };
}

/** Whoever took over may have been done before our last write landed: he looks at these rows again. */
async function giveWay({ outbox }: IndexVectorsOptions, rows: readonly VectorRow[]): Promise<IndexPass> {
  await outbox.reopen(rows);
  return { active: false };
}

/** Not when it cannot be told: then the database is away, for the others as well. */
function isLeaseLost({ outbox, owner, leaseMs }: IndexVectorsOptions): Promise<boolean> {
  return outbox.renewLease(owner, leaseMs).then(
    (isHeld) => !isHeld,
    () => false,
  );
}

async function removeGone(
  { index }: IndexVectorsOptions,
  rows: readonly VectorRow[],
  gone: readonly string[],
): Promise<void> {
  // Erasures first: what is current of that person is written afterwards.
  for (const row of rows) {
    if (row.kind === 'erase') await index.removeUser(row.userId, row.botId ?? undefined);
  }
  if (gone.length > 0) await index.remove(gone);
}

/** The summaries that were written, with their vectors; undefined: the lease was lost on the way. */
async function writeCurrent(
  options: IndexVectorsOptions,
  current: readonly ItemToEmbed[],
): Promise<readonly VectorItem[] | undefined> {
  const { outbox, owner, leaseMs } = options;
  const summaries: VectorItem[] = [];
  for (let start = 0; start < current.length; start += chunkItems) {
    const items = await embedItems(options, current.slice(start, start + chunkItems));
    if (!(await outbox.renewLease(owner, leaseMs))) return undefined;
    await options.index.upsert(items);
    summaries.push(...items.filter(({ kind }) => kind === 'summary'));
  }
  return summaries;
}

/** After all are written, so that two of one pass find each other. Those that went lose their links. */
async function linkSummaries(
  { outbox, index, embedder, owner, nearDuplicateScore }: IndexVectorsOptions,
  rows: readonly VectorRow[],
  summaries: readonly VectorItem[],
): Promise<number> {
  const windowIds = rows.flatMap((row) => (row.kind === 'refresh' ? (row.windowId ?? []) : []));
  if (windowIds.length === 0) return 0;
  const links = await findNearDuplicates(index, summaries, nearDuplicateScore ?? embedder.nearDuplicateScore);
  await outbox.relink(windowIds, links, embedder.name, owner);
  return links.length;
}

/** What makes an index another one: where it is, and whose vectors it holds. */
function destinationOf({ index, embedder }: IndexVectorsOptions): string {
  return `${index.label} | ${embedder.name}`;
}

async function readPresent(
  outbox: VectorOutbox,
  rows: readonly VectorRow[],
): Promise<{ readonly current: readonly ItemToEmbed[]; readonly gone: readonly string[] }> {
  const refresh = rows.filter((row) => row.kind === 'refresh');
  const { summaries, facts } = await outbox.current(refresh);
  const current = [...summaries.map(summaryItem), ...facts.map(factItem)];
  const present = new Set(current.map(({ item }) => item.itemId));
  return { current, gone: [...namedItems(refresh)].filter((itemId) => !present.has(itemId)) };
}

function namedItems(rows: readonly RefreshRow[]): Set<string> {
  return new Set(
    rows.flatMap(({ botId, userId, windowId, factIds }) => [
      ...(windowId === null ? [] : [summaryItemId(windowId)]),
      ...factIds.map((factId) => factItemId(botId, userId, factId)),
    ]),
  );
}

async function embedItems(
  { embedder, signal }: IndexVectorsOptions,
  items: readonly ItemToEmbed[],
): Promise<VectorItem[]> {
  const vectors = await embedder.embed(
    items.map(({ embedText }) => embedText),
    signal,
  );
  // The embedder promises one vector for each text, in order.
  return items.map(({ item }, position) => ({ ...item, vector: vectors[position] ?? [] }));
}

function countKinds(items: readonly ItemToEmbed[]): Record<VectorKind, number> {
  const summary = items.filter(({ item }) => item.kind === 'summary').length;
  return { summary, fact: items.length - summary };
}
