import { ensureError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ClaimedWindow, SettleFinish } from './extraction-store.ts';
import {
  extractWindow,
  hasLongBeenAway,
  stoppedForMs,
  type Extracted,
  type ExtractDeps,
} from './extract-window.ts';
import { isRefused } from './settle-accepted.ts';
import type { StageOutcome } from './stage.ts';

export interface ExtractWorkerOptions extends Omit<ExtractDeps, 'onStageFault'> {
  readonly concurrency: number;
  /** A claim that is not renewed for so long is free again. */
  readonly leaseMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** A window has been settled: the relay has something to send. */
  readonly onSettled: () => void;
  /** A place is free: the loop may claim again. */
  readonly onFree: () => void;
}

interface InFlight {
  readonly claim: ClaimedWindow;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Loop 2: claims closed windows up to its concurrency and takes each to its end. Claims
 * are renewed while they are worked on; one that was lost is aborted, and with it the
 * request to the model.
 */
export class ExtractWorker {
  readonly #options: ExtractWorkerOptions;
  readonly #deps: ExtractDeps;
  /** By claim, not by window: a window whose lease ran out here may be claimed here again. */
  readonly #inFlight = new Map<string, InFlight>();

  constructor(options: ExtractWorkerOptions) {
    this.#options = options;
    this.#deps = {
      ...options,
      onStageFault: (claim, stage, error) => {
        const { windowId, revision } = claim;
        options.logger.failure('stage.failed', error, { windowId, revision, stage });
      },
    };
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** One pass: claims what there is room for. Returns how many were claimed. */
  async claim(): Promise<number> {
    const { store, owner, concurrency, leaseMs } = this.#options;
    // While calls are stopped most windows would only be claimed to be put back: one a pass,
    // for what needs no call (an answer that is kept, a retraction).
    const few = this.#isStopped() && !hasLongBeenAway(this.#deps);
    const room = (few ? 1 : concurrency) - this.#inFlight.size;
    if (room <= 0) return 0;
    const claims = await store.claim(owner, room, leaseMs);
    for (const claim of claims) this.#begin(claim);
    return claims.length;
  }

