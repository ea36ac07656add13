import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines, type LineSize } from '../../src/extract/split-lines.ts';

const minuteMs = 60_000;

/** Lines of the same size, the given minutes after each other. */
const linesAfter = (...minutes: number[]): LineSize[] => {
  let sentAtMs = 0;
  return minutes.map((minute) => ({ tokens: 10, sentAtMs: (sentAtMs += minute * minuteMs) }));
};

const arbitraryLines = fc
  .array(fc.record({ tokens: fc.integer({ min: 1, max: 130 }), minutes: fc.nat({ max: 29 }) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((drawn) => {
    let sentAtMs = 0;
    return drawn.map(({ tokens, minutes }) => ({ tokens, sentAtMs: (sentAtMs += minutes * minuteMs) }));
  });
const arbitraryLimits = fc.record({
  maxTokens: fc.integer({ min: 100, max: 400 }),
  overlapLines: fc.nat({ max: 5 }),
});

describe('splitLines', () => {
  it('leaves what fits in one piece', () => {
    expect(splitLines(linesAfter(0, 1, 1), { maxTokens: 30, overlapLines: 2 })).toEqual([{ from: 0, to: 3 }]);
  });

  it('ends a part at the longest silence of its second half, and repeats the lines before it', () => {
    const lines = linesAfter(0, 29, 1, 1, 1, 1, 9, 1, 1, 1, 1, 1);
    expect(splitLines(lines, { maxTokens: 80, overlapLines: 2 })).toEqual([
      { from: 0, to: 6 },
      { from: 4, to: 12 },
    ]);
  });

  it('ends it as late as it can where all silences are alike', () => {
    const lines = linesAfter(...Array<number>(10).fill(1));
    expect(splitLines(lines, { maxTokens: 60, overlapLines: 1 })).toEqual([
      { from: 0, to: 6 },
      { from: 5, to: 10 },
    ]);
  });

  it('has every line in its order in at least one part, and repeats at most the overlap', () => {
    fc.assert(
      fc.property(arbitraryLines, arbitraryLimits, (lines, limits) => {
        const parts = splitLines(lines, limits);
        expect(parts[0]?.from).toBe(0);
        expect(parts.at(-1)?.to).toBe(lines.length);
        for (const [index, { from, to }] of parts.entries()) {
          const before = parts[index - 1];
          expect(to).toBeGreaterThan(before?.to ?? 0);
          if (before === undefined) continue;
          expect(from).toBeGreaterThan(before.from);
          expect(from).toBeLessThanOrEqual(before.to);
          expect(before.to - from).toBeLessThanOrEqual(limits.overlapLines);
        }
      }),
    );
  });

  it('keeps every part within the limit, but for a line that is above it by itself', () => {
    fc.assert(
      fc.property(arbitraryLines, arbitraryLimits, (lines, limits) => {
        for (const { from, to } of splitLines(lines, limits)) {
          const tokens = lines.slice(from, to).reduce((sum, line) => sum + line.tokens, 0);
          expect(tokens <= limits.maxTokens || to - from === 1).toBe(true);
        }
      }),
    );
  });

  it('gives the same lines the same parts, wherever in time they lie', () => {
    fc.assert(
      fc.property(arbitraryLines, arbitraryLimits, fc.nat({ max: 1e12 }), (lines, limits, laterMs) => {
        const later = lines.map((line) => ({ ...line, sentAtMs: line.sentAtMs + laterMs }));
        expect(splitLines(later, limits)).toEqual(splitLines(lines, limits));
      }),
    );
  });
});
