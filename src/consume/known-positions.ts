import type { TopicPartition } from '../model/record.ts';

/**
 * Where the stored positions stand at least, as far as this process knows. They only rise,
 * so one that is found lower belongs to an older copy of the database.
 */
export class KnownPositions {
  readonly #known = new Map<string, bigint>();
  readonly #setBack = new Set<string>();

  of(partition: TopicPartition): bigint {
    return this.#known.get(nameOf(partition)) ?? 0n;
  }

  /** As it was just read or set, whatever was known before. */
  begin(partition: TopicPartition, position: bigint): void {
    this.#known.set(nameOf(partition), position);
    this.#setBack.delete(nameOf(partition));
  }

  /**
   * Found below what is known. That stays known until reading begins anew, so that no move of
   * what was read before passes meanwhile. False: it was noted already.
   */
  noteSetBack(partition: TopicPartition): boolean {
    if (this.#setBack.has(nameOf(partition))) return false;
    this.#setBack.add(nameOf(partition));
    return true;
  }

  rise(partition: TopicPartition, position: bigint): void {
    if (position > this.of(partition)) this.begin(partition, position);
  }

  /** Those of `partitions` that are known to have stood above what is stored now. */
  above(
    partitions: readonly TopicPartition[],
    stored: readonly (TopicPartition & { readonly nextOffset: bigint })[],
  ): TopicPartition[] {
    const now = new Map(stored.map((position) => [nameOf(position), position.nextOffset]));
    return partitions.filter((partition) => this.of(partition) > (now.get(nameOf(partition)) ?? 0n));
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
