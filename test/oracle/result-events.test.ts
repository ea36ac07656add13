import { describe, expect, it } from 'vitest';
import type { LoggedRecord } from './logged-record.ts';
import { readResults } from './result-events.ts';

let offset = 0n;

function event(
  sequence: number,
  changes: { id?: string; user?: string; partition?: number; type?: string } = {},
): LoggedRecord {
  const { id = `id-${sequence}`, user = 'u', partition = 0, type = 'afterword.window.closed.v1' } = changes;
  return {
    topic: 'results',
    partition,
    offset: (offset += 1n),
    timestampMs: 1,
    key: Buffer.from(`b/${user}`),
    value: Buffer.from(JSON.stringify({ bot_id: 'b', user_id: user, sequence })),
    headers: [
      ['ce_id', Buffer.from(id)],
      ['ce_type', Buffer.from(type)],
    ],
  };
}

describe('what a subscriber reads', () => {
  it('is in order for each person once what was seen is dropped', () => {
    const read = readResults([
      event(1),
      event(2),
      event(1),
      event(2),
      event(3),
      event(1, { user: 'v', id: 'other' }),
    ]);
    expect(read.problems).toEqual([]);
    expect(read.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 1]);
    expect(read.resends).toBe(2);
  });

  it('may be told less of what changed once more, where a message was deleted meanwhile', () => {
    const told = (...changes: number[]): LoggedRecord => ({
      ...event(1, { type: 'afterword.memory.changed.v1' }),
      value: Buffer.from(JSON.stringify({ bot_id: 'b', user_id: 'u', sequence: 1, changes })),
    });
    expect(readResults([told(1, 2), told(2)]).problems).toEqual([]);
    expect(readResults([told(2), told(1, 2)]).problems).toHaveLength(1);
  });

  it.each([
    ['a sequence that comes late', [event(1), event(3), event(2)], 'new, though 3 came before it'],
    ['a sequence of two events', [event(1), event(1, { id: 'other' })], 'ce_id other'],
    ['an id of two sequences', [event(1, { id: 'same' }), event(2, { id: 'same' })], 'was sequence 1 before'],
    ['a person in two partitions', [event(1), event(2, { partition: 1 })], 'in partition 0 before'],
    ['a resend of another type', [event(1), event(1, { type: 'afterword.user.erased.v1' })], 'its type was'],
    ['a record that is no event', [{ ...event(1), value: Buffer.from('[]') }], 'not an event'],
    ['another key', [{ ...event(1), key: Buffer.from('x') }], 'its key is not'],
  ])('is told to be wrong where it holds %s', (_, records, problem) => {
    const { problems } = readResults(records);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});
