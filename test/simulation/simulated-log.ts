import { decodeRecord } from '../../src/consume/decode-record.ts';
import type { DecodedRecord } from '../../src/model/decoded-record.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { SteppingClock } from './simulated-database.ts';

export const topic = 'messages';
export const partitions = [0, 1] as const;

/** A record that waits to be written: its partition, and its value as a bot sends it. */
export interface Sending {
  readonly partition: number;
  readonly value: Readonly<Record<string, unknown>> | string;
}

/** Two partitions of a topic, whose offsets have holes, and the group's offsets of them. */
export class SimulatedLog {
  readonly #clock: SteppingClock;
  readonly #records = new Map<number, { readonly record: LogRecord; readonly writtenAtMs: number }[]>();
  /** As told by members of the generation of now. */
  readonly committed = new Map<number, bigint>();
  /** The member that holds each partition. */
  readonly owners = new Map<number, string>();
  generation = 0;
  readonly #decoded = new Map<LogRecord, DecodedRecord>();

  constructor(clock: SteppingClock) {
    this.#clock = clock;
  }

  write({ partition, value }: Sending): void {
    const records = this.#of(partition);
    const record = {
      topic,
      partition,
      offset: BigInt(2 * records.length),
      timestampMs: this.#clock.nowMs(),
      key: Buffer.from('any'),
      value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      headers: [],
    };
    records.push({ record, writtenAtMs: this.#clock.elapsedMs });
  }

  /** What a record is; told by the product's decoder, once. */
  decoded(record: LogRecord): DecodedRecord {
    let decoded = this.#decoded.get(record);
    if (decoded === undefined) this.#decoded.set(record, (decoded = decodeRecord(record)));
    return decoded;
  }

  records(partition: number): LogRecord[] {
    return this.#of(partition).map(({ record }) => record);
  }

  end(partition: number): bigint {
    const last = this.#of(partition).at(-1);
    return last === undefined ? 0n : last.record.offset + 1n;
  }

  fetch(partition: number, position: bigint, most: number): LogRecord[] {
    return this.records(partition)
      .filter(({ offset }) => offset >= position)
      .slice(0, most);
  }

  /** Whether everything that was written longer ago than this lies below `position`. */
  isReadToItsEnd(partition: number, position: bigint, withinMs: number): boolean {
    return this.#of(partition).every(
      ({ record, writtenAtMs }) =>
        record.offset < position || writtenAtMs >= this.#clock.elapsedMs - withinMs,
    );
  }

  /** False: of an old generation, which is refused. */
  commit(generation: number, partition: number, offset: bigint): boolean {
    if (generation !== this.generation) return false;
    this.committed.set(partition, offset);
    return true;
  }

  #of(partition: number): { readonly record: LogRecord; readonly writtenAtMs: number }[] {
    let records = this.#records.get(partition);
    if (records === undefined) this.#records.set(partition, (records = []));
    return records;
  }
}
