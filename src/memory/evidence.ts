import type { LearntIn, MemoryEvidence } from '../model/memory.ts';
import { compareText } from '../model/message.ts';
import type { Observation } from '../model/observation.ts';
import type { Evidence } from '../model/results.ts';

const maxEvidence = 20;
const maxWindowIds = 50;

type Sources = readonly Observation[];

/**
 * Newest first. The newest words of each window come before second words of any, so
 * that a bounded list still shows how widely a thing was said.
 */
export function boundedEvidence(newestFirst: Sources): MemoryEvidence[] {
  const seen = new Set<string>();
  const windows = new Set<string | null>();
  const first: MemoryEvidence[] = [];
  const further: MemoryEvidence[] = [];
  for (const source of newestFirst) {
    for (const evidence of evidenceOf(source)) {
      const words = JSON.stringify([evidence.message_id, evidence.quote]);
      if (seen.has(words)) continue;
      seen.add(words);
      (windows.has(source.windowId) ? further : first).push(asMemoryEvidence(source, evidence));
      windows.add(source.windowId);
    }
    if (first.length >= maxEvidence) break;
  }
  return inOrder([...first, ...further].slice(0, maxEvidence));
}

/** Distinct windows, newest first. */
export function distinctWindows(newestFirst: Sources): { windowIds: string[]; windowCount: number } {
  const ids = new Set<string>();
  for (const { windowId } of newestFirst) if (windowId !== null) ids.add(windowId);
  return { windowIds: [...ids].slice(0, maxWindowIds), windowCount: ids.size };
}

/** Distinct channels of what was said in a conversation; a person's entry belongs to none. */
export function distinctChannels(sources: Sources): LearntIn[] {
  const channels = new Map<string, LearntIn>();
  let last: LearntIn | null = null;
  for (const source of sources) {
    const { channelId, channelType } = source;
    // Mostly one channel after another: nothing to build for a repeat.
    const isRepeat = last?.channelId === channelId && last.channelType === channelType;
    if (source.windowId === null || isRepeat) continue;
    last = source;
    const key = `${channelType ?? ''}\n${channelId ?? ''}`;
    if (!channels.has(key)) channels.set(key, { channelId, channelType });
  }
  return [...channels].sort(([a], [b]) => compareText(a, b)).map(([, channel]) => channel);
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

function inOrder(evidence: MemoryEvidence[]): MemoryEvidence[] {
  // Stable: within one instant the order of the claims stands.
  return evidence.sort((a, b) => b.occurredAtMs - a.occurredAtMs);
}
