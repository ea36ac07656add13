import { readFile } from 'node:fs/promises';
import { AfterwordError } from '../errors.ts';
import { evaluateConversations } from '../evaluate/evaluate-conversations.ts';
import { addUp, type Evaluation } from '../evaluate/evaluation.ts';
import type { Half, LabelledConversation } from '../evaluate/labelled-conversation.ts';
import { readLabelledFile } from '../evaluate/read-labelled-file.ts';
import type { ConversationScore } from '../evaluate/score-conversation.ts';
import { precisionOf, recallOf } from '../evaluate/tally.ts';
import type { CommandContext, ExitCode, Output } from './command-context.ts';
import { conversationDocument, evaluationDocument } from './evaluation-document.ts';
import { openEvaluationStages, type EvaluationStages } from './evaluation-stages.ts';
import { formatEvaluation } from './format-evaluation.ts';

export interface EvaluateCommandOptions {
  readonly file: string;
  readonly offline: boolean;
  readonly model?: string | undefined;
  /** Of every bot in the file; else each user's own. */
  readonly strategy?: string | undefined;
  readonly stage?: readonly string[] | undefined;
  readonly half: Half | 'all';
  readonly json: boolean;
  /** Shares from 0 to 1, of facts. */
  readonly minRecall?: number | undefined;
  readonly minPrecision?: number | undefined;
}

/**
 * Compares what extraction finds in labelled conversations with their labels. Needs
 * neither log nor database. Ends 1 where recall or precision of facts is below what was
 * asked for.
 *
 * @throws AfterwordError INPUT_INVALID for a file that cannot be used, CONFIG_INVALID for a
 *   model without a key, MODEL_CREDENTIALS, MODEL_SPEND_LIMIT or MODEL_UNREACHABLE
 */
export async function runEvaluate(
  { config, modules, output, signal }: CommandContext,
  options: EvaluateCommandOptions,
): Promise<ExitCode> {
  if (options.offline && (options.model ?? options.strategy) !== undefined) {
    output.note('--offline asks no model: leave out --model and --strategy');
    return 2;
  }
  const conversations = await readConversations(options);
  const { offline, model, strategy: strategyName, stage: stageNames } = options;
  const chosen = { offline, model, strategyName, stageNames };
  const stages = await openEvaluationStages({ config, ownStages: modules.stages, ...chosen, signal });
  output.note(`evaluating ${conversations.length} conversations, ${stages.method}`);
  const scores = await evaluateConversations({
    conversations,
    runStages: ({ transcript }) => stages.run(transcript),
    concurrency: concurrencyOf(stages, config.extract.concurrency),
    onScored: (scored) => {
      showProgress(output, scored, conversations.length);
    },
    signal,
  });
  const evaluation = addUp(scores);
  print(output, options.json, evaluation, scores);
  return isBelow(output, options, evaluation) ? 1 : 0;
}

async function readConversations({
  file,
  half,
}: EvaluateCommandOptions): Promise<readonly LabelledConversation[]> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new AfterwordError('INPUT_INVALID', `cannot read ${file}`, {
      hint: 'give a file of labelled conversations, JSON lines (schemas/evaluation-conversation.v1.json)',
    });
  }
  const conversations = readLabelledFile(text).filter(
    (conversation) => half === 'all' || conversation.half === half,
  );
  if (conversations.length > 0) return conversations;
  throw new AfterwordError('INPUT_INVALID', `no conversation is of the ${half} half`, {
    hint: 'conversations name theirs in the field half; --half all takes every one',
  });
}

/** Without a model nothing is waited for, so more at a time would only mix up their order. */
function concurrencyOf({ method }: EvaluationStages, configured: number): number {
  return method === 'offline' ? 1 : configured;
}

const shownInSteps = 10;

function showProgress(output: Output, scored: number, all: number): void {
  const step = output.isTerminal ? 1 : Math.ceil(all / shownInSteps);
  if (scored % step === 0 || scored === all) output.progress(`${scored} of ${all} conversations`);
}

function print(
  output: Output,
  asJson: boolean,
  evaluation: Evaluation,
  scores: readonly ConversationScore[],
): void {
  const lines = asJson
    ? [...scores.map(conversationDocument), evaluationDocument(evaluation)].map((line) =>
        JSON.stringify(line),
      )
    : formatEvaluation(evaluation, scores);
  for (const line of lines) output.out(line);
}

/** What could not be counted at all has not reached a minimum either. */
function isBelow(
  output: Output,
  { minRecall, minPrecision }: EvaluateCommandOptions,
  { facts }: Evaluation,
): boolean {
  const checks = [
    { name: 'recall', least: minRecall, reached: facts ? recallOf(facts.total) : null },
    { name: 'precision', least: minPrecision, reached: facts ? precisionOf(facts.total) : null },
  ];
  const below = checks.filter(({ least, reached }) => least !== undefined && (reached ?? -1) < least);
  for (const { name, least, reached } of below) {
    const found = reached === null ? 'could not be counted' : `is ${reached.toFixed(4)}`;
    output.note(`${name} of facts ${found}; at least ${least ?? 0} was asked for`);
  }
  return below.length > 0;
}
