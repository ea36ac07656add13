import { expect, it, vi } from 'vitest';
import { AfterwordError } from '../../src/errors.ts';
import { Readiness } from '../../src/serve/readiness-checks.ts';

const holds = () => Promise.resolve({ ok: true } as const);

it('does not wait for a check that hangs, tells it to stop, and does not start it twice', async () => {
  const readiness = new Readiness({ checkTimeoutMs: 20 });
  const signals: AbortSignal[] = [];
  let release = (): void => undefined;
  readiness.register({ name: 'quick', check: holds });
  readiness.register({
    name: 'hanging',
    check: (signal) => {
      signals.push(signal);
      return new Promise(
        (resolve) =>
          (release = () => {
            resolve({ ok: true });
          }),
      );
    },
  });
  const expected = {
    ready: false,
    checks: [
      { name: 'hanging', ok: false, reason: 'no answer within 20 ms' },
      { name: 'quick', ok: true },
    ],
  };
  expect(await readiness.report()).toEqual(expected);
  expect(await readiness.report()).toEqual(expected);
  expect(signals).toHaveLength(1);
  expect(signals[0]?.aborted).toBe(true);
  release();
  await vi.waitFor(async () => {
    await readiness.report();
    expect(signals).toHaveLength(2);
  });
});

it('runs the checks side by side', async () => {
  const readiness = new Readiness();
  let started = 0;
  let release = (): void => undefined;
  const bothStarted = new Promise<void>((resolve) => (release = resolve));
  const check = async () => {
    if (++started === 2) release();
    await bothStarted;
    return { ok: true } as const;
  };
  readiness.register({ name: 'one', check });
  readiness.register({ name: 'two', check });
  expect((await readiness.report()).ready).toBe(true);
});

it('tells the code and hint of an error of ours, and only the class of a foreign one', async () => {
  const readiness = new Readiness();
  readiness.register({
    name: 'ours',
    check: () => Promise.reject(new AfterwordError('DATABASE_UNAVAILABLE', 'x', { hint: 'Start Postgres.' })),
  });
  readiness.register({ name: 'foreign', check: () => Promise.reject(new TypeError('planted')) });
  readiness.register({
    name: 'at-once',
    check: () => {
      throw Object.assign(new Error('planted'), { code: 'ECONNREFUSED' });
    },
  });
  expect(await readiness.report()).toEqual({
    ready: false,
    checks: [
      { name: 'at-once', ok: false, reason: 'ECONNREFUSED' },
      { name: 'foreign', ok: false, reason: 'TypeError' },
      { name: 'ours', ok: false, reason: 'DATABASE_UNAVAILABLE', hint: 'Start Postgres.' },
    ],
  });
});

it('forgets a check that was taken out, and keeps the one that replaced it', async () => {
  const readiness = new Readiness();
  const remove = readiness.register({
    name: 'a',
    check: () => Promise.resolve({ ok: false, reason: 'old' }),
  });
  const removeNew = readiness.register({ name: 'a', check: holds });
  remove();
  expect(await readiness.report()).toEqual({ ready: true, checks: [{ name: 'a', ok: true }] });
  removeNew();
  expect((await readiness.report()).checks).toEqual([]);
});
