import type { z } from 'zod';
import type { FactDraft, PreferenceDraft } from './stages/drafts.ts';
import type { Transcript } from './transcript.ts';

/** What a stage's own check returns. */
export interface StageCheck {
  /** What leaves: any JSON but undefined. An empty list is a result. */
  readonly result: unknown;
  /** What the check refused, counted by reason in kebab-case; reasons become labels of a metric. */
  readonly rejected?: Readonly<Record<string, number>>;
}

/** Claims for the person's memory, in the form that the built-in stages are answered in. */
export interface ToRemember {
  readonly facts?: readonly FactDraft[];
  readonly preferences?: readonly PreferenceDraft[];
}

/**
 * A stage of a user's own. Its functions are called with what one window holds and must
 * depend on nothing else, so that running twice gives the same; they are synchronous.
 * What they throw fails this stage alone (STAGE_FAILED).
 */
export interface StageDefinition<Schema extends z.ZodType = z.ZodType> {
  /** In kebab-case, at most 63 characters; names results, settings and the field of the model's answer. */
  readonly name: string;
  /** Raise it whenever prompt, schema or check change what comes out. */
  readonly version: string;
  /** What the model is asked to answer: objects with named fields; maps are lists of {name, value}. */
  readonly schema: Schema;
  /** The stage's part of the prompt: what to look for, and what each field means. */
  readonly prompt: string;
  /** Fewest messages by user or bot that make the stage worth running. */
  readonly minMessages: number;
  /**
   * Makes the result of an answer that fits the schema. Without it every field `evidence`
   * (`citationsSchema`) is verified, and claims that do not hold are left out.
   *
   * @throws AfterwordError MODEL_OUTPUT_INVALID to have the model asked again, once; its
   *   message is sent to the model. Anything else fails the stage.
   */
  check?(draft: z.output<Schema>, transcript: Transcript): StageCheck;
  /**
   * One answer of those that the model gave for the parts of a window too long to be read at
   * once, in their order. Without it lists are put together, what is alike once; a stage that
   * answers anything but lists is then asked about all of it with the longest messages cut.
   */
  merge?(drafts: readonly z.output<Schema>[]): z.input<Schema>;
  /** The answer where there is no model; without it the stage is skipped there (`no-offline-form`). */
  offline?(transcript: Transcript): z.input<Schema>;
  /**
   * What of the answer belongs in the person's memory. It goes through the checks and the
   * fold of the built-in facts and preferences; what they refuse is counted.
   */
  remember?(draft: z.output<Schema>, transcript: Transcript): ToRemember;
}

/** Gives a stage its types; it does nothing else. Faults are told by name when a process starts. */
export function defineStage<Schema extends z.ZodType>(
  definition: StageDefinition<Schema>,
): StageDefinition<Schema> {
  return definition;
}
