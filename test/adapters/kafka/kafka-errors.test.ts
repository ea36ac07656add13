import { expect, it } from 'vitest';
import { isPassing, toLogError } from '../../../src/adapters/kafka/kafka-errors.ts';
import { ReadingState } from '../../../src/reading-state.ts';

/** As the client library reports a broker's refusal. */
const refusal = (type: string): Error => Object.assign(new Error('refused'), { type, retriable: false });

it.each(['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'])(
  'waits for a right that is missing (%s), as it does for a topic, and says which',
  (type) => {
    const error = toLogError(refusal(type), 'reading');
    expect(error).toMatchObject({ code: 'TOPIC_FORBIDDEN', retryable: true });
    expect(error.hint).toContain('allow this user');
    expect(isPassing(refusal(type))).toBe(true);
    expect(isPassing(error)).toBe(true);
  },
);

it('gives up on credentials that are refused', () => {
  const error = toLogError(refusal('SASL_AUTHENTICATION_FAILED'), 'reading');
  expect(error.retryable).toBe(false);
  expect(isPassing(refusal('SASL_AUTHENTICATION_FAILED'))).toBe(false);
});

it('is not ready while a topic is closed to it, names the topic, and is ready again afterwards', () => {
  const state = new ReadingState();
  state.hear({ type: 'topic-refused', topic: 'some.messages', reason: 'x', retryInMs: 1 });
  expect(state.outcome).toMatchObject({ ok: false, reason: 'TOPIC_FORBIDDEN' });
  expect(JSON.stringify(state.outcome)).toContain('some.messages');
  state.hear({ type: 'rejoined', gained: 1, kept: 0, lost: 0 });
  expect(state.outcome).toEqual({ ok: true });
});
