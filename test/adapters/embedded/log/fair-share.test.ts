import fc from 'fast-check';
import { expect, it } from 'vitest';

import { fairShare } from '../../../../src/adapters/embedded/log/fair-share.ts';

it('adds up to all partitions, shares differing by at most one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 9 }), (partitions, count) => {
      const members = Array.from({ length: count }, (_, n) => `m${String(n)}`);
      const shares = members.map((member) => fairShare(partitions, members, member));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitions);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

it('is nothing for a member that the others do not see', () => {
  expect(fairShare(4, ['a', 'b'], 'c')).toBe(0);
});
