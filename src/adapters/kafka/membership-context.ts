import type { RecordHandler } from '../../consume/record-source.ts';
import type { AdminConnection } from './admin-connection.ts';
import type { FetchControl } from './held-partition.ts';
import type { KafkaRecordSourceOptions } from './record-source.ts';

/** What the parts of one membership share. */
export interface MembershipContext {
  readonly options: KafkaRecordSourceOptions;
  readonly admins: AdminConnection;
  readonly handler: RecordHandler;
  /** Outlives the membership; the source writes it. */
  readonly pausedByCaller: ReadonlySet<number>;
  readonly control: FetchControl;
  /** Aborted when the membership ends. */
  readonly signal: AbortSignal;
  /** Hands work to the membership, which awaits it at its end and fails when it rejects. */
  background(work: Promise<void>): void;
  /** Resolves early, and never rejects, when the membership ends. */
  sleep(ms: number): Promise<void>;
}
