import type { Clock } from '../clock.ts';
import { isAfterwordError } from '../errors.ts';
import type { DeadLetterReason } from '../model/decoded-record.ts';
import type { TopicPartition } from '../model/record.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { beatWhile } from './beat-while.ts';
import { choosePosition } from './choose-position.ts';
import type { ClosingStore } from './closing-store.ts';
import { decodeAll, type DecodeRecord } from './decode-all.ts';
import type { MessageStore } from './message-store.ts';
import { KnownPositions } from './known-positions.ts';
import type { DecodedEntry } from './plan-batch.ts';
import type {
  PartitionReadProgress,
  RecordBatch,
  RecordHandler,
  RecordSource,
  StartPosition,
} from './record-source.ts';
import { storeBatch, type BatchOutcome } from './store-batch.ts';

export interface ConsumerOptions {
  readonly source: RecordSource;
  readonly store: MessageStore;
  readonly closing: ClosingStore;
  readonly decode: DecodeRecord;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Told after every stored batch, so that the closer in this process looks at once. */
  readonly onStored: () => void;
  /** Waits between tries while the database is away; resolves early when aborted. */
  readonly pause: (ms: number) => Promise<void>;
  /** How often the group hears of this member while a batch is being stored. */
  readonly beatEveryMs?: number | undefined;
}

/** An outage is tried again after this, doubling up to the maximum. */
const firstRetryMs = 250;
const maxRetryMs = 5_000;

/**
 * Loop 1: record → decode → one transaction → offset. It never waits for a model. While
 * the database is away the partitions are paused, the member stays in the group, and the
 * batch in hand is tried until it is durable.
 */
