import { canonicalJson } from '../canonical-json.ts';
import { isObject } from '../decode/read-json.ts';
import { groupBy } from '../expect-windows.ts';
import { isCut, personOf, type ResultEvent } from '../result-events.ts';
import type { Rule, Seen } from '../seen.ts';
import type { StageRow, WindowRow } from '../snapshot.ts';
import { liveWindows } from './windows-cut.ts';

/** Sequences rise for each person once those seen before are dropped, and a resend repeats the event. */
export const sequencesRise: Rule = ({ results }) => results.problems;

/**
 * What each window has to tell was told: that it closed, each result of its revision in force,
 * and how all stages ended; of a superseded one that was announced, that it is no more.
 */
export const resultEventsSent: Rule = (seen) => {
  const events = groupBy(seen.results.events, ({ data }) => String(data['window_id']));
  const stages = groupBy(
    seen.snapshot.stages.filter(({ isLive }) => isLive),
    ({ windowId }) => windowId,
  );
  return [
    ...liveWindows(seen)
      .filter(({ status }) => status === 'closed')
      .flatMap((window) => {
        const own = events.get(window.windowId) ?? [];
        const inForce = (stages.get(window.windowId) ?? []).filter(
          ({ revision }) => revision === window.revision,
        );
        return [...closedMissing(window, own), ...resultsMissing(seen, window, own, inForce)].map(
          (fault) => `window ${window.windowId}, revision ${window.revision}: ${fault}`,
        );
      }),
    ...seen.snapshot.windows
      .filter(({ status }) => status === 'superseded')
      .flatMap(({ windowId }) => unannounced(windowId, events.get(windowId) ?? [])),
  ];
};

const closedType = 'afterword.window.closed.v1';
const completedType = 'afterword.stage.completed.v1';
const enrichedType = 'afterword.window.enriched.v1';
const supersededType = 'afterword.window.superseded.v1';

/** It names the revision that was to come next. */
function closedMissing({ revision }: WindowRow, events: readonly ResultEvent[]): string[] {
  const isTold = events.some(
    ({ type, data }) => type === closedType && Number(data['revision']) <= revision + 1,
  );
  return isTold ? [] : ['nothing says that it closed'];
}

function resultsMissing(
  seen: Seen,
  window: WindowRow,
  events: readonly ResultEvent[],
  rows: readonly StageRow[],
): string[] {
  const own = events.filter(({ data }) => data['revision'] === window.revision);
  const enriched = own.filter(({ type }) => type === enrichedType).at(-1);
  const completed = rows
    .filter(({ status }) => status === 'done')
    .map((row) => ({
      row,
      event: own.filter(({ type, data }) => type === completedType && data['stage'] === row.stage).at(-1),
    }));
  return [
    ...completed.flatMap(({ row, event }) => {
      if (event === undefined) return [`nothing says what ${row.stage} found`];
      return isResultOf(event, event.data['result'], row)
        ? []
        : [`${event.place} tells another ${row.stage}`];
    }),
    ...(enriched === undefined ? ['nothing says how its stages ended'] : wrongEnds(enriched, rows)),
    ...[enriched, ...completed.map(({ event }) => event)].flatMap((event) =>
      event === undefined ? [] : wrongWindow(seen, event),
    ),
  ];
}

function isResultOf(event: ResultEvent, result: unknown, row: StageRow): boolean {
  return isCut(event) || canonicalJson(result) === canonicalJson(row.result);
}

function wrongEnds(event: ResultEvent, rows: readonly StageRow[]): string[] {
  const stages = isObject(event.data['stages']) ? event.data['stages'] : {};
  const wrong = rows.filter((row) => {
    const told = stages[row.stage];
    if (!isObject(told) || told['status'] !== row.status) return true;
    return row.status === 'done' && !isResultOf(event, told['result'], row);
  });
  return wrong.map(({ stage }) => `${event.place} tells ${stage} otherwise`);
}

/** Against the rules, not against the row: each of the two is judged by itself. */
function wrongWindow({ windows }: Seen, { place, botId, userId, data }: ResultEvent): string[] {
  const startedAtMs = Date.parse(String(data['started_at']));
  const window = windows.get(personOf(botId, userId))?.find((one) => one.startedAtMs === startedAtMs);
  if (window === undefined) return [];
  const isRight =
    Date.parse(String(data['ended_at'])) === window.endedAtMs &&
    data['message_count'] === window.identities.length;
  return isRight ? [] : [`${place} tells other bounds or another number of messages`];
}

function unannounced(windowId: string, events: readonly ResultEvent[]): string[] {
  const lastOf = (type: string): number =>
    Math.max(0, ...events.filter((event) => event.type === type).map(({ sequence }) => sequence));
  const closed = lastOf(closedType);
  if (closed === 0 || lastOf(supersededType) > closed) return [];
  return [`window ${windowId}: announced, superseded, and nothing says so`];
}
