import type { StoredMessage } from '../model/message.ts';
import type { ModelPrice } from '../model/model-prices.ts';
import type { AnswerStore } from './answer-store.ts';
import { askStages } from './ask-stages.ts';
import type { CallLedger } from './call-ledger.ts';
import type { ClaimedWindow, ExtractionStore, SettleFinish } from './extraction-store.ts';
import { decideFinish, terminal } from './decide-finish.ts';
import { membersDigest } from './members-digest.ts';
import type { ModelClient } from './model-client.ts';
import type { ModelGate } from './model-gate/model-gate.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { runOffline } from './run-offline.ts';
import { settleAccepted } from './settle-accepted.ts';
import { retractWindow, settleWindow, type Settled, type WindowResults } from './settle-window.ts';
import type { Stage, StageOutcome } from './stage.ts';
import { strategyFor, type Strategy } from './strategy.ts';
import type { Timing } from './timing.ts';
import type { Transcript } from './transcript.ts';
import { isAnswered } from './unchanged.ts';
import { languageOf } from './window-language.ts';
import { skipReason, toSkipped } from './worth-running.ts';

/** The way to a model; without one the stages run offline. */
export interface ModelAccess {
  readonly client: ModelClient;
  readonly gate: ModelGate;
}

/** What calls cost, where it is recorded, and the budgets that it is taken from. */
export interface ModelCosts {
  readonly priceOf: (model: string) => ModelPrice | undefined;
  readonly ledgerFor: (claim: ClaimedWindow) => CallLedger;
  /** Takes up again what was put off for a budget that has room by now; returns how many windows. */
  readonly resumeDeferred: () => Promise<number>;
}

/** What holds for one bot. */
export interface BotExtraction {
  readonly stages: readonly Stage[];
  readonly model: string;
  readonly ignoresUser: (userId: string) => boolean;
  /** One of them for each user; undefined: a single one, `default`, with these stages and this model. */
  readonly strategies?: readonly Strategy[];
}

export interface ExtractDeps {
  readonly store: ExtractionStore;
  readonly owner: string;
  readonly forBot: (botId: string) => BotExtraction;
  readonly model: ModelAccess | undefined;
  readonly answersFor: (claim: ClaimedWindow, members: readonly StoredMessage[]) => AnswerStore;
  /** Else calls are not recorded, and no budget is kept. */
  readonly costs?: ModelCosts | undefined;
  readonly timing: Timing;
  /** Most of a window that the model is asked about at once; else the default. */
  readonly transcriptTokens?: number | undefined;
  /** How long the model may be away before results are made without it; null: for ever. */
  readonly fallbackAfterMs: number | null;
  /** A stage threw, or the database refuses what it found. */
  readonly onStageFault: (claim: ClaimedWindow, stage: string, error: Error) => void;
}

export interface Extracted {
  readonly settled: Settled;
  readonly outcomes: readonly StageOutcome[];
  readonly finish: SettleFinish;
}

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
  // Members may have come since the claim: count and digest speak of those that were read.
  const read = { ...claim, messageCount: members.length };
  const work = workOn(deps, read, members);
  const unchanged = await unchangedEnd(deps, work);
  if (unchanged !== undefined) {
    await deps.store.giveBack(claim, deps.owner, unchanged);
    return { settled: { settled: true, changes: 0 }, outcomes: [], finish: unchanged };
  }
  const answeredBefore = answeredCalls(deps);
  const outcomes = await runStages(deps, work, signal);
  const finish = decideFinish(outcomes, {
    attempts: claim.attempts,
    timeouts: claim.timeouts,
    othersAnswered: answeredCalls(deps) > answeredBefore,
    random: deps.timing.random(),
    stoppedForMs: stoppedForMs(deps),
  });
  if (finish.stored) return settleResults(deps, work, outcomes, finish);
  // Nothing to store: a failure that may pass is not a result.
  const waiting = { ...finish, delayMs: hasLongBeenAway(deps) ? longAwayMs : finish.delayMs };
  const provisional = await provisionalOutcomes(deps, work);
  if (provisional !== undefined) {
    return settleResults(deps, work, provisional, { ...waiting, stored: true, provisional: true });
  }
  await deps.store.giveBack(claim, deps.owner, waiting);
  return { settled: { settled: true, changes: 0 }, outcomes, finish: waiting };
}

