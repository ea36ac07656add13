import { expect, it } from 'vitest';

import { splitBySize } from '../../../src/adapters/kafka/split-by-size.ts';

const record = (bytes: number, key = 'k') => ({ topic: 't', key, value: 'x'.repeat(bytes), headers: [] });

it('keeps the order and every record, none of the parts above the limit', () => {
  const records = [400, 400, 400, 100, 900].map((bytes) => record(bytes));
  const parts = splitBySize(records, 1_000);
  expect(parts.flat()).toEqual(records);
  expect(parts.map((part) => part.length)).toEqual([2, 2, 1]);
});

it('leaves a record that is too large alone with itself', () => {
  const parts = splitBySize([record(10), record(5_000), record(10)], 1_000);
  expect(parts.map((part) => part.length)).toEqual([1, 1, 1]);
});

it('counts bytes, not characters, and makes no part of nothing', () => {
  const parts = splitBySize([record(1, 'ю'.repeat(300)), record(1, 'ю'.repeat(300))], 1_000);
  expect(parts).toHaveLength(2);
  expect(splitBySize([], 1_000)).toEqual([]);
});
