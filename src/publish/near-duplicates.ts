import type { VectorIndex, VectorItem } from './vector-index.ts';

/** Two summaries of one person with one bot that say nearly the same. */
export interface SummaryLink {
  /** The later one, by the end of its window, then by id. */
  readonly windowId: string;
  readonly earlierWindowId: string;
  /** Cosine similarity, -1 to 1. */
  readonly similarity: number;
}

/** Of one summary: who says the same for the sixth time is known to repeat himself. */
const maxLinks = 5;

/**
 * The nearest summaries of the same person, for each of the given ones that are in the index
 * already. A pair found from both sides is one link.
 *
 * @throws what the index threw
 */
export async function findNearDuplicates(
  index: VectorIndex,
  summaries: readonly VectorItem[],
  fromScore: number,
): Promise<SummaryLink[]> {
  const links = new Map<string, SummaryLink>();
  for (const summary of summaries) {
    const { botId, userId, vector } = summary;
    // One more: the nearest is the summary itself.
    const hits = await index.search(vector, { kind: 'summary', botId, userId }, maxLinks + 1);
    for (const { item, score } of hits) {
      if (item.itemId === summary.itemId || score < fromScore) continue;
      const link = linkOf(summary, item, score);
      if (link !== undefined) links.set(`${link.windowId} ${link.earlierWindowId}`, link);
    }
  }
  return [...links.values()];
}

type Placed = Pick<VectorItem, 'windowId' | 'occurredAtMs'>;

function linkOf(one: Placed, other: Placed, similarity: number): SummaryLink | undefined {
  if (one.windowId === null || other.windowId === null) return undefined;
  const isLater =
    one.occurredAtMs > other.occurredAtMs ||
    (one.occurredAtMs === other.occurredAtMs && one.windowId > other.windowId);
  return isLater
    ? { windowId: one.windowId, earlierWindowId: other.windowId, similarity }
    : { windowId: other.windowId, earlierWindowId: one.windowId, similarity };
}
