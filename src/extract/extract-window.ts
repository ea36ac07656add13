import type { ErrorCode } from '../errors.ts';
import type { StoredMessage } from '../model/message.ts';
import type { AnswerStore } from './answer-store.ts';
import { askStages } from './ask-stages.ts';
import type { ClaimedWindow, ExtractionStore, SettleFinish } from './extraction-store.ts';
import { membersDigest } from './members-digest.ts';
import type { ModelClient } from './model-client.ts';
import type { ModelGate } from './model-gate/model-gate.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { runOffline } from './run-offline.ts';
import { settleAccepted } from './settle-accepted.ts';
import { retractWindow, settleWindow, type Settled, type WindowResults } from './settle-window.ts';
import type { Stage, StageOutcome } from './stage.ts';
import type { Timing } from './timing.ts';
import type { Transcript } from './transcript.ts';
import { toSkipped } from './worth-running.ts';

/** The way to a model; without one the stages run offline. */
export interface ModelAccess {
  readonly client: ModelClient;
  readonly gate: ModelGate;
}

/** What holds for one bot. */
export interface BotExtraction {
  readonly stages: readonly Stage[];
  readonly model: string;
  readonly ignoresUser: (userId: string) => boolean;
}

export interface ExtractDeps {
  readonly store: ExtractionStore;
  readonly owner: string;
  readonly forBot: (botId: string) => BotExtraction;
  readonly model: ModelAccess | undefined;
  readonly answersFor: (claim: ClaimedWindow, members: readonly StoredMessage[]) => AnswerStore;
  readonly timing: Timing;
  /** A stage threw, or the database refuses what it found. */
  readonly onStageFault: (claim: ClaimedWindow, stage: string, error: Error) => void;
}

export interface Extracted {
  readonly settled: Settled;
  readonly outcomes: readonly StageOutcome[];
  readonly finish: SettleFinish;
}

/** Names prompt version, model and call shape together; one strategy until more are configured. */
export const defaultStrategy = 'default';

/**
 * Takes a claimed window to its end: transcript, stages, evidence, memory. Rejects when
 * the database is away or the signal aborts; then the claim is still standing, and its
 * caller gives it back or lets it run out. Rejects with DATABASE_REFUSED when it would not
 * take even the news that stages failed: trying again is no use.
 */
export async function extractWindow(
  deps: ExtractDeps,
  claim: ClaimedWindow,
  signal: AbortSignal,
): Promise<Extracted> {
  if (claim.windowStatus === 'superseded') {
    const settled = await deps.store.settle(claim, deps.owner, (transaction) =>
      retractWindow(transaction, claim),
    );
    return { settled, outcomes: [], finish: terminal('done') };
  }
  const members = await deps.store.members(claim);
  const outcomes = await runStages(deps, claim, members, signal);
  const finish = decideFinish(outcomes, {
    attempts: claim.attempts,
    random: deps.timing.random(),
    stoppedForMs: stoppedForMs(deps),
  });
  if (!finish.stored) {
    // Nothing to store: a failure that may pass is not a result.
    await deps.store.giveBack(claim, deps.owner, finish);
    return { settled: { settled: true, changes: 0 }, outcomes, finish };
  }
  const results = {
    outcomes,
    members,
    membersDigest: membersDigest(members),
    strategy: defaultStrategy,
    finish,
  };
  const accepted = await settleAccepted(
    results,
    (given) => deps.store.settle(claim, deps.owner, (transaction) => settleWindow(transaction, claim, given)),
    (stage, error) => {
      deps.onStageFault(claim, stage, error);
    },
  );
  return { settled: accepted.settled, ...pickEnd(accepted.results) };
}

function pickEnd({ outcomes, finish }: WindowResults): Pick<Extracted, 'outcomes' | 'finish'> {
  return { outcomes, finish };
}

async function runStages(
  deps: ExtractDeps,
  claim: ClaimedWindow,
  members: readonly StoredMessage[],
  signal: AbortSignal,
): Promise<StageOutcome[]> {
  const { stages, model, ignoresUser } = deps.forBot(claim.botId);
  // Nobody's memory but the user's: bots that talk to each other are stored, never learnt.
  const ignored = claim.userIsBot ? 'user-is-a-bot' : ignoresUser(claim.userId) ? 'ignored-user' : undefined;
  if (ignored !== undefined) return stages.map((stage) => toSkipped(stage, ignored));
  const transcript = transcriptOf(claim, members);
  if (deps.model === undefined) return runOffline(stages, transcript);
  return askStages({
    stages,
    transcript,
    membersDigest: membersDigest(members),
    client: deps.model.client,
    gate: deps.model.gate,
    model,
    timing: deps.timing,
    answers: deps.answersFor(claim, members),
    retry: briefRetries,
    onStageFault: (stage, error) => {
      deps.onStageFault(claim, stage.name, error);
    },
    signal,
  });
}

