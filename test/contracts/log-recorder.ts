import { setTimeout as sleep } from 'node:timers/promises';

import type { RecordBatch, RecordHandler, StartPosition } from '../../src/consume/record-source.ts';
import type { LogRecord, TopicPartition } from '../../src/model/record.ts';

/** A consumer that keeps what it is given, and refuses or waits where a test tells it to. */
export class LogRecorder implements RecordHandler {
  /** What was taken, in order of arrival. */
  readonly records: LogRecord[] = [];
  readonly offered: RecordBatch[] = [];
  readonly starts: StartPosition[] = [];
  /** Positions that were passed without a record. */
  readonly passed: bigint[] = [];
  assigned: readonly TopicPartition[] = [];
  /** Called before a batch is taken; what it rejects with refuses the batch. */
  before: (batch: RecordBatch) => Promise<void> = () => Promise.resolve();
  choose: (start: StartPosition) => bigint | undefined = () => undefined;
  #inHand = new Map<number, number>();

  async handleBatch(batch: RecordBatch): Promise<void> {
    const inHand = (this.#inHand.get(batch.partition) ?? 0) + 1;
    this.#inHand.set(batch.partition, inHand);
    if (inHand > 1) throw new Error(`two batches of partition ${batch.partition} at once`);
    this.offered.push(batch);
    try {
      await this.before(batch);
      if (!batch.isStale()) this.records.push(...batch.records);
    } finally {
      this.#inHand.set(batch.partition, 0);
    }
  }

  choosePosition(start: StartPosition): Promise<bigint | undefined> {
    this.starts.push(start);
    return Promise.resolve(this.choose(start));
  }

  positionPassed(_partition: TopicPartition, position: bigint): Promise<void> {
    this.passed.push(position);
    return Promise.resolve();
  }

  assignmentChanged(partitions: readonly TopicPartition[]): void {
    this.assigned = partitions;
  }

  values(partition?: number): string[] {
    return this.records
      .filter((record) => partition === undefined || record.partition === partition)
      .map((record) => record.value?.toString('utf8') ?? '');
  }
}

/** Polls until it holds; fails with the name of what did not come to pass. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}
