import { createHash } from 'node:crypto';
import type { MemoryStatus, Remembered } from '../model/memory.ts';
import { InvariantError } from '../errors.ts';
import { confidenceOf } from './confidence.ts';
import { inOrder, sortedChannels } from './evidence.ts';
import type { Group } from './group-observations.ts';
import { settledSpan, type Period } from './period.ts';

/** Everything that a fact and a preference tell alike of the period behind them. */
export function remember<Words>(
  period: Period<Words>,
  group: Group,
  ids: ReadonlyMap<Period<Words>, string>,
): Remembered {
  const { support, byHand } = period;
  const { fromMs, toMs } = settledSpan(period);
  const successor = period.status === 'superseded' ? period.successor : null;
  return {
    ...group,
    status: believedStatus(period),
    confidence: confidenceOf({ ...support, byHand }),
    validFromMs: fromMs,
    validToMs: toMs,
    supersededBy: successor === null ? null : (ids.get(successor) ?? null),
    firstSeenMs: support.firstSeenMs,
    lastSeenMs: support.lastSeenMs,
    evidence: inOrder(support.evidence),
    windowIds: support.windowIds,
    windowCount: support.windowCount,
    channels: sortedChannels(support.channels),
    method: bestMethod(period),
  };
}

/**
 * An id is a hash of the person, the group, the value and how manieth time that value
 * came to hold. Dates are left out on purpose: an earlier observation that is found
 * late, or taken away with its window, moves the beginning and keeps the id. Only a
 * whole earlier stretch of the same value that appears or vanishes shifts the count.
 */
export function periodIds<Words>(
  periods: readonly Period<Words>[],
  { botId, userId, groupKey }: Group,
): Map<Period<Words>, string> {
  const counts = new Map<string, number>();
  const ids = new Map<Period<Words>, string>();
  for (const period of periods) {
    const count = counts.get(period.value) ?? 0;
    counts.set(period.value, count + 1);
    ids.set(period, hashedId([botId, userId, groupKey, period.value, String(count)]));
  }
  return ids;
}

function believedStatus(period: Period): MemoryStatus {
  if (period.status === 'outweighed')
    throw new InvariantError('fold-81ab', 'an outweighed claim is no memory');
  return period.status;
}

function bestMethod({ byHand, support: { heardByModel } }: Period): Remembered['method'] {
  if (byHand) return 'manual';
  return heardByModel ? 'model' : 'offline';
}

/** 128 bits, written as a UUID. */
function hashedId(parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
