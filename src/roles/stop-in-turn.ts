import type { Logger } from '../telemetry/logger.ts';

/** What stops: a role, or what it is made of. */
export interface Stoppable {
  readonly name: string;
  /** Told how long it may take; what it has to give back, it gives back by then. */
  stop(withinMs: number): Promise<void>;
}

export interface StopOptions {
  /** From the start of the whole stop. */
  readonly deadlineMs: number;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly logger: Logger;
}

/** Kept for each part that is still to come, so that one that hangs leaves the others time to let go. */
const reserveMs = 1_000;

/**
 * Stops parts one after the other within one deadline. One that hangs is left behind, one
 * that fails is told, and the next is stopped in any case.
 */
export async function stopInTurn(parts: readonly Stoppable[], options: StopOptions): Promise<void> {
  const untilMs = options.nowMs() + options.deadlineMs;
  for (const [index, part] of parts.entries()) {
    const after = parts.length - index - 1;
    const leftMs = untilMs - options.nowMs() - after * reserveMs;
    await stopWithin(part, Math.max(reserveMs, leftMs), options);
  }
}

async function stopWithin(part: Stoppable, ms: number, { pause, logger }: StopOptions): Promise<void> {
  const stopped = part.stop(Math.max(0, ms - reserveMs)).then(
    () => undefined,
    (error: unknown) => {
      logger.failure('stop.failed', error, { part: part.name });
    },
  );
  if (!(await endsWithin(stopped, ms, pause))) logger.warn('stop.overdue', { part: part.name, waitedMs: ms });
}

/** False: it still goes on. Rejects as the work does while it is waited for. */
export async function endsWithin(
  work: Promise<unknown>,
  ms: number,
  pause: (ms: number) => Promise<void>,
): Promise<boolean> {
  const ended = work.then(() => true);
  // What fails after it was left behind concerns nobody; it must not end the process.
  ended.catch(() => undefined);
  return Promise.race([ended, pause(ms).then(() => false)]);
}

/** What remains of a time that begins now; never below 0. */
export function countdown(ms: number, nowMs: () => number): () => number {
  const untilMs = nowMs() + ms;
  return () => Math.max(0, untilMs - nowMs());
}
