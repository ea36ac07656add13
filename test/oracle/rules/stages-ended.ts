import { isObject } from '../decode/read-json.ts';
import { groupBy } from '../expect-windows.ts';
import type { Rule, Seen } from '../seen.ts';
import type { StageRow, WindowRow, WorkRow } from '../snapshot.ts';
import { liveWindows } from './windows-cut.ts';

export const builtInStages = ['facts', 'preferences', 'summary'];

/**
 * P3, P4: each closed window has, for its revision in force, exactly one result or reason for
 * each enabled stage; a failure is named as one, and nothing that was taken back still counts.
 */
export const stagesEnded: Rule = (seen) => {
  const rows = groupBy(
    seen.snapshot.stages.filter(({ isLive }) => isLive),
    ({ windowId }) => windowId,
  );
  const work = new Map(seen.snapshot.work.map((one) => [one.windowId, one]));
  const live = liveWindows(seen);
  return [
    ...live
      .filter(({ status }) => status === 'closed')
      .flatMap((window) => {
        const own = rows.get(window.windowId) ?? [];
        return [...breaches(seen, window, own), ...wrongWork(window, own, work.get(window.windowId))];
      }),
    ...seen.snapshot.stages.flatMap(falseResult),
    ...leftOver(seen, new Set(live.map(({ windowId }) => windowId))),
  ];
};

function breaches({ input }: Seen, window: WindowRow, rows: readonly StageRow[]): string[] {
  const { windowId, revision } = window;
  if (revision === 0) return [`window ${windowId}: closed, and no revision was ever stored`];
  return (input.stages ?? builtInStages).flatMap((stage) =>
    stageBreach(
      window,
      rows.filter((row) => row.stage === stage),
    ).map((fault) => `window ${windowId}, revision ${revision}, ${stage}: ${fault}`),
  );
}

const terminal = ['done', 'skipped', 'failed'];

/** A stage that failed leaves an earlier result standing, and only that one does. */
function stageBreach(window: WindowRow, rows: readonly StageRow[]): string[] {
  const inForce = rows.filter(({ revision }) => revision === window.revision);
  const earlier = rows.filter(({ revision }) => revision !== window.revision);
  const [row, ...others] = inForce;
  if (row === undefined) return [`nothing of this revision; live ones of ${list(earlier)}`];
  if (others.length > 0) return [`${inForce.length} live ones`];
  const mayStand = row.status === 'failed' ? 1 : 0;
  const standing = earlier.filter(({ status }) => status === 'done');
  const failedBefore = row.status === 'failed' ? earlier.filter(({ status }) => status === 'failed') : [];
  return [
    terminal.includes(row.status) ? '' : `${row.status} at rest`,
    standing.length <= mayStand && standing.length + failedBefore.length === earlier.length
      ? ''
      : `live ones also of ${list(earlier)}`,
    row.messageCount === window.messageCount
      ? ''
      : `made from ${row.messageCount} messages, the window has ${window.messageCount}`,
  ].filter((fault) => fault !== '');
}

function list(rows: readonly StageRow[]): string {
  return rows.length === 0
    ? 'none'
    : rows.map(({ revision, status }) => `${revision} (${status})`).join(', ');
}

function wrongWork({ windowId, revision }: WindowRow, rows: readonly StageRow[], work?: WorkRow): string[] {
  if (work === undefined) return [`window ${windowId}: closed, and there is no work for it`];
  if (work.revision !== revision)
    return [`window ${windowId}: revision ${revision}, its work ${work.revision}`];
  const statuses = rows.filter((row) => row.revision === revision).map(({ status }) => status);
  if (statuses.length === 0 || !terminal.includes(work.status)) return [];
  const skipped = statuses.every((status) => status === 'skipped') ? 'skipped' : 'done';
  const expected = statuses.includes('failed') ? 'failed' : skipped;
  return work.status === expected
    ? []
    : [`window ${windowId}: its work is ${work.status}, its stages ${expected}`];
}

/** Failure is never "nothing found": there is a result exactly where a stage is done, and it is a real one. */
function falseResult(row: StageRow): string[] {
  const { windowId, revision, stage, status, result, isRedacted } = row;
  const has = result !== null;
  const fault = [
    (status === 'done') === (has || isRedacted) ? '' : `${status}, ${has ? 'with' : 'without'} a result`,
    status === 'failed' && row.errorCode === null ? 'failed without a code' : '',
    status === 'skipped' && row.reason === null ? 'skipped without a reason' : '',
    has && !isResult(stage, result) ? 'its result is none of its stage' : '',
  ].find((one) => one !== '');
  return fault === undefined ? [] : [`window ${windowId}, revision ${revision}, ${stage}: ${fault}`];
}

function isResult(stage: string, result: unknown): boolean {
  if (!builtInStages.includes(stage)) return true;
  if (!isObject(result)) return false;
  if (stage === 'summary') return typeof result['summary_text'] === 'string' && result['summary_text'] !== '';
  return Array.isArray(result[stage]);
}

/** Of a window that others took over nothing counts any more. */
function leftOver({ snapshot }: Seen, live: ReadonlySet<string>): string[] {
  return [
    ...snapshot.stages
      .filter(({ isLive, windowId }) => isLive && !live.has(windowId))
      .map(({ windowId, stage }) => `window ${windowId} is not live, and its ${stage} still counts`),
    ...snapshot.observations
      .filter(({ isLive, windowId }) => isLive && windowId !== null && !live.has(windowId))
      .map(
        ({ windowId, observationId }) =>
          `window ${windowId ?? ''} is not live, observation ${observationId} is`,
      ),
  ];
}
