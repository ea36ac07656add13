import { storableText } from '../model/storable-text.ts';
import { answerKey, hashOf, type AnswerStore, type KeptAnswer } from './answer-store.ts';
import { answerSchema } from './answer-schema.ts';
import type { ModelClient, ModelRequest } from './model-client.ts';
import type { ModelGate } from './model-gate/model-gate.ts';
import { decideRetry, type RetryPolicy } from './retry-policy.ts';
import type { Stage } from './stage.ts';
import type { Timing } from './timing.ts';

/** Everything that asking about one window needs, whatever stages are asked. */
export interface AskContext {
  readonly client: ModelClient;
  readonly gate: ModelGate;
  readonly answers: AnswerStore | undefined;
  /** Asks again even where an answer is kept. */
  readonly ignoreKeptAnswers: boolean;
  readonly retry: RetryPolicy;
  readonly timing: Timing;
  readonly model: string;
  readonly membersDigest: string;
  readonly system: string;
  readonly user: string;
  readonly reuseUser: boolean;
  readonly maxOutputTokens: number;
  readonly signal: AbortSignal;
}

export interface Repair {
  readonly answer: string;
  readonly problem: string;
}

/**
 * One answer for the given stages: the kept one, or a new one that is kept before it
 * is used. Rejects with the last error when retries end, or with the abort's reason.
 */
export async function askModel(
  context: AskContext,
  stages: readonly Stage[],
  repair?: Repair,
): Promise<KeptAnswer> {
  const { answers, signal } = context;
  const key = keyOf(context, stages, repair);
  const kept = context.ignoreKeptAnswers ? undefined : await answers?.find(key, signal);
  if (kept !== undefined) return kept;
  const answer = storable(await askWithRetries(context, requestOf(context, stages, repair)));
  await answers?.keep(key, answer, signal);
  return answer;
}

/** An answer that could not be kept would be paid for again and again. */
function storable(answer: KeptAnswer): KeptAnswer {
  return { ...answer, model: storableText(answer.model), text: storableText(answer.text) };
}

async function askWithRetries(context: AskContext, request: ModelRequest<unknown>): Promise<KeptAnswer> {
  const { client, gate, timing, signal } = context;
  const startedMs = timing.nowMs();
  for (let failures = 1; ; failures += 1) {
    try {
      return await gate.run(() => client.ask(request, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      const attempts = { failures, elapsedMs: timing.nowMs() - startedMs, random: timing.random() };
      const decision = decideRetry(error, attempts, context.retry);
      if (!decision.retry) throw error;
      await timing.sleep(decision.delayMs, signal);
    }
  }
}

function requestOf(context: AskContext, stages: readonly Stage[], repair?: Repair): ModelRequest<unknown> {
  const { model, system, user, maxOutputTokens } = context;
  return {
    model,
    system,
    user,
    maxOutputTokens,
    answerSchema: answerSchema(stages),
    ...(context.reuseUser ? { reuseUser: true } : {}),
    ...(repair === undefined ? {} : { repair }),
  };
}

function keyOf(context: AskContext, stages: readonly Stage[], repair?: Repair): string {
  const { membersDigest, model, system, user } = context;
  const shape = stages.map(({ name, version }) => `${name}@${version}`).join('+');
  const repairWords = repair === undefined ? [] : [repair.answer, repair.problem];
  return answerKey({
    membersDigest,
    promptHash: hashOf([system, user, ...repairWords]),
    model,
    callShape: repair === undefined ? shape : `repair:${shape}`,
  });
}
