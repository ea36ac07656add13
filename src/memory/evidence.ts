import type { LearntIn, MemoryEvidence } from '../model/memory.ts';
import { compareText } from '../model/message.ts';
import type { Observation } from '../model/observation.ts';
import type { Evidence } from '../model/results.ts';

const maxEvidence = 20;

/**
 * The evidence of one more claim before that of the older ones, newest first and bounded.
 * Words said again count where they were said last. Too many: the oldest second words of
 * a window go first, so that a bounded list still shows how widely a thing was said; once
 * every window has one piece only, the oldest window's.
 */
export function withEvidence(newestFirst: readonly MemoryEvidence[], source: Observation): MemoryEvidence[] {
  const kept: MemoryEvidence[] = [];
  const said = evidenceOf(source).map((evidence) => asMemoryEvidence(source, evidence));
  for (const next of [...said, ...newestFirst]) {
    if (!kept.some((one) => one.messageId === next.messageId && one.quote === next.quote)) kept.push(next);
  }
  while (kept.length > maxEvidence) kept.splice(leastMissed(kept), 1);
  return kept;
}

/** For readers: newest first; within one instant second words of a window come after first ones of any. */
export function inOrder(newestFirst: readonly MemoryEvidence[]): MemoryEvidence[] {
  const isFurther = newestFirst.map((_, place) => isSecond(newestFirst, place));
  const first = newestFirst.filter((_, place) => isFurther[place] === false);
  const further = newestFirst.filter((_, place) => isFurther[place] === true);
  // Stable: within one instant the order of the claims stands.
  return [...first, ...further].sort((a, b) => b.occurredAtMs - a.occurredAtMs);
}

/** A person's entry belongs to no channel. */
export function addChannel(channels: Map<string, LearntIn>, source: Observation): void {
  const { windowId, channelId, channelType } = source;
  if (windowId === null) return;
  channels.set(channelKey(source), { channelId, channelType });
}

export function channelKey({ channelId, channelType }: LearntIn): string {
  return `${channelType ?? ''}\n${channelId ?? ''}`;
}

/** The same order whatever they were heard in. */
export function sortedChannels(channels: ReadonlyMap<string, LearntIn>): LearntIn[] {
  return [...channels].sort(([a], [b]) => compareText(a, b)).map(([, channel]) => channel);
}

function leastMissed(newestFirst: readonly MemoryEvidence[]): number {
  const second = newestFirst.findLastIndex((_, place) => isSecond(newestFirst, place));
  return second === -1 ? newestFirst.length - 1 : second;
}

/** Whether newer words of the same window stand before these. */
function isSecond(newestFirst: readonly MemoryEvidence[], place: number): boolean {
  return newestFirst.findIndex((one) => one.windowId === newestFirst[place]?.windowId) < place;
}

function evidenceOf(source: Observation): readonly Evidence[] {
  return 'fact' in source ? source.fact.evidence : source.preference.evidence;
}

function asMemoryEvidence(source: Observation, evidence: Evidence): MemoryEvidence {
  return {
    messageId: evidence.message_id,
    quote: evidence.quote,
    ...(evidence.channel_id !== undefined && { channelId: evidence.channel_id }),
    windowId: source.windowId,
    occurredAtMs: source.occurredAtMs,
  };
}
