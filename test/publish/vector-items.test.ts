import { describe, expect, it } from 'vitest';
import { factItemId, summaryItemId } from '../../src/publish/vector-items.ts';

const windowId = '23d2085f-daf0-a165-0c7c-8c5f92e4a4ff';
const factId = '4907b4af-6e44-d32a-1e30-3934a4f62c1b';

describe('ids of what is indexed never change', () => {
  // Computed with another implementation (Python's hashlib) from the description of the encoding.
  it.each([
    ['a summary', summaryItemId(windowId), 'b36d2460-79ac-89ad-9c3c-5c7b3cac325d'],
    ['a fact', factItemId('ann', 'u-1', factId), 'b609caf8-5f42-87ae-8f9d-a9dc92723c3b'],
    [
      'a fact of a person beyond ASCII',
      factItemId('ann', '🦊', factId),
      'a4287aa4-0c5f-8a9b-90ad-b8d7b46b3ac6',
    ],
  ])('%s', (_, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('differ by kind and by every part, and moving a character from one part to the next gives another', () => {
    const all = [
      summaryItemId(factId),
      factItemId('', '', factId),
      factItemId('ab', 'c', factId),
      factItemId('a', 'bc', factId),
      factItemId('ab', 'd', factId),
      factItemId('ab', 'c', windowId),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
