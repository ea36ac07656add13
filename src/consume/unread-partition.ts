import type { LogPartition } from './record-source.ts';

/** A partition number in which windows wait, and which nobody reads as far as the database knows. */
export interface UnreadPartition {
  readonly partition: number;
  /** The stored position in the topic read now; null: none of its records was ever stored. */
  readonly stored: bigint | null;
}

/**
 * Whether the clock may judge the windows of a partition that nobody reads: a topic made
 * anew with fewer partitions, another topic, a stranger in the consumer group.
 *
 * A lagging consumer must never close by the clock, so "nobody reads it" is not enough: its
 * records may only be waiting. What is needed is that nothing waits, as a fact of the log:
 *
 * - The topic no longer has the partition. Whatever was in it can never be read again.
 * - The stored position is the log's end: everything is stored. Both only rise while the
 *   topic lives, so it does not matter which of them was read first.
 * - Nothing was ever stored of it and it holds nothing.
 *
 * With records that wait, or a log that is not known, the windows wait too; also where the
 * log ends in a transaction's marker, which is no record but which only a reader passes. If the topic was
 * made anew and ends by chance where the stored position is, windows close early, which
 * costs a further revision and loses nothing.
 */
export function isReadToItsEnd(
  { partition, stored }: UnreadPartition,
  log: readonly LogPartition[],
): boolean {
  if (log.length === 0) return false;
  const held = log.find((candidate) => candidate.partition === partition);
  return held === undefined || held.end === (stored ?? held.start);
}