async function settleResults(
  deps: ExtractDeps,
  { claim, members, digest, transcript, ignored, strategy }: WindowWork,
  outcomes: readonly StageOutcome[],
  finish: SettleFinish,
): Promise<Extracted> {
  const results = {
    outcomes,
    members,
    membersDigest: digest,
    strategy: strategy.name,
    language: languageOf(transcript),
    ignored: ignored !== undefined,
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

/**
 * What stands in until the model is back, when that has been away for long: by rules, through
 * the same checks. Once for the same members, and never in the place of what a model found.
 */
async function provisionalOutcomes(
  deps: ExtractDeps,
  { claim, strategy: { stages }, transcript, digest, ignored }: WindowWork,
): Promise<readonly StageOutcome[] | undefined> {
  if (ignored !== undefined || !hasLongBeenAway(deps)) return undefined;
  const current = claim.storedRevision === 0 ? [] : await deps.store.currentResults(claim);
  if (current.some(({ method }) => method === 'model')) return undefined;
  if (current.some(({ membersDigest: answered }) => answered === digest)) return undefined;
  const outcomes = runOffline(stages, transcript);
  return outcomes.some(({ status }) => status === 'done') ? outcomes : undefined;
}

/** In a long outage nobody is claimed again and again; what waits is released when the model is back. */
const longAwayMs = 3_600_000;

/** Calls are stopped, and have been for longer than windows should wait. */
export function hasLongBeenAway({ model, timing, fallbackAfterMs }: OutageView): boolean {
  const sinceMs = model?.gate.state().stoppedSinceMs ?? null;
  return sinceMs !== null && fallbackAfterMs !== null && timing.nowMs() - sinceMs >= fallbackAfterMs;
}

type OutageView = Pick<ExtractDeps, 'model' | 'timing' | 'fallbackAfterMs'>;

/** What a claim is about, as read when its work began. */
interface WindowWork {
  readonly claim: ClaimedWindow;
  /** By what holds now, also for a window that was extracted with another one before. */
  readonly strategy: Strategy;
  readonly members: readonly StoredMessage[];
  readonly digest: string;
  readonly transcript: Transcript;
  /** Nobody's memory but the user's: bots that talk to each other are stored, never learnt. */
  readonly ignored: 'user-is-a-bot' | 'ignored-user' | undefined;
}

function workOn(deps: ExtractDeps, claim: ClaimedWindow, members: readonly StoredMessage[]): WindowWork {
  const bot = deps.forBot(claim.botId);
  const ignoredUser = bot.ignoresUser(claim.userId) ? 'ignored-user' : undefined;
  return {
    claim,
    strategy: strategyFor(bot, claim),
    members,
    digest: membersDigest(members),
    transcript: transcriptOf(claim, members),
    ignored: claim.userIsBot ? 'user-is-a-bot' : ignoredUser,
  };
}

/**
 * How the work ends when every stage's current result answers what would be asked: an edit
 * that was taken back, a late record that changed nothing. No call, no revision, no event.
 */
async function unchangedEnd(deps: ExtractDeps, work: WindowWork): Promise<SettleFinish | undefined> {
  const { claim, strategy, transcript, ignored, digest } = work;
  const { stages } = strategy;
  if (claim.storedRevision === 0) return undefined;
  const current = await deps.store.currentResults(claim);
  const answered = stages.every((stage) =>
    isAnswered(
      {
        stage,
        strategy: strategy.name,
        membersDigest: digest,
        skip: ignored ?? skipReason(stage, transcript),
        byModel: deps.model !== undefined,
      },
      current,
    ),
  );
  const remembered = ignored !== undefined && current.some(({ status }) => status === 'done');
  if (!answered || remembered) return undefined;
  const names = new Set(stages.map(({ name }) => name));
  const skipped = current.filter(({ stage }) => names.has(stage)).every(({ status }) => status === 'skipped');
  return { ...terminal(skipped ? 'skipped' : 'done'), stored: false };
}

async function runStages(deps: ExtractDeps, work: WindowWork, signal: AbortSignal): Promise<StageOutcome[]> {
  const { claim, members, ignored, transcript, strategy } = work;
  const { stages, model } = strategy;
  if (ignored !== undefined) return stages.map((stage) => toSkipped(stage, ignored));
  const onStageFault = (stage: Stage, error: Error): void => {
    deps.onStageFault(claim, stage.name, error);
  };
  if (deps.model === undefined) return runOffline(stages, transcript, onStageFault);
  return askStages({
    stages,
    transcript,
    membersDigest: work.digest,
    client: deps.model.client,
    gate: deps.model.gate,
    model,
    timing: deps.timing,
    answers: deps.answersFor(claim, members),
    ledger: deps.costs?.ledgerFor(claim),
    price: deps.costs?.priceOf(model),
    strategy: strategy.name,
    prompts: strategy.prompts,
    callShape: strategy.callShape,
    effort: strategy.effort,
    retry: briefRetries,
    limits: { maxTokens: deps.transcriptTokens },
    onStageFault,
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

/** Of everybody in this process; it rises while the provider is there. */
function answeredCalls({ model }: Pick<ExtractDeps, 'model'>): number {
  return model?.gate.state().answered ?? 0;
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
