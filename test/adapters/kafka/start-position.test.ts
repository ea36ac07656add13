import { expect, it } from 'vitest';

import { settlePosition } from '../../../src/adapters/kafka/start-position.ts';

const start = { topic: 't', partition: 0, committed: 7n, logStart: 3n, logEnd: 10n };

it.each([
  ['the answer', { ...start }, 5n, 5n],
  ['the committed offset without an answer', { ...start }, undefined, 7n],
  ["the log's start where nothing was committed", { ...start, committed: undefined }, undefined, 3n],
  ["the log's end when that is the answer", { ...start }, 10n, 10n],
  ["the log's start for an answer that retention has deleted", { ...start }, 2n, 3n],
  ["the log's start for an answer beyond the end, as after a topic made anew", { ...start }, 11n, 3n],
  ["the log's start for a committed offset beyond the end", { ...start, committed: 99n }, undefined, 3n],
] as const)('starts at %s', (_, at, answer, expected) => {
  expect(settlePosition(at, answer)).toBe(expected);
});
