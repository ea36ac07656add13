import type pg from 'pg';

import { AfterwordError } from '../../../errors.ts';
import type { OutgoingRecord, RecordSink } from '../../../publish/record-sink.ts';
import { inTransaction } from '../../postgres/transaction.ts';
import { appendSignalOf } from './append-signal.ts';
import { appendRecords, type PlacedRecord } from './append-records.ts';
import { missingTopic, toLogError } from './log-errors.ts';
import { findTopics } from './log-topics.ts';
import { choosePartition, encodeHeaders, toBytes } from './record-bytes.ts';

/** As Kafka's brokers have it: what is too large there is too large here. */
export const maxRecordBytes = 1_048_588;

/** Over the pool's tables; the pool stays its owner's. */
export function createEmbeddedRecordSink({ pool }: { readonly pool: pg.Pool }): RecordSink {
  return new EmbeddedRecordSink(pool);
}

class EmbeddedRecordSink implements RecordSink {
  readonly #pool: pg.Pool;
  /** Sends follow each other, so that two calls cannot change the order of a key. */
  #last: Promise<void> = Promise.resolve();
  #turn = 0;
  #stopped = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  send(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#stopped) {
      return Promise.reject(new AfterwordError('LOG_STOPPED', 'embedded log: the sink was stopped'));
    }
    const sent = this.#last.then(() => this.#append(records));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
  }

  async #append(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    try {
      const placed = await this.#place(records);
      await inTransaction(this.#pool, (client) => appendRecords(client, placed));
    } catch (error) {
      throw toLogError(error, 'sending records');
    }
    appendSignalOf(this.#pool).announce();
  }

  async #place(records: readonly OutgoingRecord[]): Promise<PlacedRecord[]> {
    const topics = await findTopics(this.#pool, [...new Set(records.map(({ topic }) => topic))]);
    return records.map(({ topic: name, key, value, headers, timestampMs }) => {
      const topic = topics.get(name);
      if (topic === undefined) throw missingTopic(name);
      const placed: PlacedRecord = {
        topicId: topic.topicId,
        partition: choosePartition(key, topic.partitions, this.#turn),
        timestampMs: timestampMs ?? null,
        key: toBytes(key),
        value: toBytes(value),
        headers: encodeHeaders(headers),
      };
      if (key === null) this.#turn++;
      refuseTooLarge(placed, name);
      return placed;
    });
  }
}

function refuseTooLarge({ key, value, headers }: PlacedRecord, topic: string): void {
  const bytes = [key, value, headers].reduce((sum, part) => sum + (part?.length ?? 0), 0);
  if (bytes <= maxRecordBytes) return;
  throw new AfterwordError('RECORD_TOO_LARGE', `a record of ${bytes} bytes is too large for topic ${topic}`, {
    details: { topic, bytes },
  });
}
