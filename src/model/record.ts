/** One entry of a partition of a log, copied out of the client's buffers. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The record's own timestamp (append or create time), epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In the order of the wire; a name may repeat. */
  readonly headers: readonly RecordHeader[];
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** The first header of that name as UTF-8 text; names are compared without regard to case. */
export function headerText(record: Pick<LogRecord, 'headers'>, name: string): string | undefined {
  const header = record.headers.find((candidate) => candidate.name.toLowerCase() === name);
  return header?.value?.toString('utf8');
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}
