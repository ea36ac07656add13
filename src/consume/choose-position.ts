import type { StartPosition } from './record-source.ts';

/** Where reading starts, and what an operator should hear about it. */
export type ChosenPosition = { readonly from: bigint | undefined } & (
  | { readonly finding: 'as-committed' }
  /**
   * Kafka's offset is ahead of ours (null: nothing is stored): Postgres was restored from an
   * older copy, or somebody moved it.
   */
  | {
      readonly finding: 'refill';
      readonly from: bigint;
      readonly committed: bigint;
      readonly stored: bigint | null;
    }
  /** The log's start has passed what we had not read: retention took it. */
  | { readonly finding: 'gap'; readonly gapFrom: bigint; readonly gapTo: bigint }
  /** The log ends before our position: the topic was deleted and made again. */
  | { readonly finding: 'recreated'; readonly stored: bigint }
  /** The group's offset is gone, and with it the proof that this is the log that was read. */
  | { readonly finding: 'unproven'; readonly stored: bigint }
);

/**
 * Whose word counts when Kafka's committed offset and the stored position differ. The
 * stored position moves in the same transaction as the rows, so it is never ahead of
 * them; Kafka's is moved by anybody. A committed offset below the stored position is a
 * rewind, and welcome: what is known already changes nothing.
 */
export function choosePosition(start: StartPosition, stored: bigint | null): ChosenPosition {
  if (stored === null) return chooseUnstored(start);
  if (stored > start.logEnd) return { from: start.logStart, finding: 'recreated', stored };
  // Also after a rewind: whatever it wanted to read again below the log's start, what lies
  // between ours and that start was never read, and is gone.
  if (stored < start.logStart) {
    return { from: start.logStart, finding: 'gap', gapFrom: stored, gapTo: start.logStart };
  }
  // Kafka deletes a group's offsets together with the topic. A topic that was made anew and
  // has outgrown our position looks just like an offset that expired; the client shows no
  // topic ids. Reading all of it again costs time, skipping its beginning would lose records.
  if (start.committed === undefined && stored > start.logStart) {
    return { from: start.logStart, finding: 'unproven', stored };
  }
  if (start.committed === undefined) return { from: stored, finding: 'as-committed' };
  if (start.committed > stored) {
    return { from: stored, finding: 'refill', committed: start.committed, stored };
  }
  return { from: start.committed, finding: 'as-committed' };
}

/**
 * Whoever committed that offset did not fill this database: it was emptied, restored from a copy
 * older than the partition's first batch, or is new beside an old group. What lies below it is
 * nowhere here, and reading again what is known changes nothing.
 */
function chooseUnstored({ committed, logStart }: StartPosition): ChosenPosition {
  if (committed === undefined || committed <= logStart) return { from: undefined, finding: 'as-committed' };
  return { from: logStart, finding: 'refill', committed, stored: null };
}
