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
/** How soon work of other processes' closers is seen. */
const pollMs = 250;

/** Loop 2: claims, and the renewal of what is in hand. */
export function createExtractRole(options: ExtractRoleOptions): ExtractRole {
  const model = options.model === undefined ? undefined : watchModel(options, options.model);
  const worker = new ExtractWorker({
    ...options,
    model: model?.access,
    leaseMs,
    onFree: () => {
      claims.wake();
    },
  });
  const claims: PollingLoop = watchedLoop(options, 'extract', async () => {
    model?.look();
    await worker.claim();
    return { nextInMs: pollMs };
  });
  const renewals = watchedLoop(options, 'extract-leases', async () => {
    await worker.renew();
    return { nextInMs: renewEveryMs };
  });
  return {
    name: 'extract',
    checks: [loopCheck(claims), loopCheck(renewals), ...(model === undefined ? [] : [model.check])],
    wake: () => {
      claims.wake();
    },
    start: () => {
      claims.start();
      renewals.start();
      return Promise.resolve();
    },
    stop: async (deadlineMs) => {
      const left = countdown(deadlineMs, () => options.clock.nowMs());
      await endsWithin(claims.stop(), left(), options.pause);
      await worker.stop(left(), options.pause);
      await renewals.stop();
    },
  };
}
