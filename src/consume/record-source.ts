import type { LogRecord, TopicPartition } from '../model/record.ts';

/** Records of one partition in the order of the log. Offsets rise and may have holes. */
export interface RecordBatch extends TopicPartition {
  readonly records: readonly LogRecord[];
  /** The offset to read next once this batch is durable: last finished + 1. */
  readonly nextOffset: bigint;
  /** False as soon as the partition may belong to somebody else; a stale batch can be left undone. */
  isStale(): boolean;
  /** Tells the group that this member is alive; call it during long work. */
  heartbeat(): Promise<void>;
}

/** Where reading may start for a partition that was just assigned. */
export interface StartPosition extends TopicPartition {
  /** What the log has stored as the group's committed offset; undefined when nothing was committed. */
  readonly committed: bigint | undefined;
  /** First offset that the log still holds, and the one after the last. */
  readonly logStart: bigint;
  readonly logEnd: bigint;
}

export interface RecordHandler {
  /**
   * Makes the batch durable. Only when it resolves is the offset committed; when it
   * rejects, the batch is delivered again. It rejects only for outages (a database
   * that is away), never for what a record holds.
   */
  handleBatch(batch: RecordBatch): Promise<void>;
  /**
   * Asked once per assignment of a partition, before its first batch, and never
   * skipped: the answer is where to read from. Returning `undefined` accepts the
   * committed offset (or the log's start where there is none). Asked again when the
   * log does not continue where reading stood (retention overtook it, the topic was
   * made anew). An answer outside of [logStart, logEnd] means the log's start.
   */
  choosePosition(start: StartPosition): Promise<bigint | undefined>;
  /**
   * Reading has passed offsets that no batch shows (control records, aborted or compacted
   * ones): everything below `position` has ended. Called before such a position is
   * committed, which waits for the answer; when it rejects, nothing is committed.
   */
  positionPassed(partition: TopicPartition, position: bigint): Promise<void>;
  /** The partitions that this member holds now; called after every change. */
  assignmentChanged(partitions: readonly TopicPartition[]): void;
}

/**
 * Reads a topic as one member of a consumer group. The implementer delivers each
 * partition's records in order, one batch at a time per partition, commits
 * `nextOffset` only after `handleBatch` resolved, copies every value out of its
 * network buffers, decompresses gzip, snappy, lz4 and zstd, and survives outages
 * of the log by himself. Deduplication, retries of the database and dead letters
 * are the consumer's job, not his.
 */
export interface RecordSource {
  /** Joins the group and begins to deliver. Resolves once joined or waiting for partitions. */
  start(handler: RecordHandler): Promise<void>;
  /** Stops fetching these partitions until `resume`; membership is kept. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Asks the handler for the position of these partitions again, after the batch in hand, and
   * reads on from there. For positions that turned out to be another's, such as those of a
   * database that was restored from an older copy.
   */
  chooseAgain(partitions: readonly TopicPartition[]): void;
  /**
   * For each partition held: the log's end offset as polled now, and the position
   * that reading has reached (which passes control records and compacted holes that
   * no batch ever shows).
   */
  progress(): Promise<readonly PartitionReadProgress[]>;
  /**
   * Every partition that the topic has now, whoever reads it, with its bounds as polled
   * now. Empty only while that is not known.
   */
  partitions(): Promise<readonly LogPartition[]>;
  /** Finishes the batch in hand, commits, leaves the group. Idempotent. */
  stop(): Promise<void>;
  /** Resolves (never rejects) with the cause when the source died for good and will not restart by itself. */
  readonly died: Promise<Error>;
}

export interface PartitionReadProgress extends TopicPartition {
  readonly endOffset: bigint;
  readonly position: bigint;
}

export interface LogPartition {
  readonly partition: number;
  /** First offset that the log still holds, and the one after the last. */
  readonly start: bigint;
  readonly end: bigint;
}
