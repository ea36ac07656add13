import type { Rule } from '../seen.ts';

/** Committed is never ahead of stored, stored never ahead of the log; at rest all are its end. */
export const offsetsReached: Rule = ({ log, input, snapshot }) => {
  const stored = new Map(
    snapshot.positions
      .filter(({ topic }) => topic === input.topics.messages)
      .map(({ partition, nextOffset }) => [partition, BigInt(nextOffset)]),
  );
  return log.partitions
    .filter(({ topic }) => topic === input.topics.messages)
    .flatMap(({ partition, startOffset, endOffset, committedOffset }) => {
      const next = stored.get(partition) ?? 0n;
      const committed = committedOffset ?? 0n;
      const fault = [
        committed > next ? 'committed ahead of what is stored' : '',
        next > endOffset ? 'stored ahead of the log' : '',
        endOffset > startOffset && next < endOffset ? 'not all of the log is stored' : '',
        endOffset > startOffset && committed < next ? 'not all that is stored is committed' : '',
      ].find((one) => one !== '');
      if (fault === undefined) return [];
      return [`partition ${partition}: ${fault}: committed ${committed}, stored ${next}, end ${endOffset}`];
    });
};
