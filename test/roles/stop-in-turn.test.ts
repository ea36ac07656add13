import { expect, it } from 'vitest';
import { stopInTurn, type Stoppable } from '../../src/roles/stop-in-turn.ts';
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts';

/** A clock that only pauses move. */
function timeOf(): { nowMs: () => number; pause: (ms: number) => Promise<void> } {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    pause: async (ms) => {
      // Behind whatever ends at once.
      await new Promise((resolve) => setImmediate(resolve));
      nowMs += ms;
    },
  };
}

const never = new Promise<void>(() => undefined);

function stopAll(
  parts: readonly Stoppable[],
  deadlineMs: number,
): Promise<{ told: string[]; tookMs: number }> {
  const told: string[] = [];
  const time = timeOf();
  const logger: Logger = {
    ...silentLogger,
    warn: (event) => void told.push(event),
    failure: (event) => void told.push(event),
  };
  return stopInTurn(parts, { deadlineMs, ...time, logger }).then(() => ({ told, tookMs: time.nowMs() }));
}

it('stops every part within one deadline, however many hang, and says which', async () => {
  const asked: [string, number][] = [];
  const hanging = (name: string): Stoppable => ({
    name,
    stop: (withinMs) => {
      asked.push([name, withinMs]);
      return never;
    },
  });
  const { told, tookMs } = await stopAll(['consume', 'extract', 'publish', 'serve'].map(hanging), 20_000);
  expect(asked.map(([name]) => name)).toEqual(['consume', 'extract', 'publish', 'serve']);
  expect(tookMs).toBeLessThanOrEqual(20_000);
  expect(told).toEqual(['stop.overdue', 'stop.overdue', 'stop.overdue', 'stop.overdue']);
});

it('tells a part to end earlier than it is left behind, so that it can give back what it holds', async () => {
  let released = false;
  const slow: Stoppable = {
    name: 'extract',
    stop: async (withinMs) => {
      expect(withinMs).toBeLessThan(10_000);
      await Promise.resolve();
      released = true;
    },
  };
  const { told } = await stopAll([slow], 10_000);
  expect(released).toBe(true);
  expect(told).toEqual([]);
});

it('goes on after a part that failed, and says that it did', async () => {
  let stopped = false;
  const failing: Stoppable = { name: 'consume', stop: () => Promise.reject(new Error('planted')) };
  const next: Stoppable = {
    name: 'publish',
    stop: () => {
      stopped = true;
      return Promise.resolve();
    },
  };
  const { told } = await stopAll([failing, next], 10_000);
  expect(told).toEqual(['stop.failed']);
  expect(stopped).toBe(true);
});
