import { describe, expect, it } from 'vitest';
import { AfterwordError, type ErrorCode } from '../../../src/errors.ts';
import { ModelGate, type ModelGateOptions } from '../../../src/extract/model-gate/model-gate.ts';
import { ManualTiming } from '../../support/extraction.ts';

const { signal } = new AbortController();

/** A gate, and calls that end when the test says so. */
function gateOf(options: Partial<ModelGateOptions> = {}) {
  const timing = new ManualTiming();
  const gate = new ModelGate({ maxConcurrency: 4, timing, ...options });
  const begun: { succeed: () => void; fail: (error: Error) => void }[] = [];
  const call = (aborting: AbortSignal = signal): Promise<string> =>
    gate.run(
      () =>
        new Promise<string>((resolve, reject) =>
          begun.push({
            succeed: () => {
              resolve('answer');
            },
            fail: reject,
          }),
        ),
      aborting,
    );
  const failWith = async (error: Error): Promise<unknown> =>
    gate.run(() => Promise.reject(error), signal).catch((thrown: unknown) => thrown);
  const succeed = (): Promise<string> => gate.run(() => Promise.resolve('answer'), signal);
  return { gate, timing, begun, call, failWith, succeed };
}

function modelError(code: ErrorCode, retryAfterMs?: number): AfterwordError {
  return new AfterwordError(code, 'failed', retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** Lets everything that is due by promises alone happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ModelGate', () => {
  it('lets no more calls be under way than allowed, in the order of asking', async () => {
    const { gate, begun, call } = gateOf({ maxConcurrency: 2 });
    const calls = [call(), call(), call(), call()];
    await settle();
    expect(gate.state()).toMatchObject({ inFlight: 2, waiting: 2 });
    begun[0]?.succeed();
    await settle();
    expect(begun).toHaveLength(3);
    for (const index of [1, 2]) begun[index]?.succeed();
    await settle();
    begun[3]?.succeed();
    await expect(Promise.all(calls)).resolves.toHaveLength(4);
    expect(gate.state()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('halves on a rate limit, once for all calls that were under way together, and grows back', async () => {
    const { gate, begun, call, succeed } = gateOf({ maxConcurrency: 8 });
    const calls = Array.from({ length: 8 }, () => call());
    await settle();
    for (const one of begun) one.fail(modelError('MODEL_RATE_LIMITED'));
    await Promise.allSettled(calls);
    expect(gate.state().concurrency).toBe(4);
    for (let done = 0; done < 4 + 5 + 6 + 7; done += 1) await succeed();
    expect(gate.state().concurrency).toBe(8);
    for (let done = 0; done < 20; done += 1) await succeed();
    expect(gate.state().concurrency).toBe(8);
  });

  it('never shrinks to nothing', async () => {
    const { gate, failWith } = gateOf({ maxConcurrency: 3 });
    for (let done = 0; done < 5; done += 1) await failWith(modelError('MODEL_RATE_LIMITED'));
    expect(gate.state().concurrency).toBe(1);
  });

  it('begins no call before the time that the provider asked for', async () => {
    const { gate, timing, failWith, succeed } = gateOf();
    await failWith(modelError('MODEL_RATE_LIMITED', 7_000));
    expect(gate.state().pausedUntilMs).toBe(timing.nowMs() + 7_000);
    await succeed();
    expect(timing.sleptMs).toEqual([7_000]);
  });

  it('hands a long wait back to the caller instead of sitting it out', async () => {
    const { timing, failWith, succeed } = gateOf({ maxPauseMs: 10_000 });
    await failWith(modelError('MODEL_RATE_LIMITED', 60_000));
    await expect(succeed()).rejects.toMatchObject({ code: 'MODEL_RATE_LIMITED', retryAfterMs: 60_000 });
    expect(timing.sleptMs).toEqual([]);
  });

  it('stops for everybody after outages in a row, and a success in between starts the count anew', async () => {
    const { gate, failWith, succeed } = gateOf({ breaker: { outagesToStop: 3 } });
    for (const code of ['MODEL_OVERLOADED', 'MODEL_UNREACHABLE'] as const) await failWith(modelError(code));
    await succeed();
    for (const code of ['MODEL_OVERLOADED', 'MODEL_TIMEOUT'] as const) await failWith(modelError(code));
    expect(gate.state().mode).toBe('flowing');
    await failWith(modelError('MODEL_UNREACHABLE'));
    expect(gate.state()).toMatchObject({ mode: 'stopped', because: 'MODEL_UNREACHABLE' });
    await expect(succeed()).rejects.toMatchObject({ code: 'MODEL_UNREACHABLE', details: { stopped: true } });
  });

  it('probes with one call alone, and flows again when it succeeds', async () => {
    const { gate, timing, begun, call, failWith, succeed } = gateOf({
      breaker: { outagesToStop: 1, outageStopMs: 8_000 },
    });
    await failWith(modelError('MODEL_OVERLOADED'));
    expect(gate.state().nextProbeAtMs).toBe(timing.nowMs() + 8_000);
    timing.advance(8_000);
    const probe = call();
    await settle();
    expect(gate.state().mode).toBe('probing');
    await expect(succeed()).rejects.toMatchObject({ code: 'MODEL_OVERLOADED' });
    begun[0]?.succeed();
    await probe;
    expect(gate.state()).toMatchObject({ mode: 'flowing', because: null, stoppedSinceMs: null });
    await expect(succeed()).resolves.toBe('answer');
  });

  it.each([
    [0, 6_000],
    [0.75, 9_000],
  ])('spreads the probes of several processes, each by its own dice: %d', async (random, waitMs) => {
    const timing = Object.assign(new ManualTiming(), { random: () => random });
    const { gate, failWith } = gateOf({ timing, breaker: { outagesToStop: 1, outageStopMs: 8_000 } });
    await failWith(modelError('MODEL_OVERLOADED'));
    expect((gate.state().nextProbeAtMs ?? 0) - timing.nowMs()).toBe(waitMs);
  });

  it('waits longer after each probe that fails, up to a ceiling, and remembers since when', async () => {
    const { gate, timing, failWith } = gateOf({
      breaker: { outagesToStop: 1, outageStopMs: 1_000, maxOutageStopMs: 4_000 },
    });
    const sinceMs = timing.nowMs();
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await failWith(modelError('MODEL_OVERLOADED'));
      const waitMs = (gate.state().nextProbeAtMs ?? 0) - timing.nowMs();
      waits.push(waitMs);
      timing.advance(waitMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 4_000]);
    expect(gate.state().stoppedSinceMs).toBe(sinceMs);
  });

  it.each([
    ['MODEL_CREDENTIALS', 60_000],
    ['MODEL_SPEND_LIMIT', 600_000],
  ] as const)('stops at the first %s, refuses those who wait, and probes rarely', async (code, waitMs) => {
    const { gate, timing, begun, call, succeed } = gateOf({ maxConcurrency: 1 });
    const [first, waiting] = [call(), call()];
    await settle();
    begun[0]?.fail(modelError(code));
    await expect(first).rejects.toMatchObject({ code });
    await expect(waiting).rejects.toMatchObject({ code, details: { stopped: true } });
    timing.advance(waitMs - 1);
    await expect(succeed()).rejects.toMatchObject({ code, retryAfterMs: 1_000 });
    timing.advance(1);
    await expect(succeed()).resolves.toBe('answer');
    expect(gate.state().mode).toBe('flowing');
  });

  it('learns nothing from a probe that was cancelled: the next caller may probe at once', async () => {
    const { gate, timing, begun, call, failWith, succeed } = gateOf({
      breaker: { outagesToStop: 1, outageStopMs: 1_000 },
    });
    await failWith(modelError('MODEL_OVERLOADED'));
    timing.advance(1_000);
    const aborting = new AbortController();
    const probe = call(aborting.signal);
    await settle();
    aborting.abort(new Error('shutting down'));
    begun[0]?.fail(new Error('shutting down'));
    await expect(probe).rejects.toThrow('shutting down');
    expect(gate.state().mode).toBe('stopped');
    await expect(succeed()).resolves.toBe('answer');
  });

  it('does not count answers that are of no use as outages', async () => {
    const { gate, failWith } = gateOf({ breaker: { outagesToStop: 1 } });
    for (const code of [
      'MODEL_REFUSED',
      'MODEL_CUT_OFF',
      'MODEL_OUTPUT_INVALID',
      'MODEL_REQUEST_INVALID',
    ] as const) {
      await failWith(modelError(code));
    }
    await failWith(new TypeError('a bug of ours'));
    expect(gate.state().mode).toBe('flowing');
  });

  it('lets go of a caller who gives up waiting, and of the place in the queue', async () => {
    const { gate, begun, call } = gateOf({ maxConcurrency: 1 });
    const aborting = new AbortController();
    const [first, givenUp, third] = [call(), call(aborting.signal), call()];
    await settle();
    aborting.abort(new Error('gave up'));
    await expect(givenUp).rejects.toThrow('gave up');
    expect(gate.state().waiting).toBe(1);
    begun[0]?.succeed();
    await first;
    await settle();
    begun[1]?.succeed();
    await expect(third).resolves.toBe('answer');
    expect(gate.state().inFlight).toBe(0);
  });
});
