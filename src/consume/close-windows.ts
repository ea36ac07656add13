import type { TopicPartition } from '../model/record.ts';
import type { ClosedWindowView } from '../model/window-view.ts';
import { effectiveTimeMs, judgeWindow, type EventClock } from '../sessions/close-rules.ts';
import { SettingsTimeline } from '../sessions/settings-timeline.ts';
import type { ClosingStore, OpenWindow, PartitionTime, RefusedClosing, Verdict } from './closing-store.ts';
import type { RunSettings } from './message-store.ts';
import type { LogPartition } from './record-source.ts';
import { isReadToItsEnd } from './unread-partition.ts';

export interface CloserOptions {
  readonly owner: string;
  readonly graceMs: number;
  readonly leaseMs: number;
  /** Most windows that one pass judges for a partition, and closes. */
  readonly batchSize: number;
}

export interface ClosingPass {
  readonly closed: readonly ClosedWindowView[];
  readonly refused: readonly RefusedClosing[];
  /** There may be more at once. */
  readonly full: boolean;
  /** Milliseconds until the clock, or a grace that ends, may close another; null: no window waits for either. */
  readonly nextDueInMs: number | null;
}

/**
 * One pass of the closer over the partitions that this process reads: windows that
 * event time has left behind become due, windows that are due and quiet are closed.
 */
export async function closeWindows(
  store: ClosingStore,
  assigned: readonly TopicPartition[],
  options: CloserOptions,
): Promise<ClosingPass> {
  const held = await store.holdLeases(assigned, options.owner, options.leaseMs);
  if (held.length === 0) return nothing;
  const { nowMs, partitions } = await store.times(held);
  const runs = await store.runs();
  const clocks = new Map(partitions.map((time) => [time.partition, clockOf(time, nowMs)]));
  const { full } = await judgeOverdue(store, clocks, runs, options);
  const pass = await closeDue(store, nowMs, full, options);
  return { ...pass, nextDueInMs: earlier(pass.nextDueInMs, await nextLookInMs(store, partitions, nowMs)) };
}

/** Only where the clock judges: elsewhere records move event time on, and each batch wakes the closer. */
async function nextLookInMs(
  store: ClosingStore,
  partitions: readonly PartitionTime[],
  nowMs: number,
): Promise<number | null> {
  const byClock = partitions.filter((partition) => partition.caughtUp);
  if (byClock.length === 0) return null;
  const nextMs = await store.nextLookAtMs(byClock.map(({ partition }) => partition));
  // Strictly beyond: exactly at that time a message would still belong.
  return nextMs === null ? null : Math.max(0, nextMs + 1 - nowMs);
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

const nothing: ClosingPass = { closed: [], refused: [], full: false, nextDueInMs: null };
/** A partition counts as unread when no closer has held it for so long: many leases, and any rebalance. */
const unreadAfterMs = 120_000;

/**
 * One pass over partitions that nobody reads: where nothing waits in the log either, the
 * clock judges their windows, which would be open for ever otherwise. One process at a time
 * does this, whatever it reads itself.
 *
 * @param log every partition that the topic has now, as the source tells
 */
export async function closeUnread(
  store: ClosingStore,
  topic: string,
  log: readonly LogPartition[],
  options: CloserOptions,
): Promise<ClosingPass> {
  if (log.length === 0 || !(await store.holdUnreadLease(options.owner, options.leaseMs))) return nothing;
  const { nowMs, partitions } = await store.unread(topic, unreadAfterMs);
  const ended = partitions.filter((unread) => isReadToItsEnd(unread, log));
  if (ended.length === 0) return nothing;
  const runs = await store.runs();
  const clock: EventClock = { streamTimeMs: Number.NEGATIVE_INFINITY, wallMs: nowMs };
  const clocks = new Map(ended.map(({ partition }) => [partition, clock]));
  const { full } = await judgeOverdue(store, clocks, runs, options);
  return closeDue(store, nowMs, full, options);
}

/** Judges what may be over in each partition by its clock. */
async function judgeOverdue(
  store: ClosingStore,
  clocks: ReadonlyMap<number, EventClock>,
  runs: readonly RunSettings[],
  { batchSize, graceMs }: CloserOptions,
): Promise<{ readonly full: boolean }> {
  const asked = [...clocks].flatMap(([partition, clock]) => {
    const effectiveMs = effectiveTimeMs(clock);
    return Number.isFinite(effectiveMs) ? [{ partition, effectiveMs }] : [];
  });
  if (asked.length === 0) return { full: false };
  const overdue = await store.overdue(asked, batchSize);
  const verdicts = overdue.flatMap((window) => {
    const clock = clocks.get(window.partition);
    return clock === undefined ? [] : [judge(window, clock, runs, graceMs)];
  });
  if (verdicts.length > 0) await store.applyVerdicts(verdicts);
  return { full: asked.some(({ partition }) => countOf(overdue, partition) === batchSize) };
}

function countOf(windows: readonly OpenWindow[], partition: number): number {
  return windows.reduce((count, window) => (window.partition === partition ? count + 1 : count), 0);
}

async function closeDue(
  store: ClosingStore,
  nowMs: number,
  full: boolean,
  { batchSize, owner }: CloserOptions,
): Promise<ClosingPass> {
  const { windows, refused, nextCheckAtMs } = await store.closeDue(nowMs, batchSize, owner);
  return {
    closed: windows,
    refused,
    full: full || windows.length + refused.length === batchSize,
    nextDueInMs: nextCheckAtMs === null ? null : Math.max(0, nextCheckAtMs - nowMs),
  };
}

function clockOf(partition: PartitionTime, nowMs: number): EventClock {
  return { streamTimeMs: partition.streamTimeMs, wallMs: partition.caughtUp ? nowMs : undefined };
}

function judge(
  window: OpenWindow,
  clock: EventClock,
  runs: readonly RunSettings[],
  graceMs: number,
): Verdict {
  const joinableUntilMs = timelineOf(window, runs).joinableUntilMs(window.endedAtMs);
  const { windowId, endedAtMs, touchedAtMs } = window;
  return { windowId, endedAtMs, ...judgeWindow({ joinableUntilMs, touchedAtMs, graceMs }, clock) };
}

function timelineOf(window: OpenWindow, runs: readonly RunSettings[]): SettingsTimeline {
  const run = runs.find((candidate) => candidate.runId === window.runId);
  if (run === undefined) throw new Error(`run ${window.runId} has no settings`);
  const dated = Object.hasOwn(run.datedByBot, window.botId) ? run.datedByBot[window.botId] : undefined;
  return new SettingsTimeline(dated ?? run.dated);
}
