import { isAfterwordError, type ErrorCode } from '../errors.ts';
import { noUsage, type Usage } from '../model/results.ts';
import type { CallShape } from '../model/strategy-choices.ts';
import type { KeptAnswer } from './answer-store.ts';
import { askModel, roomFor, type AskContext, type Asked, type Repair } from './ask-model.ts';
import type { CallPurpose } from './call-ledger.ts';
import { mostOutputTokens } from './output-room.ts';
import { shareUsage } from './plan-call.ts';
import { partsOf, readDraft, readWithoutFaultyItems, type DraftReading } from './read-draft.ts';
import type { CheckedResult, Stage } from './stage.ts';
import type { Transcript } from './transcript.ts';
import { addUsage, splitUsage, usageOfError, withCost } from './usage.ts';

/** Everything that asking about one text needs: a window, or a part of a long one. */
export interface TextContext extends AskContext {
  /** The whole window, also where the text is a part of it: what is cited is looked for in all of it. */
  readonly transcript: Transcript;
  readonly callShape: CallShape;
  /** Of the first call about the text. */
  readonly purpose: CallPurpose;
  readonly onStageFault: ((stage: Stage, error: Error) => void) | undefined;
}

/** What a stage was answered about one text: a draft that its check holds, or why there is none. */
export type StageAnswer =
  | {
      readonly held: true;
      readonly draft: unknown;
      readonly checked: CheckedResult<unknown>;
      readonly model: string;
      readonly usage: Usage;
    }
  | {
      readonly held: false;
      readonly errorCode: string;
      readonly usage: Usage;
      /** With MODEL_BUDGET_SPENT: until its budget may have room, ms. */
      readonly retryInMs?: number;
    };

/**
 * Asks about one text; an answer for each of the stages, in their order. A stage whose part does
 * not fit is asked for again alone, once; so is each of them where the answer for all was cut
 * off, refused or empty, and a single one that was cut off with less room than there is.
 */
export async function askAboutText(context: TextContext, stages: readonly Stage[]): Promise<StageAnswer[]> {
  const { purpose } = context;
  if (context.callShape === 'together') return askTogether(context, { stages, purpose });
  // The first call fills the provider's cache; the others read from it.
  const [first, ...others] = stages.map((stage): Asked => ({ stages: [stage], purpose }));
  const firstAnswer = first === undefined ? [] : await askTogether(context, first);
  const otherAnswers = await Promise.all(others.map((one) => askTogether(context, one)));
  return [...firstAnswer, ...otherAnswers.flat()];
}

async function askTogether(context: TextContext, asked: Asked): Promise<StageAnswer[]> {
  const { stages } = asked;
  let answer: KeptAnswer;
  try {
    answer = await askModel(context, asked);
  } catch (error) {
    return askApart(context, asked, error);
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
 * do, must not take its siblings along (P3): each is asked alone, once. So is a single one that
 * was cut off with less room than there is. What passes by itself is the caller's to try again with
 * all of them.
 */
async function askApart(context: TextContext, asked: Asked, error: unknown): Promise<StageAnswer[]> {
  const { stages } = asked;
  const code = modelCodeOf(error);
  const shares = splitUsage(
    withCost(usageOfError(error), context.price),
    stages.map(() => 1),
    context.price,
  );
  if (!mayHelp(context, asked, code)) {
    return stages.map((_, index) => toFailedBy(error, shares[index] ?? noUsage));
  }
  const alone = await Promise.all(
    stages.map((stage) => askTogether(context, { stages: [stage], purpose: 'alone' })),
  );
  return alone.flat().map((answer, index) => withMoreUsage(answer, shares[index] ?? noUsage));
}

function mayHelp(context: TextContext, asked: Asked, code: string): boolean {
  if (asked.stages.length > 1) return failuresOfQuestion.has(code);
  return code === 'MODEL_CUT_OFF' && roomFor(context, asked) < mostOutputTokens;
}

function withMoreUsage(answer: StageAnswer, usage: Usage): StageAnswer {
  return { ...answer, usage: addUsage(usage, answer.usage) };
}

/** One stage's part of an answer, and its share of the cost. */
interface Share {
  readonly part: unknown;
  readonly model: string;
  readonly usage: Usage;
}

async function settle(context: TextContext, stage: Stage, share: Share): Promise<StageAnswer> {
  const reading = readDraft(stage, share.part, context.transcript);
  if (!reading.held && 'problem' in reading) return repair(context, stage, share, reading.problem);
  return conclude(context, stage, share, reading);
}

async function repair(
  context: TextContext,
  stage: Stage,
  first: Share,
  problem: string,
): Promise<StageAnswer> {
  let answer: KeptAnswer;
  try {
    const asked = repairOf(stage, first.part, problem);
    answer = await askModel(context, { stages: [stage], purpose: 'repair', repair: asked });
  } catch (error) {
    const failed = withCost(usageOfError(error), context.price);
    return toFailedBy(error, addUsage(first.usage, failed));
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
    ? toFailed('MODEL_OUTPUT_INVALID', second.usage)
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

function conclude(context: TextContext, stage: Stage, share: Share, reading: DraftReading): StageAnswer {
  const { model, usage } = share;
  if (reading.held) return { ...reading, model, usage };
  return toFailed(refusalOf(context, stage, reading), usage);
}

/** The code by which a stage fails whose draft does not hold; a fault of its own is told of. */
export function refusalOf(
  { onStageFault }: Pick<TextContext, 'onStageFault'>,
  stage: Stage,
  reading: DraftReading,
): string {
  if (!('fault' in reading)) return 'MODEL_OUTPUT_INVALID';
  onStageFault?.(stage, reading.fault);
  return isAfterwordError(reading.fault) ? reading.fault.code : 'INVARIANT_BROKEN';
}

function toFailed(errorCode: string, usage: Usage): StageAnswer {
  return { held: false, errorCode, usage };
}

function toFailedBy(error: unknown, usage: Usage): StageAnswer {
  const code = modelCodeOf(error);
  const retryAfterMs = isAfterwordError(error) ? error.retryAfterMs : undefined;
  const isBudget = code === 'MODEL_BUDGET_SPENT' && retryAfterMs !== undefined;
  return { held: false, errorCode: code, usage, ...(isBudget ? { retryInMs: retryAfterMs } : {}) };
}

/** The code of a failure of the model; anything else (an abort, the database) is not a stage's outcome. */
function modelCodeOf(error: unknown): string {
  if (isAfterwordError(error) && error.code.startsWith('MODEL_')) return error.code;
  throw error;
}
