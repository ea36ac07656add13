import type { ModelAccess } from '../extract/extract-window.ts';
import type { ModelClient } from '../extract/model-client.ts';
import type { ModelGate, ModelGateState } from '../extract/model-gate/model-gate.ts';
import { usageOfError } from '../extract/usage.ts';
import { costNanoUsd, toUsd } from '../model/model-cost.ts';
import type { ModelPrice } from '../model/model-prices.ts';
import type { Usage } from '../model/results.ts';
import type { ReadinessCheck } from '../serve/readiness.ts';
import { failureCode } from '../telemetry/failure.ts';
import type { LoopContext } from './watched-loop.ts';

export interface WatchedModel {
  /** The same way to the model, with every call counted and timed. */
  readonly access: ModelAccess;
  /** Not ready while calls are stopped: a person may have to act. */
  readonly check: ReadinessCheck;
  /** Looks at the gate, and tells what has changed since the last look; true: calls go through again. */
  look(): boolean;
}

/** Calls as metrics, and the gate's turns as metrics and events. */
export function watchModel(
  context: LoopContext,
  { client, gate }: ModelAccess,
  priceOf: (model: string) => ModelPrice | undefined = () => undefined,
): WatchedModel {
  const counted = new CountedClient(context, client, priceOf);
  let before = gate.state();
  return {
    access: { client: counted, gate },
    check: { name: 'model', check: () => Promise.resolve(outcomeOf(gate)) },
    look: () => {
      const now = gate.state();
      const isBack = before.mode !== 'flowing' && now.mode === 'flowing';
      tellTurns(context, counted.lastModel, before, now);
      before = now;
      return isBack;
    },
  };
}

class CountedClient implements ModelClient {
  readonly #context: LoopContext;
  readonly #client: ModelClient;
  readonly #priceOf: (model: string) => ModelPrice | undefined;
  /** For events about the provider, of which no call is the cause. */
  lastModel = 'unknown';

  constructor(context: LoopContext, client: ModelClient, priceOf: (model: string) => ModelPrice | undefined) {
    this.#context = context;
    this.#client = client;
    this.#priceOf = priceOf;
  }

  verifyCredentials(model: string, signal: AbortSignal): Promise<string> {
    return this.#client.verifyCredentials(model, signal);
  }

  async ask(...[request, signal]: Parameters<ModelClient['ask']>): ReturnType<ModelClient['ask']> {
    const { clock, metrics, logger } = this.#context;
    const { model } = request;
    this.lastModel = model;
    const startedMs = clock.nowMs();
    try {
      const answer = await this.#client.ask(request, signal);
      metrics.modelCalls.add(1, { model, outcome: 'ok' });
      this.#countCost(model, 'ok', answer.usage);
      return answer;
    } catch (error) {
      const outcome = signal.aborted ? 'aborted' : failureCode(error);
      metrics.modelCalls.add(1, { model, outcome });
      this.#countCost(model, outcome, usageOfError(error));
      // What it means for the window is told where that ends.
      if (!signal.aborted) logger.failure('model.failed', error, { model }, 'debug');
      throw error;
    } finally {
      metrics.modelSeconds.observe((clock.nowMs() - startedMs) / 1_000, { model });
    }
  }

  #countCost(model: string, outcome: string, usage: Usage): void {
    const cost = costNanoUsd(usage, this.#priceOf(model)) ?? 0;
    if (cost > 0) this.#context.metrics.modelSpentUsd.add(toUsd(cost), { model, outcome });
  }
}

function outcomeOf(gate: ModelGate): Awaited<ReturnType<ReadinessCheck['check']>> {
  const { mode, because } = gate.state();
  if (mode === 'flowing') return { ok: true };
  const hint = 'see `afterword doctor`; windows wait, nothing is lost';
  return { ok: false, reason: because ?? 'stopped', hint };
}

function tellTurns(
  { logger, metrics, clock }: LoopContext,
  model: string,
  before: ModelGateState,
  now: ModelGateState,
): void {
  metrics.modelBreakerOpen.set(now.mode === 'flowing' ? 0 : 1);
  metrics.modelConcurrency.set(now.concurrency);
  if (before.concurrency !== now.concurrency) {
    logger.info('concurrency.changed', { from: before.concurrency, to: now.concurrency });
  }
  const nowMs = clock.nowMs();
  if (before.mode === 'flowing' && now.mode !== 'flowing' && now.because !== null) {
    const retryInMs = now.nextProbeAtMs === null ? undefined : Math.max(0, now.nextProbeAtMs - nowMs);
    logger.warn('model.paused', { model, reason: now.because, retryInMs });
  }
  if (before.mode !== 'flowing' && now.mode === 'flowing') {
    logger.info('model.resumed', { model, pausedMs: nowMs - (before.stoppedSinceMs ?? nowMs) });
  }
}
