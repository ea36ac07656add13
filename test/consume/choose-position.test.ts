import { describe, expect, it } from 'vitest';

import { choosePosition } from '../../src/consume/choose-position.ts';

/** A log that holds 100 to 200. */
const log = { topic: 'bot.messages', partition: 0, logStart: 100n, logEnd: 200n };

describe('where reading starts', () => {
  it.each<[string, bigint | undefined, bigint | null, bigint | undefined, string]>([
    ['takes the log’s word where neither knows anything', undefined, null, undefined, 'as-committed'],
    ['refills from the log’s start when ours is gone', 150n, null, 100n, 'refill'],
    ['refills from the log’s start when ours is gone at the log’s end', 200n, null, 100n, 'refill'],
    ['refills from the log’s start whatever else the group was used for', 300n, null, 100n, 'refill'],
    [
      'has nothing to refill where the log begins with the committed offset',
      100n,
      null,
      undefined,
      'as-committed',
    ],
    ['has nothing to refill where the log begins after it', 20n, null, undefined, 'as-committed'],
    ['goes on where both agree', 150n, 150n, 150n, 'as-committed'],
    [
      'reads all again when the group’s offset is gone: it may be another log',
      undefined,
      150n,
      100n,
      'unproven',
    ],
    ['reads all again also when ours is the log’s end', undefined, 200n, 100n, 'unproven'],
    ['follows a rewind', 120n, 150n, 120n, 'as-committed'],
    ['follows a rewind to the start', 100n, 200n, 100n, 'as-committed'],
    ['refills from ours when the committed offset is ahead', 180n, 150n, 150n, 'refill'],
    ['starts at the log’s start when retention took what we had not read', 180n, 50n, 100n, 'gap'],
    ['notes the gap also when the committed offset is lost', undefined, 50n, 100n, 'gap'],
    ['notes the gap also after a rewind below the log’s start', 20n, 50n, 100n, 'gap'],
    ['starts at the log’s start when the topic was made anew', 150n, 300n, 100n, 'recreated'],
    ['knows a topic made anew also without a committed offset', undefined, 201n, 100n, 'recreated'],
    ['stands at the end of a log that is read to its end', 200n, 200n, 200n, 'as-committed'],
    ['does not take the log’s start for a gap', 100n, 100n, 100n, 'as-committed'],
  ])('%s', (_name, committed, stored, from, finding) => {
    expect(choosePosition({ ...log, committed }, stored)).toMatchObject({ from, finding });
  });

  it('says what is refilled', () => {
    expect(choosePosition({ ...log, committed: 180n }, 150n)).toMatchObject({
      committed: 180n,
      stored: 150n,
    });
    expect(choosePosition({ ...log, committed: 180n }, null)).toMatchObject({
      committed: 180n,
      stored: null,
    });
  });

  it('says which offsets are gone', () => {
    expect(choosePosition({ ...log, committed: 99n }, 50n)).toMatchObject({ gapFrom: 50n, gapTo: 100n });
    expect(choosePosition({ ...log, committed: 20n }, 50n)).toMatchObject({ gapFrom: 50n, gapTo: 100n });
  });
});
