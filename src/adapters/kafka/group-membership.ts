import { setTimeout as sleep } from 'node:timers/promises';

import type { Consumer } from 'kafkajs';

import { ensureError } from '../../errors.ts';
import { Assignment } from './assignment.ts';
import { BatchDelivery } from './batch-delivery.ts';
import { createDeferred } from './deferred.ts';
import type { FetchControl } from './held-partition.ts';
import { createKafkaClient } from './kafka-client.ts';
import { isPassing } from './kafka-errors.ts';
import type { MembershipContext } from './membership-context.ts';
import { OffsetCommitter } from './offset-committer.ts';
import type { KafkaRecordSourceOptions } from './record-source.ts';
import { createStickyAssigner } from './sticky-assigner.ts';

export type MembershipEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: Error; readonly canPass: boolean };

/** A consumer without a sign of life for so long has stopped silently (kafkajs issues 659, 1441). */
const silenceMs = 120_000;
const closeMs = 15_000;

/**
 * One life of a kafkajs consumer, from joining to its end. kafkajs never restarts it:
 * a crash ends this object, and the source makes the next one.
 */
export class GroupMembership {
  readonly assignment: Assignment;
  readonly #delivery: BatchDelivery;
  readonly #committer: OffsetCommitter;
  readonly #options: KafkaRecordSourceOptions;
  readonly #consumer: Consumer;
  readonly #ended = createDeferred<MembershipEnd>();
  readonly #closing = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #joined: () => void = () => undefined;
  #crashCanPass = false;
  #lastSignMs = performance.now();

  constructor(parts: Pick<MembershipContext, 'options' | 'admins' | 'handler' | 'pausedByCaller'>) {
    const context: MembershipContext = {
      ...parts,
      control: this.#createControl(parts.options.topic),
      signal: this.#closing.signal,
      background: (work) => {
        this.#background(work);
      },
      sleep: (ms) => sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined),
    };
    this.#options = parts.options;
    this.assignment = new Assignment(context);
    this.#committer = new OffsetCommitter(context, this.assignment);
    this.#delivery = new BatchDelivery(context, this.assignment, this.#committer);
    this.#consumer = this.#createConsumer();
    this.#listen();
  }

  /** Joins, calls `joined` after each join, and reads until the signal or the consumer's end. */
  async serve(joined: () => void, signal: AbortSignal): Promise<MembershipEnd> {
    this.#joined = joined;
    const stop = (): void => {
      this.#ended.resolve({ kind: 'stopped' });
    };
    signal.addEventListener('abort', stop, { once: true });
    const watch = setInterval(() => {
      this.#endWhenSilent();
    }, silenceMs / 4);
    const running = this.#run().catch((error: unknown) => {
      this.#fail(ensureError(error));
    });
    const stopCommitting = this.#committer.start();
    const end = await this.#ended.promise;
    stopCommitting();
    clearInterval(watch);
    signal.removeEventListener('abort', stop);
    await this.#close(running, end);
    return end;
  }

  async #run(): Promise<void> {
    await this.#consumer.connect();
    // From the beginning: where an offset is out of range, `latest` would skip what is there.
    await this.#consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true });
    if (this.#closing.signal.aborted) return;
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#options.partitionsConsumedConcurrently ?? 4,
      eachBatch: (payload) => this.#delivery.take(payload),
    });
  }

  async #close(running: Promise<void>, end: MembershipEnd): Promise<void> {
    this.assignment.holdAll();
    this.#closing.abort();
    const close = async (): Promise<void> => {
      if (end.kind === 'stopped') {
        await this.#delivery.ended();
        await this.#committer.commitRest();
      }
      // Waits for the batch in hand, and tells the group that we leave.
      await this.#consumer.disconnect();
      // Whoever was still connecting or joining gives up now, and may have opened a connection.
      await running;
      await this.#consumer.disconnect();
    };
    await Promise.race([close().catch(() => undefined), sleep(closeMs, undefined, { ref: false })]);
    this.assignment.loseAll();
    await Promise.all(this.#tasks);
  }

  #createConsumer(): Consumer {
    const options = this.#options;
    const sessionTimeout = options.sessionTimeoutMs ?? 30_000;
    const owned = (): number[] => this.assignment.all().map((held) => held.partition);
    return createKafkaClient(options).consumer({
      groupId: options.groupId,
      partitionAssigners: [createStickyAssigner(owned)],
      sessionTimeout,
      rebalanceTimeout: 60_000,
      heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeout / 4)),
      // New partitions of the topic are found within a minute.
      metadataMaxAge: 60_000,
      maxWaitTimeInMs: options.maxWaitTimeMs ?? 250,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
      allowAutoTopicCreation: false,
      retry: {
        restartOnFailure: () => {
          // Asked only about errors that can pass; the restart itself is the source's.
          this.#crashCanPass = true;
          return Promise.resolve(false);
        },
      },
    });
  }

  #listen(): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.#guard(() => {
        if (this.#closing.signal.aborted) return;
        this.assignment.replace(payload.memberId, payload.memberAssignment[this.#options.topic] ?? []);
        this.#joined();
      });
    });
    this.#consumer.on(events.REBALANCING, () => {
      // What the next owner need not read again, as long as the group still takes our word for it.
      void this.#committer.commit();
    });
    this.#consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.#delivery.pass(payload.partition, payload.lastOffset);
    });
    this.#consumer.on(events.CRASH, ({ payload }) => {
      this.#fail(payload.error, this.#crashCanPass || isPassing(payload.error));
    });
    for (const sign of [events.FETCH_START, events.HEARTBEAT, events.END_BATCH_PROCESS]) {
      this.#consumer.on(sign, () => {
        this.#lastSignMs = performance.now();
      });
    }
  }

  #createControl(topic: string): FetchControl {
    // After its end kafkajs has no group to pause in; the next membership starts from nothing.
    const whileOpen = (work: () => void): void => {
      if (!this.#closing.signal.aborted) this.#guard(work);
    };
    return {
      seek: (partition, position) => {
        whileOpen(() => {
          this.#consumer.seek({ topic, partition, offset: position.toString() });
        });
      },
      pause: (partition) => {
        whileOpen(() => {
          this.#consumer.pause([{ topic, partitions: [partition] }]);
        });
      },
      resume: (partition) => {
        whileOpen(() => {
          this.#consumer.resume([{ topic, partitions: [partition] }]);
        });
      },
    };
  }

  /** kafkajs calls listeners inside its own work: what they throw would end up there. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(ensureError(error));
    }
  }

  #background(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => {
        this.#fail(ensureError(error));
      })
      .finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  #endWhenSilent(): void {
    const isBusy = this.assignment.all().some((held) => held.isBusy);
    if (isBusy || performance.now() - this.#lastSignMs < silenceMs) return;
    this.#fail(new Error('the consumer has stopped silently'));
  }

  #fail(error: Error, canPass = isPassing(error)): void {
    this.#ended.resolve({ kind: 'failed', error, canPass });
  }
}
