import { expect, it } from 'vitest';
import {
  leastOutputTokens,
  mostOutputTokens,
  outputTokensFor,
  type AskedOutput,
} from '../../src/extract/output-room.ts';

/** English is estimated at three characters a token. */
const english = (tokens: number): string => 'abc'.repeat(tokens);
const roomFor = (changes: Partial<AskedOutput>): number =>
  outputTokensFor({
    user: english(300),
    stages: 1,
    purpose: 'first',
    effort: undefined,
    answer: undefined,
    ...changes,
  });

it('rises with what there is to read and with the number of stages', () => {
  expect(roomFor({})).toBe(500 + 6 * 300);
  expect(roomFor({ user: english(301) })).toBe(roomFor({}) + 6);
  expect(roomFor({ stages: 3 })).toBe(roomFor({}) + 2 * 500);
  expect(roomFor({ purpose: 'part' })).toBe(roomFor({}));
});

it('stays within its bounds, however short or long the conversation is', () => {
  expect(roomFor({ user: '' })).toBe(leastOutputTokens);
  expect(roomFor({ user: english(100_000) })).toBe(mostOutputTokens);
  expect(roomFor({ user: '', stages: 100 })).toBe(mostOutputTokens);
});

it('lets a repair be longer than the answer that it corrects', () => {
  const short = { user: '', purpose: 'repair' } as const;
  expect(roomFor({ ...short, answer: english(10) })).toBe(leastOutputTokens);
  expect(roomFor({ ...short, answer: english(2_000) })).toBe(500 + 2 * 2_000);
  expect(roomFor({ ...short, answer: english(9_000) })).toBe(mostOutputTokens);
});

it('leaves all the room to whoever is asked alone, and to a model that is told how hard to think', () => {
  expect(roomFor({ user: '', purpose: 'alone' })).toBe(mostOutputTokens);
  expect(roomFor({ user: '', effort: 'low' })).toBe(mostOutputTokens);
});
