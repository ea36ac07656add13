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
  const said: MemoryEvidence[] = [];
  for (const evidence of evidenceOf(source)) {
    const next = asMemoryEvidence(source, evidence);
    if (!isAmong(said, next)) said.push(next);
  }
  const kept = [...said, ...newestFirst.filter((older) => !isAmong(said, older))];
  while (kept.length > maxEvidence) kept.splice(leastMissed(kept), 1);
  return kept;
}

/** For readers: newest first; within one instant second words of a window come after first ones of any. */
export function inOrder(newestFirst: readonly MemoryEvidence[]): MemoryEvidence[] {
  const isSecond = secondWords(newestFirst);
  const first = newestFirst.filter((_, place) => isSecond[place] === false);
  const further = newestFirst.filter((_, place) => isSecond[place] === true);
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

function isAmong(evidence: readonly MemoryEvidence[], { messageId, quote }: MemoryEvidence): boolean {
  return evidence.some((one) => one.messageId === messageId && one.quote === quote);
}

function leastMissed(newestFirst: readonly MemoryEvidence[]): number {
  const second = secondWords(newestFirst).lastIndexOf(true);
  return second === -1 ? newestFirst.length - 1 : second;
}

/** Of each, whether newer words of the same window stand before it. */
function secondWords(newestFirst: readonly MemoryEvidence[]): boolean[] {
  const windows = new Set<string | null>();
  return newestFirst.map(({ windowId }) => {
    const isSecond = windows.has(windowId);
    windows.add(windowId);
    return isSecond;
  });
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
