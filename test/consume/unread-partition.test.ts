import { describe, expect, it } from 'vitest';

import { isReadToItsEnd } from '../../src/consume/unread-partition.ts';

/** Partition 0 holds 100 to 200, partition 1 holds nothing any more. */
const log = [
  { partition: 0, start: 100n, end: 200n },
  { partition: 1, start: 50n, end: 50n },
];

describe('the clock may judge windows of a partition that nobody reads', () => {
  it.each<[string, number, bigint | null, boolean]>([
    ['when the topic no longer has it', 2, 70n, true],
    ['when everything in it is stored', 0, 200n, true],
    ['when it is empty and was never read', 1, null, true],
    ['not while records wait', 0, 199n, false],
    ['not while its records were never read', 0, null, false],
    ['not when the stored position belongs to a log that is gone', 0, 300n, false],
  ])('%s', (_name, partition, stored, may) => {
    expect(isReadToItsEnd({ partition, stored }, log)).toBe(may);
  });

  it('not while the log is not known', () => {
    expect(isReadToItsEnd({ partition: 2, stored: 70n }, [])).toBe(false);
  });
});
