import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesAnyGlob } from '../../src/config/globs.ts';

it.each([
  ['bot-*', 'bot-7', true],
  ['bot-*', 'Bot-7', false],
  ['*', '', true],
  ['?', '', false],
  ['?', '🙂', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a.c', 'abc', false],
  ['[ab]', 'a', false],
  ['**x', 'x', true],
])('%s against %s: %s', (pattern, text, matches) => {
  expect(matchesAnyGlob([pattern], text)).toBe(matches);
});

it('agrees with the regular expression of the same meaning', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
  fc.assert(
    fc.property(letters, texts, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(matchesAnyGlob([pattern], text)).toBe(expression.test(text));
    }),
    { numRuns: 500 },
  );
});

it('stays quick over a pattern that makes regular expressions explode', () => {
  // Exponential matching would not come back at all.
  expect(matchesAnyGlob(['*a'.repeat(60) + 'b'], 'a'.repeat(255))).toBe(false);
});
