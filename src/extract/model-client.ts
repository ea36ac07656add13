import type { z } from 'zod';
import type { Usage } from '../model/results.ts';
import type { Effort } from '../model/strategy-choices.ts';

export interface ModelRequest<Answer> {
  readonly model: string;
  /** The stable prefix: instructions of all stages. Cached by the provider where it can. */
  readonly system: string;
  /** The window: the fenced transcript. */
  readonly user: string;
  /** The same `user` will be sent again soon (a call a stage): worth caching where the provider can. */
  readonly reuseUser?: boolean;
  /** A turn before ours that failed its check, and what was wrong with it; for the one repair. */
  readonly repair?: { readonly answer: string; readonly problem: string };
  /** How hard to think; else the model's own. */
  readonly effort?: Effort;
  readonly answerSchema: z.ZodType<Answer>;
  readonly maxOutputTokens: number;
}

export interface ModelAnswer {
  readonly model: string;
  /** The raw text of the structured answer; parsing and checking are the caller's. */
  readonly text: string;
  readonly usage: Usage;
}

/**
 * Asks a model once. One call makes exactly one request: retries, waiting and
 * budgets are the caller's. Rejects with an `AfterwordError` whose code tells the
 * class of failure (MODEL_RATE_LIMITED with `retryAfterMs`, MODEL_OVERLOADED,
 * MODEL_TIMEOUT, MODEL_UNREACHABLE, MODEL_CREDENTIALS, MODEL_SPEND_LIMIT,
 * MODEL_REFUSED, MODEL_CUT_OFF, MODEL_OUTPUT_INVALID, MODEL_REQUEST_INVALID) and
 * never quotes the request or the answer. Aborting cancels the request on the wire.
 */
export interface ModelClient {
  ask<Answer>(request: ModelRequest<Answer>, signal: AbortSignal): Promise<ModelAnswer>;
  /**
   * A real, cheap call that proves the credentials, and that answers come in the form asked for;
   * resolves with the model's name.
   */
  verifyCredentials(model: string, signal: AbortSignal): Promise<string>;
}
