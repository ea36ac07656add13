import type {
  PartitionReadProgress,
  RecordBatch,
  RecordHandler,
  RecordSource,
} from '../../src/consume/record-source.ts';
import type { TopicPartition } from '../../src/model/record.ts';
import type { Breach } from './breaches.ts';
import { isOutage, type Lane } from './lane.ts';
import { partitions, topic, type SimulatedLog } from './simulated-log.ts';

interface Held {
  readonly partition: number;
  readonly generation: number;
  /** Undefined: the handler is still to be asked where reading begins. */
  position: bigint | undefined;
  isBusy: boolean;
  isLost: boolean;
}

/**
 * One member of the group, with what the adapter over kafkajs promises the consumer: positions
 * are asked for before the first batch, one batch at a time of each partition, an offset is
 * committed only for what the handler took. Of a rebalance it may learn late: until then it
 * goes on as if the partition were its own.
 */
export class SimulatedMember implements RecordSource {
  readonly died = new Promise<Error>(() => undefined);
  readonly name: string;
  readonly #log: SimulatedLog;
  readonly #lane: Lane;
  readonly #breach: Breach | undefined;
  readonly #storedAt: (partition: number) => bigint;
  #handler: RecordHandler | undefined;
  #held = new Map<number, Held>();
  #paused = new Set<number>();

  constructor(
    name: string,
    log: SimulatedLog,
    lane: Lane,
    {
      breach,
      storedAt,
    }: { readonly breach: Breach | undefined; readonly storedAt: (partition: number) => bigint },
  ) {
    this.name = name;
    this.#log = log;
    this.#lane = lane;
    this.#breach = breach;
    this.#storedAt = storedAt;
  }

  start(handler: RecordHandler): Promise<void> {
    this.#handler = handler;
    return Promise.resolve();
  }

  get isBusy(): boolean {
    return [...this.#held.values()].some((held) => held.isBusy);
  }

  isBusyWith(partition: number): boolean {
    return this.#held.get(partition)?.isBusy ?? false;
  }

  holds(partition: number): boolean {
    return this.#held.has(partition);
  }

  /** Learns how the group is shared out now. */
  notice(): void {
    const { generation, owners } = this.#log;
    const before = this.#held;
    this.#held = new Map();
    for (const held of before.values()) held.isLost = true;
    for (const partition of partitions) {
      if (owners.get(partition) !== this.name) continue;
      const kept = before.get(partition);
      // Kept from one generation to the next: reading goes on where it stood.
      const held = kept ?? { partition, generation, position: undefined, isBusy: false, isLost: false };
      this.#held.set(partition, Object.assign(held, { generation, isLost: false }));
    }
    this.#handler?.assignmentChanged([...this.#held.keys()].map(toPartition));
  }

  /** After a rewind: reading begins anew everywhere. */
  forgetPositions(): void {
    for (const held of this.#held.values()) held.isLost = true;
    this.#held = new Map();
  }

  async poll(partition: number, most: number): Promise<void> {
    const held = this.#held.get(partition);
    if (held === undefined || held.isBusy || this.#paused.has(partition)) return;
    held.isBusy = true;
    try {
      await this.#deliver(held, most);
    } catch (error) {
      // Refused, or the process died: the same batch comes again.
      if (!isOutage(error)) throw error;
    } finally {
      held.isBusy = false;
    }
  }

  /** Tells the group what is durable. */
  async commit(): Promise<void> {
    for (const { partition, generation, position, isLost } of this.#held.values()) {
      if (position === undefined || isLost) continue;
      await this.#lane.call('commit offset', 'LOG_UNAVAILABLE');
      if (position > (this.#log.committed.get(partition) ?? 0n))
        this.#commit(generation, partition, position);
    }
  }

  pause(all: readonly TopicPartition[]): void {
    for (const { partition } of all) this.#paused.add(partition);
  }

  resume(all: readonly TopicPartition[]): void {
    for (const { partition } of all) this.#paused.delete(partition);
  }

  chooseAgain(all: readonly TopicPartition[]): void {
    for (const { partition } of all) {
      const held = this.#held.get(partition);
      if (held !== undefined) held.position = undefined;
    }
  }

  progress(): Promise<readonly PartitionReadProgress[]> {
    const progress = [...this.#held.values()].flatMap(({ partition, position }) =>
      position === undefined ? [] : [{ topic, partition, position, endOffset: this.#log.end(partition) }],
    );
    return Promise.resolve(progress);
  }

  partitions(): Promise<[]> {
    return Promise.resolve([]);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  async #deliver(held: Held, most: number): Promise<void> {
    const { partition, generation } = held;
    const handler = this.#handler;
    if (handler === undefined) return;
    if (held.position === undefined) {
      const committed = this.#log.committed.get(partition);
      const bounds = { logStart: 0n, logEnd: this.#log.end(partition) };
      const chosen = await handler.choosePosition({ topic, partition, committed, ...bounds });
      held.position = chosen ?? committed ?? 0n;
    }
    const records = this.#log.fetch(partition, held.position, most);
    const last = records.at(-1);
    if (last === undefined) return;
    const nextOffset = last.offset + 1n;
    const isStale = (): boolean => held.isLost || held.generation !== generation;
    const answered = { asStale: false };
    const batch: RecordBatch = {
      topic,
      partition,
      records,
      nextOffset,
      isStale: () => (answered.asStale ||= isStale()),
      heartbeat: () => Promise.resolve(),
    };
    if (nextOffset <= this.#storedAt(partition)) this.#lane.note('redelivery of a stored batch');
    if (this.#breach === 'commits the offset first') this.#commit(generation, partition, nextOffset);
    await handler.handleBatch(batch);
    if (answered.asStale) this.#lane.note('batch given up because its partition was lost');
    else if (isStale()) this.#lane.note('batch stored by a member that had lost the partition');
    else moveOn(held, nextOffset);
  }

  #commit(generation: number, partition: number, position: bigint): void {
    const isTaken = this.#log.commit(generation, partition, position);
    if (!isTaken) this.#lane.note('offset of an old generation refused');
  }
}

/** Not when reading is to begin anew. */
function moveOn(held: Held, position: bigint): void {
  if (held.position !== undefined) held.position = position;
}

function toPartition(partition: number): TopicPartition {
  return { topic, partition };
}
