import type { NaiveWindow } from '../../support/naive-windows.ts';
import { groupBy } from '../expect-windows.ts';
import { personOf } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import type { WindowRow } from '../snapshot.ts';

/**
 * P7: the live windows of each person are those that the rules give for the messages and end
 * markers; they do not overlap, closed ones say why, and only the active run has any.
 */
export const windowsCut: Rule = (seen) => {
  const live = groupBy(liveWindows(seen), ({ botId, userId }) => personOf(botId, userId));
  return [...new Set([...seen.windows.keys(), ...live.keys()])]
    .flatMap((person) => {
      const rows = (live.get(person) ?? []).toSorted((a, b) => a.startedAtMs - b.startedAtMs);
      return [
        ...differences(seen.windows.get(person) ?? [], rows),
        ...overlaps(rows),
        ...rows
          .filter((row) => runOf(seen, person) !== row.runId)
          .map((row) => `${named(row)}: of run ${row.runId}`),
        ...rows
          .filter(({ status, closeReason }) => status === 'closed' && closeReason === null)
          .map((row) => `${named(row)}: closed without a reason`),
      ].map((detail) => `${person}: ${detail}`);
    })
    .concat(wrongRuns(seen), wrongSpans(seen));
};

export function liveWindows({ snapshot }: Pick<Seen, 'snapshot'>): WindowRow[] {
  return snapshot.windows.filter(({ status }) => status === 'open' || status === 'closed');
}

function runOf({ snapshot }: Seen, person: string): number | undefined {
  return snapshot.keys.find(({ botId, userId }) => personOf(botId, userId) === person)?.runId;
}

function named({ windowId, startedAtMs }: WindowRow): string {
  return `window ${windowId} from ${startedAtMs}`;
}

function differences(expected: readonly NaiveWindow[], rows: readonly WindowRow[]): string[] {
  const byStart = groupBy(rows, ({ startedAtMs }) => String(startedAtMs));
  const starts = new Set(expected.map(({ startedAtMs }) => startedAtMs));
  return [
    ...expected.flatMap((window) => difference(window, byStart.get(String(window.startedAtMs)) ?? [])),
    ...rows
      .filter(({ startedAtMs }) => !starts.has(startedAtMs))
      .map((row) => `${named(row)}: no window begins there`),
  ];
}

function difference(
  { startedAtMs, endedAtMs, identities }: NaiveWindow,
  rows: readonly WindowRow[],
): string[] {
  const [row, ...others] = rows;
  const size = identities.length;
  if (row === undefined) return [`no window from ${startedAtMs} to ${endedAtMs} with ${size} messages`];
  if (others.length > 0) return [`${rows.length} live windows from ${startedAtMs}`];
  if (row.endedAtMs !== endedAtMs) return [`${named(row)}: ends at ${row.endedAtMs}, not at ${endedAtMs}`];
  if (row.messageCount !== size) return [`${named(row)}: ${row.messageCount} messages, not ${size}`];
  return [];
}

function overlaps(rows: readonly WindowRow[]): string[] {
  return rows.slice(1).flatMap((row, index) => {
    const before = rows[index];
    if (before === undefined || before.endedAtMs < row.startedAtMs) return [];
    return [`${named(row)}: overlaps ${before.windowId}`];
  });
}

function wrongRuns({ snapshot }: Seen): string[] {
  const active = snapshot.runs.filter(({ status }) => status === 'live');
  return active.length === 1 ? [] : [`${active.length} runs are live`];
}

/** Exactly the closed windows have a span, which is theirs. */
function wrongSpans(seen: Seen): string[] {
  const spans = new Map(seen.snapshot.spans.map((span) => [span.windowId, span]));
  const closed = liveWindows(seen).filter(({ status }) => status === 'closed');
  const ids = new Set(closed.map(({ windowId }) => windowId));
  return [
    ...closed
      .filter(({ windowId, startedAtMs, endedAtMs }) => {
        const span = spans.get(windowId);
        return span?.fromMs !== startedAtMs || span.toMs !== endedAtMs;
      })
      .map((row) => `${named(row)}: closed, and its span is another or missing`),
    ...[...spans.keys()]
      .filter((id) => !ids.has(id))
      .map((id) => `window ${id}: a span, but it is not closed`),
  ];
}
