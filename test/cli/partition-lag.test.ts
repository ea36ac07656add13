import { expect, it } from 'vitest';
import { partitionLags, totalLag } from '../../src/cli/partition-lag.ts';

const standing = { partition: 0, nextOffset: 8n, streamTimeMs: 0, caughtUpAtMs: null };

it.each([
  ['committed', { partition: 0, start: 0n, end: 10n, committed: 7n }, 3n],
  [
    'nothing committed: all that the log has',
    { partition: 0, start: 4n, end: 10n, committed: undefined },
    6n,
  ],
  [
    'committed below the log’s start: what retention took is no lag',
    { partition: 0, start: 6n, end: 10n, committed: 1n },
    4n,
  ],
  ['committed beyond the end of a re-created topic', { partition: 0, start: 0n, end: 2n, committed: 7n }, 0n],
  ['an empty partition', { partition: 0, start: 0n, end: 0n, committed: undefined }, 0n],
  [
    'offsets that a double cannot hold',
    { partition: 0, start: 0n, end: 2n ** 60n + 1n, committed: 2n ** 60n },
    1n,
  ],
])('counts the records that are left: %s', (_case, offsets, lag) => {
  expect(partitionLags([offsets], [standing])).toMatchObject([{ lag, stored: 8n }]);
});

it('sums over partitions, of which some were never read', () => {
  const lags = partitionLags(
    [
      { partition: 0, start: 0n, end: 10n, committed: 7n },
      { partition: 1, start: 0n, end: 10n, committed: undefined },
    ],
    [standing],
  );
  expect(totalLag(lags)).toBe(13n);
  expect(lags[1]).toMatchObject({ stored: undefined, standing: undefined });
});
