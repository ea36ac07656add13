import type { Clock } from '../clock.ts';
import { PollingLoop, type PassResult } from '../polling-loop.ts';
import type { Heartbeats } from '../serve/heartbeats.ts';
import type { CheckOutcome, ReadinessCheck } from '../serve/readiness.ts';
import { failureCode } from '../telemetry/failure.ts';
import { isAfterwordError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What every loop of the process shares. */
export interface LoopContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly heartbeats: Heartbeats;
}

/** A round that takes longer than this hangs. */
const maxSilenceMs = 120_000;

/** A loop whose failures are logged once, counted, and seen by health and readiness. */
export function watchedLoop(
  context: LoopContext,
  name: string,
  pass: (signal: AbortSignal) => Promise<PassResult>,
): PollingLoop {
  const { clock, logger, metrics, heartbeats } = context;
  const heartbeat = heartbeats.start(name, maxSilenceMs, clock.nowMs());
  let failing: string | undefined;
  return new PollingLoop({
    name,
    pass: async (signal) => {
      const result = await pass(signal);
      failing = undefined;
      return result;
    },
    onPass: () => {
      heartbeat.beat(clock.nowMs());
      metrics.loopTicks.add(1, { loop: name });
    },
    onFailure: (error, retryInMs) => {
      const code = failureCode(error);
      metrics.loopFailures.add(1, { loop: name, code });
      // The same failure again is not news; the metric counts it.
      if (failing !== code) logger.failure('loop.failed', error, { loop: name, retryInMs });
      failing = code;
    },
  });
}

/** Not ready while the loop's newest pass failed. */
export function loopCheck(loop: PollingLoop): ReadinessCheck {
  return {
    name: loop.name,
    check: () => Promise.resolve(outcomeOf(loop.lastError)),
  };
}

export function outcomeOf(error: Error | undefined): CheckOutcome {
  if (error === undefined) return { ok: true };
  const hint = isAfterwordError(error) ? error.hint : undefined;
  return { ok: false, reason: failureCode(error), hint };
}
