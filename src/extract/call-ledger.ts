import type { Usage } from '../model/results.ts';

/**
 * Why a model is asked: about a window, about a further part of a long one, to correct a stage's
 * answer, or for one apart from its siblings.
 */
export type CallPurpose = 'first' | 'part' | 'repair' | 'alone';

/** A request to a model that is about to be sent. */
export interface PlannedCall {
  /** UUID; recording a call twice counts it once. */
  readonly callId: string;
  /** As it is asked for: what prices are found by. */
  readonly model: string;
  readonly strategy: string;
  readonly purpose: CallPurpose;
  readonly stages: readonly string[];
  /** The most that it can cost, nano-dollars; null: the model's price is not known. */
  readonly mostNanoUsd: number | null;
  /** The most that each stage can cost, until more is known. */
  readonly shares: readonly StageUsage[];
}

export interface StageUsage {
  readonly stage: string;
  readonly usage: Usage;
}

/** One that has ended, answered or not. */
export interface EndedCall extends PlannedCall {
  /** `ok`, an error's code, or `aborted`. */
  readonly outcome: string;
  readonly usage: Usage;
  /** Nano-dollars; null: not known. */
  readonly costNanoUsd: number | null;
  /** Nobody knows whether the provider did it: the cost is the most it can be. */
  readonly costIsEstimate: boolean;
  readonly tookMs: number;
}

/**
 * Where the calls about one window become known, with what they cost, and where budgets are
 * kept. Whatever the number of processes, the calls that are under way and those that have
 * ended never cost more together than a budget; of a process that dies, the most that its
 * call can cost counts as spent. Rejects with DATABASE_UNAVAILABLE.
 */
export interface CallLedger {
  /**
   * Takes the most that the call can cost out of the day's budgets; nothing where none is set.
   * Rejects with MODEL_BUDGET_SPENT and `retryAfterMs`: until the next UTC day, or 0 while only
   * calls under way are in its place.
   */
  reserve(call: PlannedCall): Promise<void>;
  /** A call without an answer that could be kept; those with one are recorded by `AnswerStore.keep`. */
  record(call: EndedCall): Promise<void>;
  /** The request was never sent. */
  release(callId: string): Promise<void>;
}
