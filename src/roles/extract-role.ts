import { ExtractWorker, type ExtractWorkerOptions } from '../extract/extract-worker.ts';
import type { PollingLoop } from '../polling-loop.ts';
import type { Role } from './role.ts';
import { countdown, endsWithin } from './stop-in-turn.ts';
import { loopCheck, watchedLoop, type LoopContext } from './watched-loop.ts';
import { watchModel } from './watched-model.ts';

export interface ExtractRoleOptions extends LoopContext, Omit<ExtractWorkerOptions, 'onFree' | 'leaseMs'> {
  readonly pause: (ms: number) => Promise<void>;
}

export interface ExtractRole extends Role {
  /** Windows were closed: look for work at once. */
  wake(): void;
}

/** A dead worker's window is taken up within so long. */
const leaseMs = 10_000;
const renewEveryMs = 2_500;
/** How soon what was learnt of a user that turned out to be a bot begins to be taken back. */
const botsEveryMs = 2_500;
/** How soon windows that waited for a budget go on once it has room. */
const budgetEveryMs = 2_500;
/** How soon work of other processes' closers is seen. */
const pollMs = 250;

/** Loop 2: claims, the renewal of what is in hand, and bots that were users before. */
export function createExtractRole(options: ExtractRoleOptions): ExtractRole {
  const { costs } = options;
  const model = options.model === undefined ? undefined : watchModel(options, options.model, costs?.priceOf);
  const worker = new ExtractWorker({
    ...options,
    model: model?.access,
    leaseMs,
    onFree: () => {
      claims.wake();
    },
  });
  // An outage may have ended while nobody was running.
  let hasBegun = model === undefined;
  const claims: PollingLoop = watchedLoop(options, 'extract', async () => {
    const isBack = model?.look() === true;
    if (isBack || !hasBegun) await worker.releaseWaiting();
    hasBegun = true;
    await worker.claim();
    return { nextInMs: pollMs };
  });
  const renewals = watchedLoop(options, 'extract-leases', async () => {
    await worker.renew();
    return { nextInMs: renewEveryMs };
  });
  const bots = watchedLoop(options, 'extract-bots', async () => {
    const found = await worker.reviseWindowsOfBots();
    return { nextInMs: found > 0 ? 0 : botsEveryMs };
  });
  const budgets = watchedLoop(options, 'extract-budgets', async () => {
    if (((await costs?.resumeDeferred()) ?? 0) > 0) claims.wake();
    return { nextInMs: budgetEveryMs };
  });
  return {
    name: 'extract',
    checks: [
      loopCheck(claims),
      loopCheck(renewals),
      loopCheck(bots),
      loopCheck(budgets),
      ...(model === undefined ? [] : [model.check]),
    ],
    wake: () => {
      claims.wake();
    },
    start: () => {
      claims.start();
      renewals.start();
      bots.start();
      budgets.start();
      return Promise.resolve();
    },
    stop: async (deadlineMs) => {
      const left = countdown(deadlineMs, () => options.clock.nowMs());
      await endsWithin(Promise.all([bots.stop(), budgets.stop()]), left(), options.pause);
      await endsWithin(claims.stop(), left(), options.pause);
      await worker.stop(left(), options.pause);
      await renewals.stop();
    },
  };
}
