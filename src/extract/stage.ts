import type { z } from 'zod';
import type { FactResult, Method, PreferenceResult, Usage } from '../model/results.ts';
import type { Transcript } from './transcript.ts';

/** A claim that a stage's check refused, by reason; counted, never stored. */
export type RejectionCounts = Readonly<Record<string, number>>;

/** Claims that a stage of a user's own found beside its result; folded as the built-in stages' are. */
export interface Remembered {
  readonly facts: readonly FactResult[];
  readonly preferences: readonly PreferenceResult[];
}

export interface CheckedResult<Result> {
  readonly result: Result;
  readonly rejected: RejectionCounts;
  readonly remembered?: Remembered;
}

/**
 * One extraction step. `Draft` is what a model answers (it cites line numbers),
 * `Result` what leaves after code has checked it (it cites message ids).
 * A stage is a function of the transcript, its version and the strategy alone.
 */
export interface Stage<Draft = unknown, Result = unknown> {
  readonly name: string;
  /** Raised whenever prompt, schema or check change what comes out. */
  readonly version: string;
  /** Fewest messages by user or assistant that make it worth running. */
  readonly minMessages: number;
  /** What the model is asked to answer; becomes a field of the one structured output. */
  readonly draftSchema: z.ZodType<Draft>;
  readonly resultSchema: z.ZodType<Result>;
  /** The stage's part of the prompt; a built-in stage has none of its own, it stands in the strategy's. */
  readonly prompt?: string;
  /** Maps a draft's line numbers to message ids, verifies every quote, drops and counts what fails. */
  check(draft: Draft, transcript: Transcript): CheckedResult<Result>;
  /**
   * One draft of those that a model gave for the parts of a long window, in their order.
   * Without it lists are put together (`mergerOf`), where the stage answers nothing else.
   */
  merge?(drafts: readonly Draft[]): Draft;
  /** The answer without any model, before `check`; undefined: this stage has no offline form. */
  offline?(transcript: Transcript): Draft;
}

/** How one stage ended for one window revision. */
export type StageOutcome =
  | {
      readonly status: 'done';
      readonly stage: string;
      readonly stageVersion: string;
      readonly method: Method;
      readonly model: string | null;
      readonly usage: Usage;
      readonly result: unknown;
      readonly rejected: RejectionCounts;
      readonly remembered?: Remembered;
    }
  | {
      readonly status: 'skipped';
      readonly stage: string;
      readonly stageVersion: string;
      readonly reason: string;
    }
  | {
      readonly status: 'failed';
      readonly stage: string;
      readonly stageVersion: string;
      readonly errorCode: string;
      readonly usage: Usage;
      /** With MODEL_BUDGET_SPENT: until its budget may have room, ms. */
      readonly retryInMs?: number;
    };
