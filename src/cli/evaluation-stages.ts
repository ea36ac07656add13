import { strategiesForBot } from '../bot-strategies.ts';
import type { Config } from '../config/config.ts';
import { settingsForBot } from '../config/settings-for-bot.ts';
import { AfterwordError, type ErrorCode } from '../errors.ts';
import { askStages } from '../extract/ask-stages.ts';
import { chooseStrategy } from '../extract/choose-strategy.ts';
import type { ModelAccess } from '../extract/extract-window.ts';
import { membersDigest } from '../extract/members-digest.ts';
import { runOffline } from '../extract/run-offline.ts';
import type { Stage, StageOutcome } from '../extract/stage.ts';
import type { Strategy } from '../extract/strategy.ts';
import { builtInStages } from '../extract/stages/built-in-stages.ts';
import type { Transcript } from '../extract/transcript.ts';
import { openModelAccess, systemTiming } from '../model-access.ts';

export interface EvaluationStagesOptions {
  readonly config: Config;
  /** Of modules, beside the built-in ones. */
  readonly ownStages: readonly Stage[];
  readonly offline: boolean;
  /** Over what is configured, for all bots. */
  readonly model: string | undefined;
  /** Undefined: each user's own, as for a closed window. */
  readonly strategyName?: string | undefined;
  /** Undefined: all that are enabled. */
  readonly stageNames: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

export interface EvaluationStages {
  readonly method: 'model' | 'offline';
  run(transcript: Transcript): Promise<readonly StageOutcome[]>;
}

/**
 * The product's own stages over a transcript: the same prompts, checks, repairs and
 * retries as for a closed window, without a database.
 *
 * @throws AfterwordError INPUT_INVALID for a stage that does not exist, CONFIG_INVALID for
 *   a model without a key
 */
export async function openEvaluationStages(options: EvaluationStagesOptions): Promise<EvaluationStages> {
  const { config, stageNames } = options;
  const all = [...builtInStages, ...options.ownStages];
  requireStages(all, stageNames);
  const access = options.offline ? undefined : await openModelAccess(config);
  if (access === undefined && (options.model ?? options.strategyName) !== undefined) {
    throw new AfterwordError('CONFIG_INVALID', 'a model needs ANTHROPIC_API_KEY', {
      hint: 'set the key, or leave --model and --strategy out to evaluate the offline analyser',
    });
  }
  return {
    method: access === undefined ? 'offline' : 'model',
    run: async (transcript) => {
      const stages = stagesOf(config, all, transcript.botId, stageNames);
      if (access === undefined) return runOffline(stages, transcript);
      return askModelFor(options, access, stages, transcript);
    },
  };
}

function requireStages(all: readonly Stage[], names: readonly string[] | undefined): void {
  const known = all.map(({ name }) => name);
  if (names?.every((name) => known.includes(name)) !== false) return;
  throw new AfterwordError('INPUT_INVALID', 'there is no such stage', {
    hint: `stages are ${known.join(', ')}`,
  });
}

function stagesOf(
  config: Config,
  all: readonly Stage[],
  botId: string,
  names: readonly string[] | undefined,
): readonly Stage[] {
  const settings = settingsForBot(config, botId);
  return all.flatMap((stage) => {
    const { enabled, minMessages } = settings.stage(stage.name);
    const isAsked = names === undefined ? enabled : names.includes(stage.name);
    return isAsked ? [{ ...stage, minMessages: minMessages ?? stage.minMessages }] : [];
  });
}

async function askModelFor(
  options: EvaluationStagesOptions,
  { client, gate }: ModelAccess,
  stages: readonly Stage[],
  transcript: Transcript,
): Promise<readonly StageOutcome[]> {
  const { model, signal } = options;
  const strategy = strategyOf(options, stages, transcript);
  const outcomes = await askStages({
    stages: strategy.stages,
    prompts: strategy.prompts,
    callShape: strategy.callShape,
    effort: strategy.effort,
    transcript,
    membersDigest: membersDigest(transcript.lines.map(({ message }) => message)),
    client,
    gate,
    model: model ?? strategy.model,
    timing: systemTiming,
    limits: { maxTokens: options.config.extract.transcriptTokens },
    signal,
  });
  for (const outcome of outcomes) if (outcome.status === 'failed') refuseHopeless(outcome.errorCode);
  return outcomes;
}

function strategyOf(
  { config, strategyName }: EvaluationStagesOptions,
  stages: readonly Stage[],
  transcript: Transcript,
): Strategy {
  const strategies = strategiesForBot(config, transcript.botId, stages);
  if (strategyName === undefined) return chooseStrategy(strategies, transcript);
  const named = strategies.find(({ name }) => name === strategyName);
  if (named !== undefined) return named;
  throw new AfterwordError('INPUT_INVALID', `there is no such strategy of the bot ${transcript.botId}`, {
    hint: `its strategies are ${strategies.map(({ name }) => name).join(', ')}`,
  });
}

/** What will not pass while this runs; every further conversation would end the same. */
const hopeless = [
  'MODEL_CREDENTIALS',
  'MODEL_SPEND_LIMIT',
  'MODEL_UNREACHABLE',
] as const satisfies readonly ErrorCode[];

function refuseHopeless(errorCode: string): void {
  const code = hopeless.find((known) => known === errorCode);
  if (code === undefined) return;
  throw new AfterwordError(code, `the model cannot be asked (${code})`, {
    hint: 'see `afterword doctor`; --offline evaluates the analyser without a model',
  });
}
