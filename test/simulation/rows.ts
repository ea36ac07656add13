import type { NewDeadLetter } from '../../src/consume/message-store.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { StoredMessage } from '../../src/model/message.ts';
import type { CloseReason, WindowChannel } from '../../src/model/session-window.ts';
import type { ResultEventType } from '../../src/model/result-event.ts';
import type { StageOutcome } from '../../src/extract/stage.ts';

/** Rows of the simulated store; names are those of the tables' columns in camel case. */

export interface KeyRow {
  readonly keyId: string;
  readonly botId: string;
  readonly userId: string;
  readonly runId: number;
  readonly partition: number;
  readonly lastEndMs: number | null;
  readonly hasChanges: boolean;
  readonly lastSequence: number;
}

export interface MessageRow extends StoredMessage {
  readonly keyId: string;
  readonly contentHash: string;
  readonly clamped: boolean;
  readonly partition: number;
}

export interface ChangeRow {
  readonly identity: string;
  readonly target: string;
  readonly changedAtMs: number;
  readonly claimedAtMs: number;
  /** Null: a delete. */
  readonly content: string | null;
}

export interface EndRow {
  readonly identity: string;
  readonly keyId: string;
  readonly channelId: string | null;
  readonly endedAtMs: number;
}

export interface WindowRow extends WindowChannel {
  readonly windowId: string;
  readonly runId: number;
  readonly keyId: string;
  readonly sessionKey: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly messageCount: number;
  readonly status: 'open' | 'closed' | 'superseded';
  readonly dueReason: CloseReason | null;
  readonly closeReason: CloseReason | null;
  readonly checkAtMs: number;
  readonly touchedAtMs: number;
  readonly partition: number;
  readonly revision: number;
  readonly supersededBy: readonly string[] | null;
}

/** The work on a window: a row of `extractions`. */
export interface WorkRow {
  readonly windowId: string;
  readonly keyId: string;
  readonly status: 'pending' | 'running' | 'done' | 'skipped' | 'retrying' | 'deferred' | 'failed';
  readonly notBeforeMs: number;
  readonly attempts: number;
  readonly timeouts: number;
  readonly changed: boolean;
  readonly errorCode: string | null;
  readonly leaseOwner: string | null;
  readonly leaseEpoch: number;
  readonly leaseExpiresMs: number;
  readonly revision: number;
  readonly hourStartedMs: number;
  readonly revisionsInHour: number;
}

/** How a stage ended for a revision: a row of `stage_tasks`. */
export interface ResultRow {
  readonly windowId: string;
  readonly revision: number;
  readonly keyId: string;
  readonly runId: number;
  readonly strategy: string;
  readonly membersDigest: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly outcome: StageOutcome;
  /** Null: there is none, or a delete has taken it out as a whole. */
  readonly result: unknown;
  readonly isSuperseded: boolean;
}

export interface ObservationRow {
  readonly keyId: string;
  readonly kind: 'fact' | 'preference';
  readonly groupKey: string;
  readonly windowId: string;
  readonly stage: string;
  readonly observation: Observation;
  readonly isSuperseded: boolean;
}

export interface AnswerRow {
  readonly keyId: string;
  readonly windowId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

export interface OutboxEventRow {
  readonly outboxId: string;
  readonly keyId: string;
  readonly windowId: string | null;
  readonly type: ResultEventType;
  readonly eventId: string;
  readonly sequence: number;
  readonly subject: string;
  readonly createdAtMs: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly isSent: boolean;
}

export interface DeadLetterRow extends NewDeadLetter {
  readonly outboxId: string;
  readonly isSent: boolean;
}

export interface ProgressRow {
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly streamTimeMs: number;
  readonly caughtUpAtMs: number;
}

export interface LeaseRow {
  readonly owner: string;
  readonly epoch: number;
  readonly expiresAtMs: number;
}
