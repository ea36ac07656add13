import type { RecordHeader } from '../model/record.ts';

export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: Buffer | string | null;
  readonly headers: readonly RecordHeader[];
  /** Epoch milliseconds; without it the log sets its own. */
  readonly timestampMs?: number;
}

/**
 * Appends records to topics. `send` resolves only when every record is durable in
 * the log (all in-sync replicas), keeping the order of records with equal keys. It
 * rejects with an `AfterwordError` of code TOPIC_MISSING, TOPIC_FORBIDDEN,
 * RECORD_TOO_LARGE or LOG_UNAVAILABLE; then any part of the records may have been
 * written, so the caller sends them again and readers drop repeats. The implementer
 * recovers from fatal producer errors by himself.
 */
export interface RecordSink {
  send(records: readonly OutgoingRecord[]): Promise<void>;
  stop(): Promise<void>;
}
