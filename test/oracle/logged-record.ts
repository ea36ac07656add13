/** One record of a topic as the oracle read it: bytes, and nothing made of them yet. */
export interface LoggedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The record's own timestamp, epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A name may repeat. */
  readonly headers: readonly LoggedHeader[];
}

export type LoggedHeader = readonly [name: string, value: Buffer | null];

/** Names a record in a violation. */
export function placeOf({ topic, partition, offset }: LoggedRecord): string {
  return `${topic}/${partition}@${offset}`;
}

/** The first header of that name as text; names are compared without regard to case. */
export function headerOf({ headers }: Pick<LoggedRecord, 'headers'>, name: string): string | undefined {
  return headers.find(([given]) => given.toLowerCase() === name)?.[1]?.toString('utf8');
}
