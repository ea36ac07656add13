import { randomUUID } from 'node:crypto';

import type pg from 'pg';

import { InvariantError } from '../../../errors.ts';
import type {
  LogPartition,
  PartitionReadProgress,
  RecordHandler,
  RecordSource,
} from '../../../consume/record-source.ts';
import type { TopicPartition } from '../../../model/record.ts';
import { createDeferred } from '../../kafka/deferred.ts';
import { backOffMs } from '../../kafka/back-off.ts';
import { appendSignalOf } from './append-signal.ts';
import { LogMembership } from './log-membership.ts';
import { reasonOf, toLogError } from './log-errors.ts';
import type { OnEmbeddedLogEvent } from './log-event.ts';
import { findTopics, readEnds, type LogTopic } from './log-topics.ts';

export interface EmbeddedRecordSourceOptions {
  readonly pool: pg.Pool;
  readonly groupId: string;
  readonly topic: string;
  readonly onEvent?: OnEmbeddedLogEvent;
  /** How soon records of other processes are seen; those of this process are seen at once. */
  readonly pollMs?: number;
  /** After how long without a word the others take this member's partitions. */
  readonly leaseMs?: number;
  readonly maxBatchRecords?: number;
  readonly maxBatchBytes?: number;
}

/** Reads one topic of the embedded log, sharing its partitions with other members by lease rows. */
export function createEmbeddedRecordSource(options: EmbeddedRecordSourceOptions): RecordSource {
  return new EmbeddedRecordSource(options);
}

class EmbeddedRecordSource implements RecordSource {
  /** Never: whatever the database does, it may come back. */
  readonly died = new Promise<Error>(() => undefined);
  readonly #options: EmbeddedRecordSourceOptions;
  readonly #stopping = new AbortController();
  /** Outlives leases: a partition stays paused when it comes back. */
  readonly #paused = new Set<number>();
  #membership: LogMembership | undefined;
  #running: Promise<void> | undefined;

  constructor(options: EmbeddedRecordSourceOptions) {
    this.#options = options;
  }

  async start(handler: RecordHandler): Promise<void> {
    if (this.#running !== undefined) throw new InvariantError('embedded-source-start', 'started twice');
    const started = createDeferred<undefined>();
    this.#running = this.#run(handler, () => {
      started.resolve(undefined);
    });
    await started.promise;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const { partition } of this.#ours(partitions)) this.#paused.add(partition);
    this.#membership?.pausesChanged();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { partition } of this.#ours(partitions)) this.#paused.delete(partition);
    this.#membership?.pausesChanged();
    // Wakes the loop: it may be waiting for records that are there already.
    appendSignalOf(this.#options.pool).announce();
  }

  chooseAgain(partitions: readonly TopicPartition[]): void {
    for (const { partition } of this.#ours(partitions)) this.#membership?.chooseFor(partition);
  }

  async progress(): Promise<readonly PartitionReadProgress[]> {
    const membership = this.#membership;
    if (membership === undefined) return [];
    const { topic } = this.#options;
    const ends = new Map((await this.partitions()).map((end) => [end.partition, end.end]));
    return membership.positions().flatMap(({ partition, position }) => {
      const endOffset = ends.get(partition);
      return endOffset === undefined ? [] : [{ topic, partition, endOffset, position }];
    });
  }

  async partitions(): Promise<readonly LogPartition[]> {
    const membership = this.#membership;
    if (membership === undefined) return [];
    const { pool, topic } = this.#options;
    try {
      return await readEnds(pool, membership.topicId);
    } catch (error) {
      throw toLogError(error, `reading the end of topic ${topic}`);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Leases, then reading, then a wait for the next append: round after round, through every outage. */
  async #run(handler: RecordHandler, started: () => void): Promise<void> {
    const { pool, pollMs = 200, onEvent } = this.#options;
    const { signal } = this.#stopping;
    const appends = appendSignalOf(pool);
    let failures = 0;
    let waitMs = pollMs;
    while (!signal.aborted) {
      const seen = appends.count;
      try {
        this.#membership ??= await this.#join(handler);
        await this.#membership?.round();
        failures = 0;
        waitMs = pollMs;
      } catch (error) {
        waitMs = backOffMs(++failures);
        onEvent?.({ type: 'crashed', reason: reasonOf(error), restartInMs: waitMs });
      }
      started();
      // After a failure an append is no reason to hurry.
      await appends.wait(failures > 0 ? appends.count : seen, waitMs, signal);
    }
    started();
    await this.#membership?.leave();
    this.#membership = undefined;
  }

  async #join(handler: RecordHandler): Promise<LogMembership | undefined> {
    const { pool, topic: name, groupId, leaseMs = 10_000, onEvent } = this.#options;
    const topic = await this.#findTopic(name);
    if (topic === undefined) return undefined;
    return new LogMembership({
      pool,
      topicName: name,
      topic,
      member: { groupId, topicId: topic.topicId, memberId: randomUUID(), leaseMs },
      handler,
      paused: this.#paused,
      onEvent: onEvent ?? (() => undefined),
      maxBatchRecords: this.#options.maxBatchRecords ?? 1_000,
      maxBatchBytes: this.#options.maxBatchBytes ?? 1_048_576,
    });
  }

  #isMissingSaid = false;

  async #findTopic(name: string): Promise<LogTopic | undefined> {
    const topic = (await findTopics(this.#options.pool, [name])).get(name);
    if (topic === undefined && !this.#isMissingSaid) {
      this.#isMissingSaid = true;
      this.#options.onEvent?.({ type: 'topic-missing', topic: name });
    }
    return topic;
  }

  #ours(partitions: readonly TopicPartition[]): readonly TopicPartition[] {
    return partitions.filter(({ topic }) => topic === this.#options.topic);
  }
}
