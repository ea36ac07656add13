import { createHash } from 'node:crypto';
import type { MemoryStatus, Remembered } from '../model/memory.ts';
import type { Observation } from '../model/observation.ts';
import { InvariantError } from '../errors.ts';
import { confidenceOf } from './confidence.ts';
import { boundedEvidence, distinctChannels, distinctWindows } from './evidence.ts';
import type { Period } from './period.ts';
import { ranks, type Claim } from './claim.ts';

/** Everything that a fact and a preference tell alike of the period behind them. */
export function remember<Source extends Observation>(
  period: Period<Source>,
  groupKey: string,
  ids: ReadonlyMap<Period<Source>, string>,
): Remembered {
  const newestFirst = period.claims.map(({ source }) => source).reverse();
  const [newest] = newestFirst;
  const oldest = newestFirst.at(-1);
  if (newest === undefined || oldest === undefined) {
    throw new InvariantError('fold-3d0c', 'a period has no claims');
  }
  const { windowIds, windowCount } = distinctWindows(newestFirst);
  const successor = period.status === 'superseded' ? period.successor : null;
  return {
    botId: newest.botId,
    userId: newest.userId,
    groupKey,
    status: believedStatus(period),
    confidence: confidenceOf(period.claims, windowCount),
    validFromMs: period.fromMs,
    validToMs: period.toMs,
    supersededBy: successor === null ? null : (ids.get(successor) ?? null),
    firstSeenMs: oldest.occurredAtMs,
    lastSeenMs: newest.occurredAtMs,
    evidence: boundedEvidence(newestFirst),
    windowIds,
    windowCount,
    channels: distinctChannels(newestFirst),
    method: bestMethod(period.claims),
  };
}

/**
 * An id is a hash of the person, the group, the value and how manieth time that value
 * came to hold. Dates are left out on purpose: an earlier observation that is found
 * late, or taken away with its window, moves the beginning and keeps the id. Only a
 * whole earlier stretch of the same value that appears or vanishes shifts the count.
 */
export function periodIds<Source extends Observation>(
  periods: readonly Period<Source>[],
  groupKey: string,
): Map<Period<Source>, string> {
  const counts = new Map<string, number>();
  const ids = new Map<Period<Source>, string>();
  for (const period of periods) {
    const count = counts.get(period.value) ?? 0;
    counts.set(period.value, count + 1);
    const source = period.claims[0]?.source;
    ids.set(
      period,
      hashedId([source?.botId ?? '', source?.userId ?? '', groupKey, period.value, String(count)]),
    );
  }
  return ids;
}

/** Where a person entered it, only their words say how it is called. */
export function leadingClaims<Source extends Observation>(
  claims: readonly Claim<Source>[],
): readonly Claim<Source>[] {
  const byHand = claims.filter((claim) => claim.rank === ranks.manual);
  return byHand.length > 0 ? byHand : claims;
}

function believedStatus(period: Period): MemoryStatus {
  if (period.status === 'outweighed')
    throw new InvariantError('fold-81ab', 'an outweighed claim is no memory');
  return period.status;
}

function bestMethod(claims: readonly Claim[]): Remembered['method'] {
  if (claims.some((claim) => claim.rank === ranks.manual)) return 'manual';
  return claims.some(({ source }) => source.method === 'model') ? 'model' : 'offline';
}

/** 128 bits, written as a UUID. */
function hashedId(parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
