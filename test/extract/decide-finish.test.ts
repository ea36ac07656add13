import { describe, expect, it } from 'vitest';
import { decideFinish } from '../../src/extract/decide-finish.ts';
import type { StageOutcome } from '../../src/extract/stage.ts';
import { noUsage } from '../../src/model/results.ts';

const failed = (errorCode: string): StageOutcome => ({
  status: 'failed',
  stage: 'facts',
  stageVersion: '1',
  errorCode,
  usage: noUsage,
});
const done: StageOutcome = {
  status: 'done',
  stage: 'summary',
  stageVersion: '1',
  method: 'model',
  model: 'any',
  usage: noUsage,
  result: {},
  rejected: {},
};
const flowing = { attempts: 1, timeouts: 0, othersAnswered: true, random: 0.5, stoppedForMs: undefined };

describe('a window whose call times out', () => {
  it('is tried again twice, each time counted, while others are answered', () => {
    for (const timeouts of [0, 1]) {
      expect(decideFinish([failed('MODEL_TIMEOUT')], { ...flowing, timeouts })).toMatchObject({
        status: 'retrying',
        errorCode: 'MODEL_TIMEOUT',
        timedOut: true,
        stored: false,
      });
    }
  });

  it('ends as failed with that code at the third', () => {
    expect(decideFinish([failed('MODEL_TIMEOUT')], { ...flowing, timeouts: 2 })).toEqual({
      status: 'failed',
      errorCode: 'MODEL_TIMEOUT',
      delayMs: 0,
      stored: true,
    });
    expect(decideFinish([done, failed('MODEL_TIMEOUT')], { ...flowing, timeouts: 2 })).toMatchObject({
      status: 'failed',
      stored: true,
    });
  });

  it('waits for ever while nobody is answered, or calls are stopped', () => {
    const circumstances = { ...flowing, attempts: 1_000, timeouts: 2 };
    for (const away of [{ othersAnswered: false }, { stoppedForMs: 0 }, { stoppedForMs: 60_000 }]) {
      const finish = decideFinish([failed('MODEL_TIMEOUT')], { ...circumstances, ...away });
      expect(finish).toMatchObject({ status: 'retrying', errorCode: 'MODEL_TIMEOUT' });
      expect(finish).not.toHaveProperty('timedOut');
    }
  });

  it('still waits for a sibling that may succeed', () => {
    const outcomes = [failed('MODEL_TIMEOUT'), failed('MODEL_OVERLOADED')];
    expect(decideFinish(outcomes, { ...flowing, timeouts: 7 })).toMatchObject({
      status: 'retrying',
      errorCode: 'MODEL_OVERLOADED',
    });
  });
});

it.each(['MODEL_RATE_LIMITED', 'MODEL_OVERLOADED', 'MODEL_UNREACHABLE'])(
  'a window that met %s is never given up',
  (code) => {
    expect(decideFinish([failed(code)], { ...flowing, attempts: 1_000, timeouts: 2 })).toMatchObject({
      status: 'retrying',
      errorCode: code,
    });
  },
);

describe('a window over its budget', () => {
  const spent = (retryInMs: number): StageOutcome => ({
    status: 'failed',
    stage: 'facts',
    stageVersion: '1',
    errorCode: 'MODEL_BUDGET_SPENT',
    usage: noUsage,
    retryInMs,
  });
  const hourMs = 3_600_000;

  it('is put off until the next day, spread over its first minutes', () => {
    for (const random of [0, 0.5, 0.99]) {
      const finish = decideFinish([spent(5 * hourMs)], { ...flowing, attempts: 7, random });
      expect(finish).toMatchObject({ status: 'deferred', errorCode: 'MODEL_BUDGET_SPENT', stored: false });
      expect(finish.delayMs).toBeGreaterThan(5 * hourMs);
      expect(finish.delayMs).toBeLessThan(5 * hourMs + 11 * 60_000);
    }
  });

  it('is tried again within seconds where only calls under way are in its place', () => {
    const { delayMs } = decideFinish([spent(0)], { ...flowing, attempts: 7 });
    expect(delayMs).toBeGreaterThanOrEqual(1_000);
    expect(delayMs).toBeLessThanOrEqual(11_000);
  });

  it('keeps what its other stages have found', () => {
    expect(decideFinish([done, spent(0)], flowing)).toMatchObject({ status: 'deferred', stored: true });
  });
});
