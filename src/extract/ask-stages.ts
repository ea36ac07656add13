import { isAfterwordError, type ErrorCode } from '../errors.ts';
import type { ModelPrice } from '../model/model-prices.ts';
import type { PromptWords } from '../model/prompt-words.ts';
import { noUsage, type Usage } from '../model/results.ts';
import type { CallShape, Effort } from '../model/strategy-choices.ts';
import type { AnswerStore, KeptAnswer } from './answer-store.ts';
import { askModel, type AskContext, type Asked, type Repair } from './ask-model.ts';
import type { CallLedger } from './call-ledger.ts';
import type { ModelClient } from './model-client.ts';
import type { ModelGate } from './model-gate/model-gate.ts';
import { shareUsage } from './plan-call.ts';
import { systemPrompt } from './prompts/system-prompt.ts';
import { partsOf, readDraft, readWithoutFaultyItems, type DraftReading } from './read-draft.ts';
import { renderTranscript, type RenderOptions } from './render-transcript.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import type { CheckedResult, Stage, StageOutcome } from './stage.ts';
import type { Timing } from './timing.ts';
import type { Transcript } from './transcript.ts';
import { addUsage, splitUsage, usageOfError, withCost } from './usage.ts';
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
  readonly render?: RenderOptions;
  readonly maxOutputTokens?: number;
  /** Told of a stage that threw; its siblings go on. The error may come from a plug-in. */
  readonly onStageFault?: (stage: Stage, error: Error) => void;
  readonly signal: AbortSignal;
}

const defaultMaxOutputTokens = 8_000;

/**
 * Asks a model about one window. Each stage ends on its own, in the order given:
 * done, skipped, or failed with a code (MODEL_RATE_LIMITED, MODEL_CREDENTIALS, ...
 * once retries are spent; what may succeed later is the caller's to defer, as is
 * MODEL_BUDGET_SPENT, which says when). A stage
 * whose part does not fit is asked for again alone, once; so is each of them where the
 * answer for all was cut off, refused or empty.
 *
 * Rejects with the signal's reason, or with what the answer store threw; whatever was
 * answered by then is kept.
 */
export async function askStages(options: AskStagesOptions): Promise<StageOutcome[]> {
  const { stages, transcript } = options;
  const skipped = new Map(stages.map((stage) => [stage, skipReason(stage, transcript)]));
  const asked = stages.filter((stage) => skipped.get(stage) === undefined);
  const outcomes = asked.length === 0 ? [] : await askInShape(contextOf(options), asked);
  const byStage = new Map(outcomes.map((outcome, index) => [asked[index], outcome]));
  return stages.map((stage) => byStage.get(stage) ?? toSkipped(stage, skipped.get(stage) ?? 'not-asked'));
}

interface WindowContext extends AskContext {
  readonly transcript: Transcript;
  readonly callShape: CallShape;
  readonly onStageFault: AskStagesOptions['onStageFault'];
}

function contextOf(options: AskStagesOptions): WindowContext {
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
    user: renderTranscript(options.transcript, options.render),
    reuseUser: callShape === 'separate',
    maxOutputTokens: options.maxOutputTokens ?? defaultMaxOutputTokens,
    transcript: options.transcript,
    callShape,
    onStageFault: options.onStageFault,
    signal: options.signal,
  };
}

async function askInShape(context: WindowContext, stages: readonly Stage[]): Promise<StageOutcome[]> {
  if (context.callShape === 'together') return askTogether(context, { stages, purpose: 'first' });
  // The first call fills the provider's cache; the others read from it.
  const [first, ...others] = stages.map((stage): Asked => ({ stages: [stage], purpose: 'first' }));
  const firstOutcome = first === undefined ? [] : await askTogether(context, first);
  const otherOutcomes = await Promise.all(others.map((one) => askTogether(context, one)));
  return [...firstOutcome, ...otherOutcomes.flat()];
}

async function askTogether(context: WindowContext, asked: Asked): Promise<StageOutcome[]> {
  const { stages } = asked;
  let answer: KeptAnswer;
  try {
    answer = await askModel(context, asked);
  } catch (error) {
    return askApart(context, stages, error);
  }
  const parts = partsOf(answer.text);
  const shares = shareUsage(stages, answer, context.price);
  return Promise.all(
    stages.map((stage, index) => {
      const part = parts === undefined ? answer.text : parts[stage.name];
      return settle(context, stage, { part, model: answer.model, usage: shares[index] ?? noUsage });
    }),
  );
}

/** Failures of one question: the same again would fail again, a smaller one may not. */
const failuresOfQuestion: ReadonlySet<string> = new Set<ErrorCode>([
  'MODEL_CUT_OFF',
  'MODEL_REFUSED',
  'MODEL_OUTPUT_INVALID',
  'MODEL_REQUEST_INVALID',
]);

