import { describe, expect, it } from 'vitest';

import { eventTime, planBatch } from '../../src/consume/plan-batch.ts';
import type { BatchContext } from '../../src/consume/message-store.ts';
import { decodeAll, logOf, message, sessionEnd } from '../support/store-harness.ts';

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 5, 1, 12);

const context: BatchContext = {
  nowMs,
  storedNextOffset: null,
  runs: [],
  contentHashSecret: '00'.repeat(32),
  knownMessages: new Map(),
  knownOthers: new Set(),
};

describe('the time of an event', () => {
  const minutes = (count: number): number => nowMs + count * minuteMs;

  it.each([
    {
      name: 'keeps a time in the past',
      sent: minutes(-60),
      record: minutes(-1),
      expected: [minutes(-60), false],
    },
    {
      name: 'keeps exactly five minutes ahead',
      sent: minutes(4),
      record: minutes(-1),
      expected: [minutes(4), false],
    },
    {
      name: 'draws a time more than five minutes ahead back to the record',
      sent: minutes(4) + 1,
      record: minutes(-1),
      expected: [minutes(-1), true],
    },
    {
      name: 'takes the database’s clock when the record’s is ahead of it',
      sent: minutes(6),
      record: minutes(600),
      expected: [nowMs, true],
    },
    {
      name: 'takes the record’s time where none was sent',
      sent: null,
      record: minutes(-1),
      expected: [minutes(-1), false],
    },
    { name: 'takes the clock for a record without a time', sent: null, record: -1, expected: [nowMs, false] },
    {
      name: 'clamps by the clock for a record without a time',
      sent: minutes(6),
      record: 0,
      expected: [nowMs, true],
    },
  ])('$name', ({ sent, record, expected }) => {
    const time = eventTime(sent, record, nowMs);
    expect([time.ms, time.clamped]).toEqual(expected);
  });
});

describe('planning a batch', () => {
  it('advances stream time by clamped times, and by what is known already', () => {
    const records = logOf(
      [
        message({ id: 'old', atMs: nowMs - minuteMs }),
        message({ id: 'wrong clock', atMs: nowMs + 86_400_000 }),
        message({ id: 'old', atMs: nowMs - minuteMs }),
      ],
      { timestampMs: nowMs - 2 * minuteMs },
    );
    const plan = planBatch(decodeAll(records), context);
    expect(plan.streamTimeMs).toBe(nowMs - minuteMs);
    expect(plan.messages.map(({ messageId, clamped }) => [messageId, clamped])).toEqual([
      ['old', false],
      ['wrong clock', true],
    ]);
    expect(plan.repeats.map(({ record }) => record.offset)).toEqual([2n]);
  });

  it('has no stream time for a batch without events', () => {
    const plan = planBatch(decodeAll(logOf([Buffer.from('no'), { type: 'typing' }])), context);
    expect(plan.streamTimeMs).toBe(Number.NEGATIVE_INFINITY);
    expect(plan.deadLetters.map(({ reason }) => reason)).toEqual(['not-json']);
    expect(plan.ignored).toEqual([{ type: 'typing', offset: 1n }]);
  });

  it('keeps the first of two texts under one id, and leaves the other to be judged by what is stored', () => {
    const records = logOf([
      message({ id: 'm', atMs: nowMs, content: 'first' }),
      message({ id: 'm', atMs: nowMs, content: 'second' }),
    ]);
    const plan = planBatch(decodeAll(records), context);
    expect(plan.messages.map(({ content }) => content)).toEqual(['first']);
    expect(plan.deadLetters).toEqual([]);
    expect(plan.repeats.map(({ record }) => record.offset)).toEqual([1n]);
    expect(plan.doubtful.map(({ offset }) => offset)).toEqual([1n]);
  });

  it('counts ignored records beyond the stored position only', () => {
    const records = logOf([{ type: 'typing' }, { type: 'typing' }, { type: 'typing' }]);
    const plan = planBatch(decodeAll(records), { ...context, storedNextOffset: 2n });
    expect(plan.ignored.map(({ offset }) => offset)).toEqual([2n]);
    expect(plan.duplicates).toBe(2);
  });

  it('counts each record exactly once, one that comes twice in a batch included', () => {
    const once = logOf([
      message({ id: 'm', atMs: nowMs }),
      sessionEnd({ atMs: nowMs }),
      Buffer.from('no'),
      message({ id: 'm', atMs: nowMs, content: 'other' }),
    ]);
    const plan = planBatch(decodeAll([...once, ...once]), context);
    const { messages, sessionEnds, deadLetters, repeats, duplicates } = plan;
    expect(messages.length + sessionEnds.length + deadLetters.length + repeats.length + duplicates).toBe(8);
    expect(repeats).toHaveLength(3);
    expect(duplicates).toBe(2);
  });

  it('doubts what is new though the position has passed it', () => {
    const records = logOf([message({ id: 'm', atMs: nowMs }), message({ id: 'n', atMs: nowMs })]);
    const plan = planBatch(decodeAll(records), { ...context, storedNextOffset: 1n });
    expect(plan.doubtful.map(({ offset }) => offset)).toEqual([0n]);
  });
});
