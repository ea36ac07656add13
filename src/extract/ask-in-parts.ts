import { noUsage } from '../model/results.ts';
import { askAboutText, refusalOf, type StageAnswer, type TextContext } from './ask-text.ts';
import { mergerOf } from './merge-drafts.ts';
import { readMerged } from './read-draft.ts';
import type { Stage, StageOutcome } from './stage.ts';
import { cutTranscriptText, type TextLimits } from './transcript-texts.ts';
import { addUsage } from './usage.ts';

/** A window that is too long for one text. */
export interface LongWindow {
  readonly texts: readonly string[];
  readonly limits: TextLimits | undefined;
}

/**
 * Asks about each part of a long window, one after the other, and makes one draft of what the
 * parts gave. A stage that fails on one part has failed, with what was paid until then, and is
 * not asked about further ones: half of a window's answer must not pass for all of it. Each
 * part's answer is kept when it comes, so that whoever begins again pays for the rest alone.
 *
 * A stage whose drafts cannot be merged is asked once, about all lines with the longest cut.
 */
export async function askInParts(
  context: TextContext,
  stages: readonly Stage[],
  { texts, limits }: LongWindow,
): Promise<StageOutcome[]> {
  const merged = stages.filter((stage) => mergerOf(stage) !== undefined);
  const answers = new Map(stages.map((stage) => [stage, [] as StageAnswer[]]));
  const askFor = async (asked: readonly Stage[], about: Partial<TextContext>): Promise<void> => {
    if (asked.length === 0) return;
    const given = await askAboutText({ ...context, ...about }, asked);
    for (const [index, stage] of asked.entries()) answers.get(stage)?.push(...given.slice(index, index + 1));
  };
  for (const [index, user] of texts.entries()) {
    const open = merged.filter((stage) => answers.get(stage)?.every(({ held }) => held) ?? false);
    await askFor(open, { user, purpose: index === 0 ? 'first' : 'part' });
  }
  const others = stages.filter((stage) => !merged.includes(stage));
  const purpose = merged.length === 0 ? 'first' : 'alone';
  await askFor(others, { user: cutTranscriptText(context.transcript, limits), purpose });
  return stages.map((stage) => toOutcome(stage, mergeAnswers(context, stage, answers.get(stage) ?? [])));
}

/** One answer of those about each part; the first failure is the stage's. */
function mergeAnswers(context: TextContext, stage: Stage, answers: readonly StageAnswer[]): StageAnswer {
  const usage = answers.map((answer) => answer.usage).reduce(addUsage, noUsage);
  const failed = answers.find(({ held }) => !held);
  if (failed !== undefined) return { ...failed, usage };
  const held = answers.filter((answer) => answer.held);
  const [first] = held;
  if (first !== undefined && held.length === 1) return first;
  const reading = readMerged(stage, held, context.transcript);
  return reading.held
    ? { ...reading, model: first?.model ?? context.model, usage }
    : { held: false, errorCode: refusalOf(context, stage, reading), usage };
}

export function toOutcome(stage: Stage, answer: StageAnswer): StageOutcome {
  const named = { stage: stage.name, stageVersion: stage.version };
  if (!answer.held) {
    const { errorCode, usage, retryInMs } = answer;
    return {
      status: 'failed',
      ...named,
      errorCode,
      usage,
      ...(retryInMs === undefined ? {} : { retryInMs }),
    };
  }
  const { model, usage, checked } = answer;
  return { status: 'done', ...named, method: 'model', model, usage, ...checked };
}
