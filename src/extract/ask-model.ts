import { storableText } from '../model/storable-text.ts';
import type { ModelPrice } from '../model/model-prices.ts';
import type { Effort } from '../model/strategy-choices.ts';
import { answerKey, hashOf, type AnswerStore, type KeptAnswer, type ReceivedAnswer } from './answer-store.ts';
import { answerSchema } from './answer-schema.ts';
import type { CallLedger, CallPurpose } from './call-ledger.ts';
import type { ModelClient, ModelRequest } from './model-client.ts';
import type { ModelGate } from './model-gate/model-gate.ts';
import { outputTokensFor } from './output-room.ts';
import { answeredCall, failedCall, planCall, type CallQuestion } from './plan-call.ts';
import { decideRetry, type RetryPolicy } from './retry-policy.ts';
import type { Stage } from './stage.ts';
import type { Timing } from './timing.ts';
import { withCost } from './usage.ts';

/** Everything that asking about one window needs, whatever stages are asked. */
export interface AskContext {
  readonly client: ModelClient;
  readonly gate: ModelGate;
  readonly answers: AnswerStore | undefined;
  /** Undefined: calls are not recorded, and no budget is kept. */
  readonly ledger: CallLedger | undefined;
  /** Of the model; undefined: nobody knows what it costs. */
  readonly price: ModelPrice | undefined;
  readonly strategy: string;
  /** Asks again even where an answer is kept. */
  readonly ignoreKeptAnswers: boolean;
  readonly retry: RetryPolicy;
  readonly timing: Timing;
  readonly model: string;
  readonly effort: Effort | undefined;
  readonly membersDigest: string;
  readonly system: string;
  readonly user: string;
  readonly reuseUser: boolean;
  readonly signal: AbortSignal;
}

export interface Repair {
  readonly answer: string;
  readonly problem: string;
}

/** Which stages are asked, and why. */
export interface Asked {
  readonly stages: readonly Stage[];
  readonly purpose: CallPurpose;
  readonly repair?: Repair;
}

/**
 * One answer for the given stages: the kept one, or a new one that is kept before it
 * is used. Rejects with the last error when retries end, with MODEL_BUDGET_SPENT, or with the
 * abort's reason.
 */
export async function askModel(context: AskContext, asked: Asked): Promise<KeptAnswer> {
  const { answers, signal } = context;
  const key = keyOf(context, asked);
  const kept = context.ignoreKeptAnswers ? undefined : await answers?.find(key, signal);
  if (kept !== undefined) return kept;
  const { call, ...answer } = await askWithRetries(context, questionOf(context, asked));
  if (answers !== undefined) await answers.keep(key, { ...answer, call }, signal);
  else if (call !== undefined) await context.ledger?.record(call);
  return answer;
}

async function askWithRetries(context: AskContext, question: CallQuestion): Promise<ReceivedAnswer> {
  const { gate, timing, signal } = context;
  const startedMs = timing.nowMs();
  for (let failures = 1; ; failures += 1) {
    try {
      return await gate.run(() => askOnce(context, question), signal);
    } catch (error) {
      signal.throwIfAborted();
      const attempts = { failures, elapsedMs: timing.nowMs() - startedMs, random: timing.random() };
      const decision = decideRetry(error, attempts, context.retry);
      if (!decision.retry) throw error;
      await timing.sleep(decision.delayMs, signal);
    }
  }
}

/**
 * One request. Its budget is reserved first, once its turn has come, so that nothing is reserved
 * for what only waits; from then on a crash counts the most that it can cost as spent. A
 * failure is recorded here, an answer with its keeping.
 */
async function askOnce(context: AskContext, question: CallQuestion): Promise<ReceivedAnswer> {
  const { client, ledger, price, timing, signal } = context;
  if (ledger === undefined) return priced(storable(await client.ask(question.request, signal)), price);
  const planned = planCall(question);
  await ledger.reserve(planned);
  const startedMs = timing.nowMs();
  try {
    const answer = priced(storable(await client.ask(question.request, signal)), price);
    return { ...answer, call: answeredCall(planned, question, answer, timing.nowMs() - startedMs) };
  } catch (error) {
    const failure = { error, aborted: signal.aborted, tookMs: timing.nowMs() - startedMs };
    const call = failedCall(planned, question, failure);
    await (call === undefined ? ledger.release(planned.callId) : ledger.record(call));
    throw error;
  }
}

/** An answer that could not be kept would be paid for again and again. */
function storable(answer: KeptAnswer): KeptAnswer {
  return { ...answer, model: storableText(answer.model), text: storableText(answer.text) };
}

function priced(answer: KeptAnswer, price: ModelPrice | undefined): KeptAnswer {
  return { ...answer, usage: withCost(answer.usage, price) };
}

function questionOf(context: AskContext, asked: Asked): CallQuestion {
  const { strategy, price } = context;
  const { stages, purpose } = asked;
  return { request: requestOf(context, asked), stages, purpose, strategy, price };
}

/** How long the answer may be, tokens. */
export function roomFor({ user, effort }: AskContext, { stages, purpose, repair }: Asked): number {
  return outputTokensFor({ user, effort, purpose, stages: stages.length, answer: repair?.answer });
}

function requestOf(context: AskContext, asked: Asked): ModelRequest<unknown> {
  const { model, system, user, effort } = context;
  const { stages, repair } = asked;
  return {
    model,
    system,
    user,
    maxOutputTokens: roomFor(context, asked),
    answerSchema: answerSchema(stages),
    ...(context.reuseUser ? { reuseUser: true } : {}),
    ...(effort === undefined ? {} : { effort }),
    ...(repair === undefined ? {} : { repair }),
  };
}

function keyOf(context: AskContext, { stages, repair }: Asked): string {
  const { membersDigest, model, effort, system, user } = context;
  const asked = stages.map(({ name, version }) => `${name}@${version}`).join('+');
  const shape = effort === undefined ? asked : `${asked} effort:${effort}`;
  const repairWords = repair === undefined ? [] : [repair.answer, repair.problem];
  return answerKey({
    membersDigest,
    promptHash: hashOf([system, user, ...repairWords]),
    model,
    callShape: repair === undefined ? shape : `repair:${shape}`,
  });
}
