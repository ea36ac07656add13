import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldText } from '../../src/extract/fold-text.ts';

describe('folded text', () => {
  it('is the same, place by place, whether or not something beside it has to be folded', () => {
    const plain = fc.string({ unit: fc.constantFrom(...' -`"\'~aZ0_\n\t'.split('')), maxLength: 12 });
    fc.assert(
      fc.property(plain, (text) => {
        const alone = foldText(text);
        const beside = foldText(`“${text}`);
        expect(`"${alone.text}`).toBe(beside.text);
        expect([0, ...alone.starts.map((start) => start + 1)]).toEqual(beside.starts);
        expect([1, ...alone.ends.map((end) => end + 1)]).toEqual(beside.ends);
      }),
      { numRuns: 2_000 },
    );
  });
});