  /** Renews what is in flight; aborts what another worker has taken over. */
  async renew(): Promise<void> {
    const { store, owner, leaseMs } = this.#options;
    const held = [...this.#inFlight.values()].filter(({ abort }) => !abort.signal.aborted);
    if (held.length === 0) return;
    const renewed = await store.renew(
      held.map(({ claim }) => claim),
      owner,
      leaseMs,
    );
    for (const { claim, abort } of held) {
      const isOver = abort.signal.aborted || !this.#inFlight.has(claimKey(claim));
      if (isOver || renewed.has(claim.windowId)) continue;
      this.#lose(abort);
    }
  }

  /** The model is back, or this process has just begun: what waits for it is due. */
  async releaseWaiting(): Promise<void> {
    const { store, logger, onFree } = this.#options;
    const windows = await store.releaseWaiting();
    if (windows === 0) return;
    logger.info('windows.released', { windows });
    onFree();
  }

  /** Users that turned out to be bots: their windows are taken up again. Returns the number of new bots. */
  async reviseWindowsOfBots(): Promise<number> {
    const { store, logger, onFree } = this.#options;
    const { bots, windows } = await store.reviseWindowsOfBots();
    if (windows > 0) {
      logger.warn('bots.recognized', { bots, windows });
      onFree();
    }
    return bots;
  }

  /**
   * Waits for the windows in flight up to the deadline, then aborts them and gives their
   * claims back, so that another worker need not wait for the leases to run out.
   */
  async stop(deadlineMs: number, sleep: (ms: number) => Promise<void>): Promise<void> {
    const all = Promise.all([...this.#inFlight.values()].map(({ ended }) => ended));
    await Promise.race([all, sleep(deadlineMs)]);
    for (const { abort } of this.#inFlight.values()) abort.abort(new Error('the worker is stopping'));
    await Promise.all([...this.#inFlight.values()].map(({ ended }) => ended));
  }

  /** The next call would be refused. Once the time of the stop is over, a claim is what probes. */
  #isStopped(): boolean {
    return (stoppedForMs(this.#deps) ?? 0) > 0;
  }

  #begin(claim: ClaimedWindow): void {
    this.#abandonEarlier(claim);
    const abort = new AbortController();
    const ended = this.#work(claim, abort.signal).finally(() => {
      this.#inFlight.delete(claimKey(claim));
      this.#options.metrics.tasksInFlight.set(this.#inFlight.size);
      // Not at once while calls are stopped, or a backlog would be claimed and put back without pause.
      if (!this.#isStopped()) this.#options.onFree();
    });
    this.#inFlight.set(claimKey(claim), { claim, abort, ended });
    this.#options.metrics.tasksInFlight.set(this.#inFlight.size);
  }

  /** Its answer would be refused: one request to the model for nothing. */
  #abandonEarlier({ windowId }: ClaimedWindow): void {
    for (const { claim, abort } of this.#inFlight.values()) {
      if (claim.windowId !== windowId || abort.signal.aborted) continue;
      this.#lose(abort);
    }
  }

  #lose(abort: AbortController): void {
    const { logger, metrics } = this.#options;
    abort.abort(new Error('the lease of the window was lost'));
    metrics.leasesLost.add(1, { lease: 'window' });
    logger.warn('lease.lost', { lease: 'window' });
  }

  /** Never rejects: a failure ends here, logged once. */
  async #work(claim: ClaimedWindow, signal: AbortSignal): Promise<void> {
    const { timing } = this.#options;
    const startedMs = timing.nowMs();
    try {
      const extracted = await extractWindow(this.#deps, claim, signal);
      this.#report(claim, extracted, timing.nowMs() - startedMs);
      if (extracted.settled.settled) this.#options.onSettled();
    } catch (error) {
      await this.#failed(claim, ensureError(error), signal.aborted);
    }
  }

  async #failed(claim: ClaimedWindow, error: Error, aborted: boolean): Promise<void> {
    const { store, owner, logger } = this.#options;
    const { windowId, revision, attempts } = claim;
    const finish = aborted ? retryIn(0) : finishAfter(error, attempts);
    if (!aborted) {
      const retryInMs = finish.status === 'failed' ? undefined : finish.delayMs;
      logger.failure('window.failed', error, { windowId, revision, attempts, retryInMs });
    }
    try {
      await store.giveBack(claim, owner, finish);
    } catch {
      // The database is away, and said so above or will: the lease runs out by itself.
    }
  }

  #report(claim: ClaimedWindow, { settled, outcomes, finish }: Extracted, tookMs: number): void {
    const { logger, metrics } = this.#options;
    const { windowId, revision } = claim;
    if (!settled.settled) {
      if (settled.reason === 'lease-lost') metrics.leasesLost.add(1, { lease: 'window' });
      logger.info('window.superseded', { windowId, reason: settled.reason });
      return;
    }
    for (const outcome of outcomes) this.#countOutcome(claim, outcome);
    metrics.windowSeconds.observe(tookMs / 1_000);
    if (finish.status === 'retrying' || finish.status === 'deferred') {
      // A budget is somebody's decision, and `status` tells what waits for it.
      const level = finish.errorCode === 'MODEL_BUDGET_SPENT' ? 'info' : 'warn';
      logger[level]('window.deferred', {
        windowId,
        revision,
        reason: finish.status,
        code: finish.errorCode ?? 'unknown',
        retryInMs: finish.delayMs,
      });
      return;
    }
    logger.info('window.enriched', {
      windowId,
      revision,
      stages: outcomes.length,
      failed: outcomes.filter((outcome) => outcome.status === 'failed').length,
      findings: settled.changes,
      tookMs,
    });
  }

  #countOutcome(claim: ClaimedWindow, outcome: StageOutcome): void {
    const { logger, metrics } = this.#options;
    const { stage, status } = outcome;
    const { windowId, revision } = claim;
    // Put off by somebody's decision: nothing has failed.
    if (outcome.status === 'failed' && outcome.errorCode === 'MODEL_BUDGET_SPENT') return;
    metrics.stageOutcomes.add(1, { stage, status, method: status === 'done' ? outcome.method : 'none' });
    if (status === 'failed') {
      logger.error('stage.ended-failed', { windowId, revision, stage, code: outcome.errorCode });
      return;
    }
    if (status !== 'done') return;
    for (const [reason, rejected] of Object.entries(outcome.rejected)) {
      metrics.evidenceRejected.add(rejected, { stage, reason });
    }
    if (outcome.model === null) return;
    const { model, usage } = outcome;
    metrics.modelTokens.add(usage.input_tokens, { model, kind: 'input' });
    metrics.modelTokens.add(usage.cached_input_tokens, { model, kind: 'cached-input' });
    metrics.modelTokens.add(usage.output_tokens, { model, kind: 'output' });
  }
}

function claimKey({ windowId, leaseEpoch }: ClaimedWindow): string {
  return `${windowId} ${leaseEpoch}`;
}

/** What is refused for its data stays refused; whatever else went wrong may pass. */
function finishAfter(error: Error, attempts: number): SettleFinish {
  if (isRefused(error)) {
    return { status: 'failed', errorCode: 'DATABASE_REFUSED', delayMs: 0, stored: false };
  }
  return retryIn(Math.min(60_000, 1_000 * 2 ** Math.min(10, attempts - 1)));
}

function retryIn(delayMs: number): SettleFinish {
  return { status: 'retrying', errorCode: null, delayMs, stored: false };
}