/**
 * No whole answer came. A stage that makes the answer too long, or that the model will not
 * do, must not take its siblings along (P3): each is asked alone, once. What passes by
 * itself is the caller's to try again with all of them.
 */
async function askApart(
  context: WindowContext,
  stages: readonly Stage[],
  error: unknown,
): Promise<StageOutcome[]> {
  const code = modelCodeOf(error);
  const shares = splitUsage(
    withCost(usageOfError(error), context.price),
    stages.map(() => 1),
    context.price,
  );
  if (stages.length === 1 || !failuresOfQuestion.has(code)) {
    return stages.map((stage, index) => toFailedBy(stage, error, shares[index] ?? noUsage));
  }
  const alone = await Promise.all(
    stages.map((stage) => askTogether(context, { stages: [stage], purpose: 'alone' })),
  );
  return alone.flat().map((outcome, index) => withMoreUsage(outcome, shares[index] ?? noUsage));
}

function withMoreUsage(outcome: StageOutcome, usage: Usage): StageOutcome {
  return outcome.status === 'skipped' ? outcome : { ...outcome, usage: addUsage(usage, outcome.usage) };
}

/** One stage's part of an answer, and its share of the cost. */
interface Share {
  readonly part: unknown;
  readonly model: string;
  readonly usage: Usage;
}

async function settle(context: WindowContext, stage: Stage, share: Share): Promise<StageOutcome> {
  const reading = readDraft(stage, share.part, context.transcript);
  if (!reading.held && 'problem' in reading) return repair(context, stage, share, reading.problem);
  return conclude(context, stage, share, reading);
}

async function repair(
  context: WindowContext,
  stage: Stage,
  first: Share,
  problem: string,
): Promise<StageOutcome> {
  let answer: KeptAnswer;
  try {
    const asked = repairOf(stage, first.part, problem);
    answer = await askModel(context, { stages: [stage], purpose: 'repair', repair: asked });
  } catch (error) {
    const failed = withCost(usageOfError(error), context.price);
    return toFailedBy(stage, error, addUsage(first.usage, failed));
  }
  const second: Share = {
    part: partsOf(answer.text)?.[stage.name],
    model: answer.model,
    usage: addUsage(first.usage, answer.usage),
  };
  const readings = [second.part, first.part].map((part) =>
    readWithoutFaultyItems(stage, part, context.transcript),
  );
  const reading = readings.find(({ held }) => held) ?? readings[0];
  return reading === undefined
    ? toFailed(stage, 'MODEL_OUTPUT_INVALID', second.usage)
    : conclude(context, stage, second, reading);
}

function repairOf(stage: Stage, part: unknown, problem: string): Repair {
  const answer = typeof part === 'string' ? part : JSON.stringify({ [stage.name]: part ?? null });
  return {
    // The API refuses an empty turn.
    answer: answer.trim() === '' ? '{}' : answer,
    problem: `That answer cannot be used:\n${problem}\nAnswer the field "${stage.name}" again, corrected and complete.`,
  };
}

function conclude(context: WindowContext, stage: Stage, share: Share, reading: DraftReading): StageOutcome {
  if (reading.held) return toDone(stage, share, reading.checked);
  if (!('fault' in reading)) return toFailed(stage, 'MODEL_OUTPUT_INVALID', share.usage);
  context.onStageFault?.(stage, reading.fault);
  return toFailed(
    stage,
    isAfterwordError(reading.fault) ? reading.fault.code : 'INVARIANT_BROKEN',
    share.usage,
  );
}

function toDone(stage: Stage, { model, usage }: Share, checked: CheckedResult<unknown>): StageOutcome {
  const named = { stage: stage.name, stageVersion: stage.version };
  return {
    status: 'done',
    ...named,
    method: 'model',
    model,
    usage,
    ...checked,
  };
}

function toFailed(stage: Stage, errorCode: string, usage: Usage): StageOutcome {
  return { status: 'failed', stage: stage.name, stageVersion: stage.version, errorCode, usage };
}

function toFailedBy(stage: Stage, error: unknown, usage: Usage): StageOutcome {
  const code = modelCodeOf(error);
  const failed = toFailed(stage, code, usage);
  const retryAfterMs = isAfterwordError(error) ? error.retryAfterMs : undefined;
  if (code !== 'MODEL_BUDGET_SPENT' || retryAfterMs === undefined || failed.status !== 'failed')
    return failed;
  return { ...failed, retryInMs: retryAfterMs };
}

/** The code of a failure of the model; anything else (an abort, the database) is not a stage's outcome. */
function modelCodeOf(error: unknown): string {
  if (isAfterwordError(error) && error.code.startsWith('MODEL_')) return error.code;
  throw error;
}
