import { setTimeout as sleep } from 'node:timers/promises';

import { ensureError, InvariantError } from '../../errors.ts';
import type { TopicPartition } from '../../model/record.ts';
import type {
  LogPartition,
  PartitionReadProgress,
  RecordHandler,
  RecordSource,
} from '../../consume/record-source.ts';
import { AdminConnection } from './admin-connection.ts';
import { backOffMs } from './back-off.ts';
import { createDeferred } from './deferred.ts';
import { GroupMembership, type MembershipEnd } from './group-membership.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { isForbidden, isPassing, reasonOf, toLogError } from './kafka-errors.ts';
import { readBounds, topicExists } from './topic-admin.ts';

export interface KafkaRecordSourceOptions extends KafkaConnection {
  readonly groupId: string;
  readonly topic: string;
  /** How long a broker may hold back an empty answer; also how soon a resumed partition is fetched. */
  readonly maxWaitTimeMs?: number;
  readonly maxBytesPerPartition?: number;
  readonly partitionsConsumedConcurrently?: number;
  /** After how long without a heartbeat the group gives this member's partitions away. */
  readonly sessionTimeoutMs?: number;
}

/** Reads one topic as a member of a consumer group; joins anew after every crash that can pass. */
export function createKafkaRecordSource(options: KafkaRecordSourceOptions): RecordSource {
  return new KafkaRecordSource(options);
}

const topicPollMs = 1_000;
const forbiddenRetryMs = 10_000;

class KafkaRecordSource implements RecordSource {
  readonly died: Promise<Error>;
  readonly #options: KafkaRecordSourceOptions;
  readonly #admins: AdminConnection;
  readonly #stopping = new AbortController();
  /** Outlives memberships: a partition stays paused when it comes back. */
  readonly #pausedByCaller = new Set<number>();
  readonly #die: (cause: Error) => void;
  #membership: GroupMembership | undefined;
  #isRefusalSaid = false;
  #supervision: Promise<void> | undefined;

  constructor(options: KafkaRecordSourceOptions) {
    const died = createDeferred<Error>();
    this.died = died.promise;
    this.#die = died.resolve;
    this.#options = options;
    this.#admins = new AdminConnection(options);
  }

  /** @throws AfterwordError when Kafka refuses for good, such as for wrong credentials. */
  async start(handler: RecordHandler): Promise<void> {
    if (this.#supervision !== undefined) throw new InvariantError('kafka-source-start', 'started twice');
    const started = createDeferred<undefined>();
    this.#supervision = this.#supervise(handler, () => {
      started.resolve(undefined);
    }).catch((error: unknown) => {
      const cause = toLogError(error, 'reading');
      started.reject(cause);
      this.#die(cause);
    });
    await started.promise;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const { partition } of this.#ours(partitions)) this.#pausedByCaller.add(partition);
    this.#applyCallerPauses();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { partition } of this.#ours(partitions)) this.#pausedByCaller.delete(partition);
    this.#applyCallerPauses();
  }

  chooseAgain(partitions: readonly TopicPartition[]): void {
    for (const { partition } of this.#ours(partitions)) this.#membership?.assignment.chooseFor(partition);
  }

  async progress(): Promise<readonly PartitionReadProgress[]> {
    const membership = this.#membership;
    if (membership === undefined) return [];
    const { topic } = this.#options;
    const bounds = await this.partitions();
    const endOf = new Map(bounds.map(({ partition, end }) => [partition, end]));
    return membership.assignment.all().flatMap(({ partition, position }) => {
      const endOffset = endOf.get(partition);
      return endOffset === undefined || position === undefined
        ? []
        : [{ topic, partition, endOffset, position }];
    });
  }

  async partitions(): Promise<readonly LogPartition[]> {
    if (this.#membership === undefined) return [];
    const { topic } = this.#options;
    return this.#admins.use(`reading the end of topic ${topic}`, (admin) => readBounds(admin, topic));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#supervision;
    await this.#admins.close();
  }

  /** One membership after the other, until stopped or refused for good. */
  async #supervise(handler: RecordHandler, started: () => void): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      const end = await this.#serveOneMembership(handler, () => {
        failures = 0;
        started();
      });
      if (end.kind === 'stopped') break;
      if (isForbidden(end.error)) {
        started();
        await this.#waitForRights(end.error);
        continue;
      }
      this.#isRefusalSaid = false;
      failures++;
      const restartInMs = end.canPass ? backOffMs(failures) : undefined;
      this.#options.onEvent?.({ type: 'crashed', reason: reasonOf(end.error), restartInMs });
      if (restartInMs === undefined) throw end.error;
      // Kafka is away: the caller need not wait for it, reading begins when it is back.
      started();
      await sleep(restartInMs, undefined, { signal }).catch(() => undefined);
    }
    started();
  }

  /** Joining may be allowed and reading not: every try would look like a new beginning. */
  async #waitForRights(error: Error): Promise<void> {
    const { topic, onEvent } = this.#options;
    const told = {
      type: 'topic-refused',
      topic,
      reason: reasonOf(error),
      retryInMs: forbiddenRetryMs,
    } as const;
    if (!this.#isRefusalSaid) onEvent?.(told);
    this.#isRefusalSaid = true;
    await sleep(forbiddenRetryMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #serveOneMembership(handler: RecordHandler, started: () => void): Promise<MembershipEnd> {
    const { signal } = this.#stopping;
    try {
      await this.#waitForTopic(started);
    } catch (error) {
      return { kind: 'failed', error: ensureError(error), canPass: isPassing(ensureError(error)) };
    }
    if (signal.aborted) return { kind: 'stopped' };
    const membership = new GroupMembership({
      options: this.#options,
      admins: this.#admins,
      handler,
      pausedByCaller: this.#pausedByCaller,
    });
    this.#membership = membership;
    try {
      return await membership.serve(started, signal);
    } finally {
      this.#membership = undefined;
    }
  }

  async #waitForTopic(started: () => void): Promise<void> {
    const { topic, onEvent } = this.#options;
    const { signal } = this.#stopping;
    for (let isSaid = false; !signal.aborted;) {
      if (await this.#admins.use('listing topics', (admin) => topicExists(admin, topic))) return;
      if (!isSaid) onEvent?.({ type: 'topic-missing', topic });
      isSaid = true;
      started();
      await sleep(topicPollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #applyCallerPauses(): void {
    for (const held of this.#membership?.assignment.all() ?? []) {
      held.setHold('caller', this.#pausedByCaller.has(held.partition));
    }
  }

  #ours(partitions: readonly TopicPartition[]): readonly TopicPartition[] {
    return partitions.filter(({ topic }) => topic === this.#options.topic);
  }
}
