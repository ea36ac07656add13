import type { FactResult, Method, PreferenceResult } from './results.ts';

/**
 * What one revision of one window (or one person, by hand) said. Observations are
 * append-only, but for those that a deleted message takes along. Current memory is a
 * fold over those of live windows, so a window that is superseded takes exactly its own
 * observations out of the fold.
 */
interface Observed {
  /** Unique and stable: the same claim of the same window revision always carries the same id. */
  readonly observationId: string;
  /** Null when a person said it by hand, outside any conversation. */
  readonly windowId: string | null;
  readonly revision: number;
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
  readonly channelType: string | null;
  /** Event time of the newest user message among the evidence (by hand: when it was entered), epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly method: Method | 'manual';
  /** The stage that found it; left out where that is the built-in one of its kind, or a person. */
  readonly stage?: string;
  readonly stageVersion: string;
  readonly strategy: string;
  readonly origin: 'stage' | 'manual';
  /**
   * True only by hand: this claim is wrong, whoever makes it and whenever.
   * False: it is so (which includes a negative fact, "has no pets").
   */
  readonly retracts: boolean;
}

export interface FactObservation extends Observed {
  /** Said by hand, it may come without evidence. */
  readonly fact: FactResult;
}

export interface PreferenceObservation extends Observed {
  /** Said by hand, it may come without evidence. */
  readonly preference: PreferenceResult;
}

export type Observation = FactObservation | PreferenceObservation;
