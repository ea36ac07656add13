import type { PartitionStanding } from '../adapters/postgres/read-status.ts';
import type { PartitionOffsets } from '../publish/topic-admin.ts';

/** How far reading a partition has come, and what the log still has for it. Offsets are positions. */
export interface PartitionLag {
  readonly partition: number;
  readonly end: bigint;
  /** Undefined: the group committed none yet. */
  readonly committed: bigint | undefined;
  /** The next offset whose message is not durable; undefined: nothing was read yet. */
  readonly stored: bigint | undefined;
  /** Records from the committed position (or the log's start) to the end. */
  readonly lag: bigint;
  readonly standing: PartitionStanding | undefined;
}

export function partitionLags(
  offsets: readonly PartitionOffsets[],
  standings: readonly PartitionStanding[],
): PartitionLag[] {
  const byPartition = new Map(standings.map((standing) => [standing.partition, standing]));
  return offsets.map(({ partition, start, end, committed }) => {
    const standing = byPartition.get(partition);
    const position = committed ?? start;
    // Retention may have taken what was never read: what is gone is no lag.
    const next = position < start ? start : position;
    const lag = end > next ? end - next : 0n;
    return { partition, end, committed, stored: standing?.nextOffset, lag, standing };
  });
}

export function totalLag(partitions: readonly PartitionLag[]): bigint {
  return partitions.reduce((sum, { lag }) => sum + lag, 0n);
}
