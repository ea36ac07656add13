import type { ModelPrice } from '../model/model-prices.ts';
import type { PromptWords } from '../model/prompt-words.ts';
import type { CallShape, Effort } from '../model/strategy-choices.ts';
import type { AnswerStore } from './answer-store.ts';
import { askInParts, toOutcome } from './ask-in-parts.ts';
import { askAboutText, type TextContext } from './ask-text.ts';
import type { CallLedger } from './call-ledger.ts';
import type { ModelClient } from './model-client.ts';
import type { ModelGate } from './model-gate/model-gate.ts';
import { systemPrompt } from './prompts/system-prompt.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import type { Stage, StageOutcome } from './stage.ts';
import type { Timing } from './timing.ts';
import { transcriptTexts, type TextLimits } from './transcript-texts.ts';
import type { Transcript } from './transcript.ts';
import { skipReason, toSkipped } from './worth-running.ts';

export interface AskStagesOptions {
  /** The enabled stages; their parts make the system prompt, in this order. */
  readonly stages: readonly Stage[];
  readonly transcript: Transcript;
  /** Digest of the window's members; half of what kept answers are found by. */
  readonly membersDigest: string;
  readonly client: ModelClient;
  readonly gate: ModelGate;
  readonly model: string;
  readonly timing: Timing;
  readonly answers?: AnswerStore;
  /** Where calls are recorded and budgets kept; else neither is done. */
  readonly ledger?: CallLedger | undefined;
  /** Of the model; else costs are not known. */
  readonly price?: ModelPrice | undefined;
  /** Named by what is recorded. */
  readonly strategy?: string;
  readonly ignoreKeptAnswers?: boolean;
  /** Rules, and the built-in stages' parts; else those that come with the package. */
  readonly prompts?: PromptWords;
  readonly callShape?: CallShape;
  /** Else the model's own. */
  readonly effort?: Effort | undefined;
  readonly retry?: RetryPolicy;
  /** How much is asked about at once; a window beyond it is asked about in parts. */
  readonly limits?: TextLimits;
  /** Told of a stage that threw; its siblings go on. The error may come from a plug-in. */
  readonly onStageFault?: (stage: Stage, error: Error) => void;
  readonly signal: AbortSignal;
}

/**
 * Asks a model about one window: in one call, or beyond the limit in one for each of its parts.
 * Each stage ends on its own, in the order given: done, skipped, or failed with a code
 * (MODEL_RATE_LIMITED, MODEL_CREDENTIALS, ... once retries are spent; what may succeed later is
 * the caller's to defer, as is MODEL_BUDGET_SPENT, which says when).
 *
 * Rejects with the signal's reason, or with what the answer store threw; whatever was
 * answered by then is kept.
 */
export async function askStages(options: AskStagesOptions): Promise<StageOutcome[]> {
  const { stages, transcript } = options;
  const skipped = new Map(stages.map((stage) => [stage, skipReason(stage, transcript)]));
  const asked = stages.filter((stage) => skipped.get(stage) === undefined);
  const outcomes = asked.length === 0 ? [] : await askAbout(options, asked);
  const byStage = new Map(outcomes.map((outcome) => [outcome.stage, outcome]));
  return stages.map(
    (stage) => byStage.get(stage.name) ?? toSkipped(stage, skipped.get(stage) ?? 'not-asked'),
  );
}

async function askAbout(options: AskStagesOptions, stages: readonly Stage[]): Promise<StageOutcome[]> {
  const { transcript, limits } = options;
  const texts = transcriptTexts(transcript, limits);
  const context = contextOf(options, texts[0] ?? '');
  if (texts.length > 1) return askInParts(context, stages, { texts, limits });
  const answers = await askAboutText(context, stages);
  return answers.flatMap((answer, index) => {
    const stage = stages[index];
    return stage === undefined ? [] : [toOutcome(stage, answer)];
  });
}

function contextOf(options: AskStagesOptions, user: string): TextContext {
  const callShape = options.callShape ?? 'together';
  return {
    client: options.client,
    gate: options.gate,
    answers: options.answers,
    ledger: options.ledger,
    price: options.price,
    strategy: options.strategy ?? 'default',
    ignoreKeptAnswers: options.ignoreKeptAnswers ?? false,
    retry: options.retry ?? defaultRetryPolicy,
    timing: options.timing,
    model: options.model,
    membersDigest: options.membersDigest,
    effort: options.effort,
    system: systemPrompt(options.stages, options.prompts),
    user,
    reuseUser: callShape === 'separate',
    transcript: options.transcript,
    callShape,
    purpose: 'first',
    onStageFault: options.onStageFault,
    signal: options.signal,
  };
}
