/** A line as its size and place in time decide where a window is split. */
export interface LineSize {
  readonly tokens: number;
  readonly sentAtMs: number;
}

/** Lines from one index up to, and without, another. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

export interface SplitLimits {
  /** Of all lines of a part together. */
  readonly maxTokens: number;
  /** So many lines of a part are the first of the next, so that an answer still has its question. */
  readonly overlapLines: number;
}

/**
 * Parts that hold all lines in their order, each within the limit. Where one ends, it is at
 * the longest silence in the second half of what would fit, as windows are cut at their caps; of
 * equal ones at the last. The overlap gives way where there is no room for it, and a line above
 * the limit stands in a part all the same.
 */
export function splitLines(lines: readonly LineSize[], limits: SplitLimits): LineRange[] {
  const parts: LineRange[] = [];
  let next: LineRange = { from: 0, to: 0 };
  while (next.to < lines.length) {
    // `to` of the part before: the first line that none has.
    const reach = reachOf(lines, next, limits.maxTokens);
    const to = reach === lines.length ? reach : endOf(lines, next, reach);
    parts.push({ from: next.from, to });
    next = { from: overlapStart(lines, { from: next.from, to }, limits), to };
  }
  return parts;
}

/** How far a part from here may go; at least over its first line that is new. */
function reachOf(lines: readonly LineSize[], { from, to: fresh }: LineRange, maxTokens: number): number {
  let tokens = tokensOf(lines, { from, to: fresh + 1 });
  let to = fresh + 1;
  for (; to < lines.length; to += 1) {
    tokens += lines[to]?.tokens ?? 0;
    if (tokens > maxTokens) return to;
  }
  return to;
}

function endOf(lines: readonly LineSize[], { from, to: fresh }: LineRange, reach: number): number {
  const half = tokensOf(lines, { from, to: reach }) / 2;
  let best = reach;
  let tokens = tokensOf(lines, { from, to: reach });
  for (let to = reach; to > fresh; to -= 1) {
    if (tokens < half) break;
    if (silenceBefore(lines, to) > silenceBefore(lines, best)) best = to;
    tokens -= lines[to - 1]?.tokens ?? 0;
  }
  return best;
}

function silenceBefore(lines: readonly LineSize[], index: number): number {
  return (lines[index]?.sentAtMs ?? 0) - (lines[index - 1]?.sentAtMs ?? 0);
}

/** At most a quarter of the next part is repeated, and nothing that keeps the next line out. */
function overlapStart(
  lines: readonly LineSize[],
  { from, to }: LineRange,
  { maxTokens, overlapLines }: SplitLimits,
): number {
  const nextTokens = lines[to]?.tokens ?? 0;
  const room = Math.min(maxTokens / 4, maxTokens - nextTokens);
  let start = to;
  const earliest = Math.max(from + 1, to - overlapLines);
  while (start > earliest && tokensOf(lines, { from: start - 1, to }) <= room) start -= 1;
  return start;
}

function tokensOf(lines: readonly LineSize[], { from, to }: LineRange): number {
  return lines.slice(from, to).reduce((sum, { tokens }) => sum + tokens, 0);
}
