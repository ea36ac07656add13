import { expect, it } from 'vitest';
import { pairUp } from '../../src/evaluate/pair-up.ts';

const isLetterOf = (letters: string, letter: string): boolean => letters.includes(letter);

function pairs(expected: readonly string[], found: readonly string[]): [string, string][] {
  return [...pairUp(expected, found, isLetterOf)]
    .map(([label, item]): [string, string] => [expected[label] ?? '', found[item] ?? ''])
    .sort();
}

it('uses each found one once', () => {
  expect(pairs(['a', 'a'], ['a'])).toEqual([['a', 'a']]);
  expect(pairs(['a'], ['a', 'a'])).toHaveLength(1);
});

it('gives way so that as many as possible are paired', () => {
  expect(pairs(['ab', 'a'], ['a', 'b'])).toEqual([
    ['a', 'a'],
    ['ab', 'b'],
  ]);
  expect(pairs(['ab', 'bc', 'a'], ['a', 'b', 'c'])).toHaveLength(3);
});

it('never leaves an earlier one alone for the sake of a later one', () => {
  expect(pairs(['a', 'ab', 'b'], ['a', 'b'])).toEqual([
    ['a', 'a'],
    ['ab', 'b'],
  ]);
});

it('pairs nothing that does not fit', () => {
  expect(pairs(['a'], ['b'])).toEqual([]);
  expect(pairs([], ['b'])).toEqual([]);
  expect(pairs(['a'], [])).toEqual([]);
});
