import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/extract/estimate-tokens.ts';
import { renderTranscript } from '../../src/extract/render-transcript.ts';
import { cutTranscriptText, transcriptTexts } from '../../src/extract/transcript-texts.ts';
import { transcriptOf } from '../support/extraction.ts';

const numbersIn = (text: string): number[] =>
  [...text.matchAll(/^\[(\d+)\] /gmu)].map(([, number]) => Number(number));

/** Whatever makes a line longer when it is rendered, in every script. */
const arbitraryWords = fc
  .array(fc.constantFrom('tea', ' ', '\n', '<<', '\u2028', 'чай', '喫茶店に行きました', '🫖', 'ชา'), {
    maxLength: 400,
    size: 'max',
  })
  .map((words) => words.join(''));
/** Many short ones fill a text to its brim, long ones are cut. */
const arbitraryTranscript = fc
  .oneof(
    fc.array(arbitraryWords, { minLength: 1, maxLength: 40, size: 'max' }),
    fc.array(fc.constantFrom('tea', 'чай', 'お茶'), { minLength: 400, maxLength: 600, size: 'max' }),
  )
  .map((said) => transcriptOf(...said.map((words) => ['user', words] as const)));

describe('transcriptTexts', () => {
  it('asks about a window within the limit as a whole', () => {
    const transcript = transcriptOf(['user', 'I drink tea'], ['assistant', 'Good']);
    expect(transcriptTexts(transcript)).toEqual([renderTranscript(transcript)]);
  });

  it('tells a part which lines of the window it has', () => {
    const transcript = transcriptOf(
      ...Array.from({ length: 20 }, (_, n) => ['user', `${n} ${'tea '.repeat(300)}`] as const),
    );
    const texts = transcriptTexts(transcript, { maxTokens: 4_000 });
    expect(texts).toHaveLength(3);
    for (const text of texts) {
      const numbers = numbersIn(text);
      expect(text).toContain(`Lines ${numbers[0]} to ${numbers.at(-1)} of 20, read by themselves.`);
      expect(text).toMatch(/^-- 2026-11-23 Monday --\n\[/mu);
    }
  });

  it('keeps every text within the limit, and every line in one of them', () => {
    fc.assert(
      fc.property(arbitraryTranscript, (transcript) => {
        const texts = transcriptTexts(transcript, { maxTokens: 4_000 });
        for (const text of texts) expect(estimateTokens(text)).toBeLessThanOrEqual(4_000);
        const numbers = new Set(texts.flatMap(numbersIn));
        expect([...numbers].sort((a, b) => a - b)).toEqual(transcript.lines.map(({ number }) => number));
      }),
      { numRuns: 40 },
    );
  });

  it('cuts the middle out of a message that is enormous by itself', () => {
    const transcript = transcriptOf(['user', `start ${'log '.repeat(20_000)} end`], ['user', 'short']);
    const [text, ...others] = transcriptTexts(transcript, { maxTokens: 8_000 });
    expect(others).toEqual([]);
    expect(text).toMatch(
      /\[1\] user 14:03 start .* \[\.\.\. \d+ characters left out \.\.\.\] .* end\n\[2\]/u,
    );
  });
});

describe('cutTranscriptText', () => {
  it('makes room for all lines by cutting the longest, never the short ones', () => {
    const said = Array.from(
      { length: 100 },
      (_, index) => ['user', index % 2 === 0 ? 'x'.repeat(2_000) : 'short one'] as const,
    );
    const text = cutTranscriptText(transcriptOf(...said), { maxTokens: 8_000 });
    expect(numbersIn(text)).toHaveLength(100);
    expect(estimateTokens(text)).toBeLessThanOrEqual(9_000);
    expect(text.match(/short one/g)).toHaveLength(50);
    expect(text.match(/left out/g)).toHaveLength(50);
  });
});