export class Consumer implements RecordHandler {
  readonly #options: ConsumerOptions;
  readonly #known = new KnownPositions();
  #assigned: readonly TopicPartition[] = [];
  /** What an outage has paused. A source remembers it beyond an assignment, so it has to be told of all of them. */
  #paused: readonly TopicPartition[] = [];
  #stopping = false;
  #outageSinceMs: number | undefined;
  #outageCode: string | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  get assigned(): readonly TopicPartition[] {
    return this.#assigned;
  }

  /** The code of the failure that keeps reading from going on; undefined: it goes on. */
  get outage(): string | undefined {
    return this.#outageCode;
  }

  start(): Promise<void> {
    return this.#options.source.start(this);
  }

  /** Finishes the batch in hand; an outage is not waited out. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#options.source.stop();
  }

  assignmentChanged(partitions: readonly TopicPartition[]): void {
    const { logger, metrics } = this.#options;
    this.#assigned = partitions;
    metrics.rebalances.add(1);
    for (const topic of new Set(partitions.map((partition) => partition.topic))) {
      metrics.partitionsAssigned.set(partitions.filter((held) => held.topic === topic).length, { topic });
    }
    logger.info('consumer.joined', { partitions: partitions.length });
    this.#options.onStored();
  }

  async choosePosition(start: StartPosition): Promise<bigint | undefined> {
    const { store, logger, metrics } = this.#options;
    const { topic, partition } = start;
    const stored = await store.storedPosition(start);
    const chosen = choosePosition(start, stored);
    this.#known.begin(start, stored ?? 0n);
    switch (chosen.finding) {
      case 'as-committed':
        break;
      case 'refill': {
        const { committed, from } = chosen;
        metrics.positionAlarms.add(1, { kind: 'refilled' });
        logger.error('partition.refilled', {
          topic,
          partition,
          committed,
          stored: chosen.stored ?? undefined,
          from,
        });
        break;
      }
      case 'gap':
        await store.recordGap(start, chosen.gapFrom, chosen.gapTo, 'retention');
        // What is gone has ended, too: nobody finds the same gap once more before a record comes.
        await this.#moveTo(start, chosen.gapTo);
        metrics.logGaps.add(1, { topic });
        logger.error('gap.recorded', { topic, partition, from: chosen.gapFrom, to: chosen.gapTo });
        break;
      case 'recreated':
        await this.#resetTo(start, start.logStart);
        metrics.positionAlarms.add(1, { kind: 'restarted' });
        logger.error('partition.restarted', {
          topic,
          partition,
          stored: chosen.stored,
          from: start.logStart,
        });
        break;
      case 'unproven':
        // The position counts for the log that is there now: were it left above what has been
        // read of that, an offset moved ahead by somebody would pass for a rewind.
        await this.#resetTo(start, start.logStart);
        metrics.positionAlarms.add(1, { kind: 'restarted' });
        logger.warn('partition.restarted', { topic, partition, stored: chosen.stored, from: start.logStart });
    }
    const offset = chosen.from ?? start.committed ?? start.logStart;
    logger.info('partition.assigned', { topic, partition, offset });
    return chosen.from;
  }

  /** Were only Kafka told, its offset would be found ahead of ours by the next reader, and alarmed. */
  async positionPassed(partition: TopicPartition, position: bigint): Promise<void> {
    try {
      await this.#moveTo(partition, position);
    } catch (error) {
      if (isSetBack(error)) this.#readAgain([partition]);
      throw error;
    }
  }

  /**
   * How far the log was read, as polled now. Of partitions whose stored position was set back
   * nothing: they are read again from there, without waiting for a record that would show it.
   */
  async progress(): Promise<readonly PartitionReadProgress[]> {
    const { store, source } = this.#options;
    const setBack = this.#known.above(this.#assigned, await store.storedPositions(this.#assigned));
    if (setBack.length > 0) this.#readAgain(setBack);
    const isSetBackNow = ({ topic, partition }: TopicPartition): boolean =>
      setBack.some((lost) => lost.topic === topic && lost.partition === partition);
    return (await source.progress()).filter((partition) => !isSetBackNow(partition));
  }

  #readAgain(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      if (!this.#known.noteSetBack({ topic, partition })) continue;
      const known = this.#known.of({ topic, partition });
      this.#options.metrics.positionAlarms.add(1, { kind: 'set-back' });
      this.#options.logger.error('position.set-back', { topic, partition, known });
    }
    this.#options.source.chooseAgain(partitions);
  }

  async #moveTo(partition: TopicPartition, nextOffset: bigint): Promise<void> {
    const knownNextOffset = this.#known.of(partition);
    const streamTimeMs = Number.NEGATIVE_INFINITY;
    await this.#options.store.saveProgress(partition, { nextOffset, streamTimeMs, knownNextOffset });
    this.#known.rise(partition, nextOffset);
  }

  async #resetTo(partition: TopicPartition, nextOffset: bigint): Promise<void> {
    await this.#options.store.resetPosition(partition, nextOffset);
    this.#known.begin(partition, nextOffset);
  }

  async handleBatch(batch: RecordBatch): Promise<void> {
    const startedMs = this.#options.clock.nowMs();
    const entries = decodeAll(batch.records, this.#options.decode);
    const outcomes = await this.#storeDurably(batch, entries);
    if (outcomes === undefined) return;
    this.#count(batch, outcomes, this.#options.clock.nowMs() - startedMs);
    this.#options.onStored();
  }

  /** Tries until the batch is durable; gives up only when it is no longer ours, or on stopping. */
  async #storeDurably(
    batch: RecordBatch,
    entries: readonly DecodedEntry[],
  ): Promise<readonly BatchOutcome[] | undefined> {
    const { store, graceMs } = this.#options;
    for (let failures = 0; ; failures += 1) {
      try {
        const outcomes = await beatWhile(
          () => batch.heartbeat(),
          () =>
            storeBatch(store, batch, entries, batch.nextOffset, {
              graceMs,
              knownNextOffset: this.#known.of(batch),
            }),
          this.#options.beatEveryMs,
        );
        this.#known.rise(batch, batch.nextOffset);
        this.#recovered();
        return outcomes;
      } catch (error) {
        if (this.#stopping) throw error;
        if (isSetBack(error)) {
          // The database is there, and older than this batch: what lies between comes first.
          this.#resume();
          this.#readAgain([batch]);
          throw error;
        }
        const retryInMs = Math.min(maxRetryMs, firstRetryMs * 2 ** failures);
        this.#failed(batch, entries.length, error, retryInMs);
        if (!(await this.#waitWithBatch(batch, retryInMs))) return undefined;
      }
    }
  }

  /** False: the batch belongs to somebody else by now. */
  async #waitWithBatch(batch: RecordBatch, ms: number): Promise<boolean> {
    try {
      await this.#options.pause(ms);
      if (batch.isStale()) {
        this.#resume();
        return false;
      }
      await batch.heartbeat();
      return true;
    } catch (error) {
      // The batch is let go: with everything paused none would ever come again.
      this.#resume();
      throw error;
    }
  }

  #failed(batch: RecordBatch, records: number, error: unknown, retryInMs: number): void {
    const { logger, metrics, source, clock } = this.#options;
    const { topic, partition } = batch;
    metrics.batches.add(1, { outcome: 'failed' });
    const code = isAfterwordError(error) ? error.code : 'INVARIANT_BROKEN';
    // The same failure again is not news; the metric counts it.
    if (this.#outageCode !== code) {
      logger.failure('batch.failed', error, { topic, partition, records, retryInMs });
    }
    this.#outageCode = code;
    if (this.#outageSinceMs !== undefined) return;
    this.#outageSinceMs = clock.nowMs();
    this.#paused = this.#assigned;
    source.pause(this.#paused);
    metrics.partitionsPaused.set(this.#paused.length, { topic });
  }

  #recovered(): void {
    if (this.#outageSinceMs === undefined) return;
    const { logger, clock } = this.#options;
    logger.info('database.recovered', { awayMs: clock.nowMs() - this.#outageSinceMs });
    this.#resume();
  }

  /** Whether the database is back or not: the next batch that fails pauses again. */
  #resume(): void {
    const { metrics, source } = this.#options;
    this.#outageSinceMs = undefined;
    this.#outageCode = undefined;
    source.resume(this.#paused);
    for (const { topic } of this.#paused) metrics.partitionsPaused.set(0, { topic });
    this.#paused = [];
  }

  #count(batch: RecordBatch, outcomes: readonly BatchOutcome[], tookMs: number): void {
    const { logger, metrics } = this.#options;
    const { topic, partition } = batch;
    const sum = (of: (outcome: BatchOutcome) => number): number =>
      outcomes.reduce((total, outcome) => total + of(outcome), 0);
    const messages = sum((outcome) => outcome.messages);
    const duplicates = sum((outcome) => outcome.duplicates);
    const deadLetters = outcomes.flatMap((outcome) => outcome.deadLetters);
    metrics.records.add(messages, { topic, outcome: 'message' });
    metrics.records.add(duplicates, { topic, outcome: 'duplicate' });
    metrics.records.add(
      sum((outcome) => outcome.changes),
      { topic, outcome: 'change' },
    );
    metrics.records.add(
      sum((outcome) => outcome.sessionEnds),
      { topic, outcome: 'session-end' },
    );
    const [ignored, clamped] = [sum((outcome) => outcome.ignored), sum((outcome) => outcome.clamped)];
    metrics.records.add(ignored, { topic, outcome: 'ignored' });
    if (ignored > 0) logger.debug('records.ignored', { topic, partition, records: ignored });
    if (clamped > 0) logger.warn('messages.clamped', { topic, partition, messages: clamped });
    metrics.records.add(deadLetters.length, { topic, outcome: 'dead-letter' });
    this.#countDeadLetters(batch, deadLetters);
    metrics.clampedMessages.add(clamped);
    metrics.windowsOpened.add(sum((outcome) => outcome.windows.opened));
    metrics.windowsSuperseded.add(sum((outcome) => outcome.windows.superseded));
    metrics.batches.add(1, { outcome: outcomes.length > 1 ? 'halved' : 'stored' });
    metrics.batchSeconds.observe(tookMs / 1_000);
    logger.debug('batch.stored', {
      topic,
      partition,
      records: batch.records.length,
      messages,
      duplicates,
      tookMs,
    });
    const movedKeys = sum((outcome) => outcome.movedKeys);
    if (movedKeys > 0) logger.warn('keys.scattered', { topic, partition, keys: movedKeys });
    if (outcomes.length > 1) {
      logger.warn('batch.halved', { topic, partition, records: batch.records.length });
    }
  }

  #countDeadLetters(batch: RecordBatch, reasons: readonly DeadLetterReason[]): void {
    const { logger, metrics } = this.#options;
    for (const reason of reasons) {
      metrics.deadLetters.add(1, { reason });
      if (reason === 'conflicting-content') metrics.conflictingMessages.add(1);
    }
    if (reasons.length === 0) return;
    const { topic, partition } = batch;
    logger.warn('records.dead-lettered', { topic, partition, records: reasons.length });
  }
}

function isSetBack(error: unknown): boolean {
  return isAfterwordError(error) && error.code === 'POSITION_SET_BACK';
}