/**
 * A hiccup of the provider is waited out with the window in hand; a longer outage is seen
 * in the state of the window's work, and the place is free meanwhile.
 */
const briefRetries: RetryPolicy = {
  baseDelayMs: 1_000,
  maxDelayMs: 4_000,
  deadlineMs: 15_000,
  maxAttempts: 3,
};

/** Somebody's call is finding out whether the provider is back: look again then. */
const whileProbingMs = 1_000;

/** Until the gate lets the next call through; undefined while it is open. */
export function stoppedForMs({ model, timing }: Pick<ExtractDeps, 'model' | 'timing'>): number | undefined {
  const state = model?.gate.state();
  if (state === undefined || state.mode === 'flowing') return undefined;
  return state.nextProbeAtMs === null ? whileProbingMs : Math.max(0, state.nextProbeAtMs - timing.nowMs());
}

function transcriptOf(claim: ClaimedWindow, members: readonly StoredMessage[]): Transcript {
  return {
    botId: claim.botId,
    userId: claim.userId,
    startedAtMs: claim.startedAtMs,
    endedAtMs: claim.endedAtMs,
    lines: members.map((message, index) => ({ number: index + 1, message })),
  };
}

/** Failures of the model that pass by themselves, or once a person has mended something. */
const retriedCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'MODEL_RATE_LIMITED',
  'MODEL_OVERLOADED',
  'MODEL_TIMEOUT',
  'MODEL_UNREACHABLE',
]);
const deferredCodes: ReadonlySet<string> = new Set<ErrorCode>(['MODEL_CREDENTIALS', 'MODEL_SPEND_LIMIT']);

const firstRetryMs = 5_000;
const maxRetryMs = 5 * 60_000;

/** What else decides when a window is tried again. */
interface RetryCircumstances {
  readonly attempts: number;
  /** In [0, 1). */
  readonly random: number;
  /** The provider is not called before so long; undefined: it is. */
  readonly stoppedForMs: number | undefined;
}

/**
 * What becomes of the window's work: a stage that may succeed later keeps it waiting
 * (for ever: nothing is given up as "found nothing"), a stage that will not makes it
 * failed, with its siblings' results stored.
 */
export function decideFinish(
  outcomes: readonly StageOutcome[],
  circumstances: RetryCircumstances,
): SettleFinish {
  const codes = outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.errorCode] : []));
  const retried = codes.find((code) => retriedCodes.has(code) || deferredCodes.has(code));
  if (retried !== undefined) {
    const delayMs = retryDelayMs(circumstances);
    const status = deferredCodes.has(retried) ? 'deferred' : 'retrying';
    // Without a result there is nothing to keep, and the revision is still to be made.
    const stored = outcomes.some((outcome) => outcome.status === 'done');
    return { status, errorCode: retried, delayMs, stored };
  }
  if (codes[0] !== undefined) return { ...terminal('failed'), errorCode: codes[0] };
  const skipped = outcomes.length > 0 && outcomes.every((outcome) => outcome.status === 'skipped');
  return terminal(skipped ? 'skipped' : 'done');
}

/**
 * A window that a stopped gate refused is due when the next call may begin, however often
 * it was refused: its own tries say nothing about the provider, and once that is back
 * nobody should wait for the minutes of a long outage's back-off.
 */
function retryDelayMs({ attempts, random, stoppedForMs }: RetryCircumstances): number {
  if (stoppedForMs !== undefined) return Math.round(stoppedForMs + 500 + random * 1_000);
  const longestMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(20, attempts - 1));
  // Half fixed, half by chance, so that workers do not come back together.
  return Math.round(longestMs / 2 + (random * longestMs) / 2);
}

function terminal(status: 'done' | 'skipped' | 'failed'): SettleFinish {
  return { status, errorCode: null, delayMs: 0, stored: true };
}
