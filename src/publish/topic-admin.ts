/** What a topic is, as far as Afterword needs to know. */
export interface TopicDescription {
  readonly name: string;
  readonly exists: boolean;
  readonly partitions: number;
  /** `cleanup.policy` holds `compact`. */
  readonly compacted: boolean;
  /** Undefined: unlimited. */
  readonly retentionMs: number | undefined;
  readonly maxMessageBytes: number | undefined;
}

/**
 * Looks after topics of one log. Offsets are positions: the next one to read.
 * Every call rejects with LOG_UNAVAILABLE (retryable) when the log does not answer.
 */
export interface TopicAdmin {
  /** Names the log for people: `kafka broker1:9092` or `embedded log`. */
  readonly label: string;
  describe(topic: string): Promise<TopicDescription>;
  /** Makes the topic where it is missing; an existing one is left as it is. Returns whether it was made. */
  ensureTopic(topic: string, partitions: number): Promise<boolean>;
  /** Per partition: first offset, end offset, the group's committed one (undefined: none). */
  offsets(topic: string, groupId: string): Promise<readonly PartitionOffsets[]>;
  stop(): Promise<void>;
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly committed: bigint | undefined;
}
