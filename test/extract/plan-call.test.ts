import { describe, expect, it } from 'vitest';
import { AfterwordError, type ErrorCode } from '../../src/errors.ts';
import { answerSchema } from '../../src/extract/answer-schema.ts';
import { answeredCall, failedCall, planCall, type CallQuestion } from '../../src/extract/plan-call.ts';
import { builtInStages } from '../../src/extract/stages/built-in-stages.ts';
import { noUsage } from '../../src/model/results.ts';

const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 5 };
const question: CallQuestion = {
  request: {
    model: 'any',
    system: 'system',
    user: 'user',
    answerSchema: answerSchema(builtInStages),
    maxOutputTokens: 1_000,
  },
  stages: builtInStages,
  purpose: 'first',
  strategy: 'default',
  price,
};
const planned = planCall(question);
const failure = (error: unknown, aborted = false) => ({ error, aborted, tookMs: 3 });
const modelError = (code: ErrorCode, details: Record<string, string | number | boolean> = {}) =>
  new AfterwordError(code, 'failed', { details });

const sumOf = (shares: readonly { readonly usage: { readonly cost_usd?: number | null | undefined } }[]) =>
  shares.reduce((sum, { usage }) => sum + Math.round((usage.cost_usd ?? 0) * 1e9), 0);

describe('a call that is planned', () => {
  it('costs at most its whole output and a token for every byte of input', () => {
    expect(planned.mostNanoUsd).toBeGreaterThan(1_000 * 5_000);
    const longer = planCall({ ...question, request: { ...question.request, user: 'ä'.repeat(1_000) } });
    expect((longer.mostNanoUsd ?? 0) - (planned.mostNanoUsd ?? 0)).toBe((2_000 - 4) * 1_000);
  });

  it('has no most without a price', () => {
    expect(planCall({ ...question, price: undefined }).mostNanoUsd).toBeNull();
  });

  it('is shared out among its stages', () => {
    expect(sumOf(planned.shares)).toBe(planned.mostNanoUsd);
    expect(planned.shares.map(({ stage }) => stage)).toEqual(planned.stages);
  });
});

describe('a call that was answered', () => {
  it('costs what its tokens cost, and so do its stages together', () => {
    const usage = {
      input_tokens: 100,
      cached_input_tokens: 0,
      output_tokens: 10,
      calls: 1,
      cost_usd: 0.00015,
    };
    const call = answeredCall(planned, question, { text: '{"summary": {}, "facts": {"a": 1}}', usage }, 5);
    expect(call).toMatchObject({ outcome: 'ok', costNanoUsd: 150_000, costIsEstimate: false, tookMs: 5 });
    expect(sumOf(call.shares)).toBe(150_000);
  });
});

describe('a call that failed', () => {
  it('costs its tokens where the provider told them', () => {
    const tokens = { input_tokens: 100, output_tokens: 10, cached_input_tokens: 0, calls: 1 };
    const call = failedCall(planned, question, failure(modelError('MODEL_CUT_OFF', tokens)));
    expect(call).toMatchObject({ outcome: 'MODEL_CUT_OFF', costNanoUsd: 150_000, costIsEstimate: false });
    expect(sumOf(call?.shares ?? [])).toBe(150_000);
  });

  it('costs nothing where the provider refused it', () => {
    const call = failedCall(planned, question, failure(modelError('MODEL_RATE_LIMITED', { status: 429 })));
    expect(call).toMatchObject({ outcome: 'MODEL_RATE_LIMITED', costNanoUsd: 0, usage: noUsage });
    expect(sumOf(call?.shares ?? [])).toBe(0);
  });

  it('costs the most that it can where nobody knows its end', () => {
    for (const given of [
      failure(modelError('MODEL_TIMEOUT')),
      failure(new Error('the lease was lost'), true),
      failure(new Error('a bug')),
    ]) {
      const call = failedCall(planned, question, given);
      expect(call).toMatchObject({ costNanoUsd: planned.mostNanoUsd, costIsEstimate: true });
      expect(sumOf(call?.shares ?? [])).toBe(planned.mostNanoUsd);
    }
  });

  it('was none where nobody was asked', () => {
    for (const error of [
      modelError('MODEL_UNREACHABLE', { sent: false }),
      modelError('MODEL_REQUEST_INVALID'),
    ]) {
      expect(failedCall(planned, question, failure(error))).toBeUndefined();
    }
  });
});
