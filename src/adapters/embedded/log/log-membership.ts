import type pg from 'pg';

import type { RecordHandler } from '../../../consume/record-source.ts';
import { settlePosition } from '../../kafka/start-position.ts';
import { fairShare } from './fair-share.ts';
import { LeasedPartition } from './leased-partition.ts';
import {
  claimLeases,
  leaveGroup,
  releaseLeases,
  renewLeases,
  showLife,
  type Lease,
  type LogMember,
} from './leases.ts';
import type { OnEmbeddedLogEvent } from './log-event.ts';
import { readEnds, type LogEnds, type LogTopic } from './log-topics.ts';
import { PartitionReader } from './partition-reader.ts';

export interface LogMembershipParts {
  readonly pool: pg.Pool;
  readonly topicName: string;
  readonly topic: LogTopic;
  readonly member: LogMember;
  readonly handler: RecordHandler;
  /** Outlives the membership; the source writes it. */
  readonly paused: ReadonlySet<number>;
  readonly onEvent: OnEmbeddedLogEvent;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
}

/** The partitions that this member has leased, and the reading of them. */
export class LogMembership {
  readonly #parts: LogMembershipParts;
  readonly #reader: PartitionReader;
  readonly #held = new Map<number, LeasedPartition>();
  readonly #reading = new Set<Promise<void>>();
  #leasesDueAtMs = 0;

  constructor(parts: LogMembershipParts) {
    this.#parts = parts;
    this.#reader = new PartitionReader(parts);
  }

  get topicId(): number {
    return this.#parts.topic.topicId;
  }

  positions(): { partition: number; position: bigint }[] {
    return [...this.#held.values()].flatMap(({ partition, position }) =>
      position === undefined ? [] : [{ partition, position }],
    );
  }

  chooseFor(partition: number): void {
    const held = this.#held.get(partition);
    if (held !== undefined) held.isToChoose = true;
  }

  pausesChanged(): void {
    for (const held of this.#held.values()) held.isPaused = this.#parts.paused.has(held.partition);
  }

  /** Looks after the leases when they are due, then starts reading wherever there is something new. */
  async round(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs >= this.#leasesDueAtMs) {
      await this.#lookAfterLeases();
      // Several tries fit into one lease.
      this.#leasesDueAtMs = nowMs + this.#parts.member.leaseMs / 4;
    }
    if (this.#held.size === 0) return;
    const ends = await readEnds(this.#parts.pool, this.topicId);
    await this.#choosePositions(ends);
    for (const { partition, end } of ends) {
      const held = this.#held.get(partition);
      if (held?.position === undefined || held.position >= end) continue;
      if (held.mayRead(performance.now())) this.#startReading(held);
    }
  }

  /** Finishes the batches in hand and gives everything back. */
  async leave(): Promise<void> {
    for (const held of this.#held.values()) held.isLeaving = true;
    await Promise.all(this.#reading);
    const { pool, member } = this.#parts;
    const partitions = [...this.#held.keys()];
    for (const held of [...this.#held.values()]) this.#lose(held);
    this.#tellHandler();
    // With the database away, the leases simply expire.
    await releaseLeases(pool, member, partitions).catch(() => undefined);
    await leaveGroup(pool, member).catch(() => undefined);
  }

  async #lookAfterLeases(): Promise<void> {
    const { pool, member, topic } = this.#parts;
    const members = await showLife(pool, member);
    const share = fairShare(topic.partitions, members, member.memberId);
    const validUntilMs = performance.now() + member.leaseMs;
    const owned = await renewLeases(pool, member);
    const lost = this.#loseAllBut(owned);
    for (const held of this.#held.values()) held.validUntilMs = validUntilMs;
    const released = await this.#giveBack(this.#held.size - share);
    const wanted = share - this.#held.size;
    const gained = wanted > 0 ? await claimLeases(pool, member, wanted) : [];
    for (const lease of gained) this.#gain(lease, validUntilMs);
    const gone = lost + released;
    if (gained.length + gone === 0) return;
    this.#parts.onEvent({
      type: 'rejoined',
      gained: gained.length,
      kept: this.#held.size - gained.length,
      lost: gone,
    });
    this.#tellHandler();
  }

  #loseAllBut(owned: readonly Lease[]): number {
    const epochs = new Map(owned.map((lease) => [lease.partition, lease.epoch]));
    const lost = [...this.#held.values()].filter((held) => epochs.get(held.partition) !== held.epoch);
    for (const held of lost) this.#lose(held);
    return lost.length;
  }

  /** Too many: those with a batch in hand take no further one and go the next time. */
  async #giveBack(surplus: number): Promise<number> {
    const leaving = surplus > 0 ? [...this.#held.values()].slice(-surplus) : [];
    for (const held of this.#held.values()) held.isLeaving = leaving.includes(held);
    const idle = leaving.filter((held) => !held.isBusy);
    if (idle.length === 0) return 0;
    for (const held of idle) this.#lose(held);
    await releaseLeases(
      this.#parts.pool,
      this.#parts.member,
      idle.map((held) => held.partition),
    );
    return idle.length;
  }

  #gain(lease: Lease, validUntilMs: number): void {
    const held = new LeasedPartition(lease, validUntilMs);
    held.isPaused = this.#parts.paused.has(lease.partition);
    this.#held.set(lease.partition, held);
  }

  #lose(held: LeasedPartition): void {
    held.isLost = true;
    this.#held.delete(held.partition);
  }

  #tellHandler(): void {
    const topic = this.#parts.topicName;
    const partitions = [...this.#held.keys()].sort((a, b) => a - b);
    this.#parts.handler.assignmentChanged(partitions.map((partition) => ({ topic, partition })));
  }

  async #choosePositions(ends: readonly LogEnds[]): Promise<void> {
    for (const { partition, start, end } of ends) {
      const held = this.#held.get(partition);
      if (held === undefined || held.isBusy) continue;
      if (held.position !== undefined && !held.isToChoose) continue;
      const { committed } = held;
      const asked = { topic: this.#parts.topicName, partition, committed, logStart: start, logEnd: end };
      held.position = settlePosition(asked, await this.#parts.handler.choosePosition(asked));
      held.isToChoose = false;
    }
  }

  #startReading(held: LeasedPartition): void {
    held.isBusy = true;
    const reading = this.#reader
      .readOn(held)
      .catch(() => {
        // The database is away: the next round meets the same outage and says so.
      })
      .finally(() => {
        held.isBusy = false;
        this.#reading.delete(reading);
      });
    this.#reading.add(reading);
  }
}
