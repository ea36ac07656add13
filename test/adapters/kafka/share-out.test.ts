import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shareOut } from '../../../src/adapters/kafka/share-out.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const memberIds = ['m0', 'm1', 'm2', 'm3', 'm4'];

describe('sharing partitions out', () => {
  it('gives each partition to one member, in shares that differ by at most one, whatever they claim', () => {
    const claims = fc.array(fc.array(fc.integer({ min: -2, max: 20 }), { maxLength: 12 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 17 }), claims, (count, claimed) => {
        const members = claimed.map((list, n) => ({ memberId: memberIds[n] ?? '', claimed: list }));
        const shares = [...shareOut(range(count), members).values()];
        expect(shares.flat().sort((a, b) => a - b)).toEqual(range(count));
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves only what a newcomer is due', () => {
    const before = shareOut(range(8), [
      { memberId: 'a', claimed: [] },
      { memberId: 'b', claimed: [] },
    ]);
    const claims = [...before].map(([memberId, claimed]) => ({ memberId, claimed }));
    // The newcomer sorts first, as a random id may.
    const after = shareOut(range(8), [...claims, { memberId: '0', claimed: [] }]);
    for (const [memberId, held] of before) {
      const kept = after.get(memberId)?.filter((partition) => held.includes(partition));
      expect(kept).toEqual(after.get(memberId));
    }
    expect(after.get('0')).toHaveLength(2);
  });

  it('leaves everything in its place when a group joins again unchanged', () => {
    const claims = [
      { memberId: 'a', claimed: [1, 4, 6] },
      { memberId: 'b', claimed: [0, 2] },
      { memberId: 'c', claimed: [3, 5] },
    ];
    const shares = shareOut(range(7), claims);
    for (const { memberId, claimed } of claims) expect(shares.get(memberId)).toEqual(claimed);
  });
});
