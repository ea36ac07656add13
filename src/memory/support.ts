import type { LearntIn, MemoryEvidence } from '../model/memory.ts';
import { worthOf } from './confidence.ts';
import type { Claim } from './claim.ts';
import { addChannel, withEvidence } from './evidence.ts';

/** So many of the newest windows of a period are known by id; of the others there is a count. */
const rememberedWindows = 50;

/**
 * What the claims of a period amount to, one after the other in their order: as much as
 * memory tells of them, and no list of them that grows with each window.
 */
export interface Support {
  firstSeenMs: number;
  lastSeenMs: number;
  /** Newest first, bounded. */
  evidence: readonly MemoryEvidence[];
  /** Newest first, bounded. */
  readonly windowIds: string[];
  windowCount: number;
  /** By `channelKey`: as many as there are, since readers keep private ones apart. */
  readonly channels: Map<string, LearntIn>;
  /** Of the best claim, 0–1. */
  bestWorth: number;
  heardByModel: boolean;
}

export function newSupport(claim: Claim): Support {
  const support: Support = {
    firstSeenMs: claim.saidAtMs,
    lastSeenMs: claim.saidAtMs,
    evidence: [],
    windowIds: [],
    windowCount: 0,
    channels: new Map(),
    bestWorth: 0,
    heardByModel: false,
  };
  addSupport(support, claim);
  return support;
}

/** A window counts once, unless so many others as are remembered by id spoke of the period in between. */
export function addSupport(support: Support, claim: Claim): void {
  const { source } = claim;
  support.lastSeenMs = claim.saidAtMs;
  support.evidence = withEvidence(support.evidence, source);
  if (source.windowId !== null) countWindow(support, source.windowId);
  addChannel(support.channels, source);
  support.bestWorth = Math.max(support.bestWorth, worthOf(claim));
  support.heardByModel ||= source.method === 'model';
}

function countWindow(support: Support, windowId: string): void {
  const place = support.windowIds.indexOf(windowId);
  if (place === -1) support.windowCount += 1;
  putFirst(support.windowIds, place, windowId);
}

/** Keeps a bounded list newest first; `place` is where the window stood, -1: nowhere. */
export function putFirst<Window>(windows: Window[], place: number, window: Window): void {
  if (place === 0) return;
  if (place !== -1) windows.splice(place, 1);
  windows.unshift(window);
  if (windows.length > rememberedWindows) windows.pop();
}
