import type { Rule, Seen } from '../seen.ts';
import { liveWindows } from './windows-cut.ts';

const ended = ['done', 'skipped', 'failed'];
/** The closer comes by more often than that. */
const latenessMs = 60_000;

/** Work goes on after the faults end: nothing is due, pending, or waits to be sent. */
export const atRest: Rule = (seen) => {
  const { snapshot } = seen;
  return [
    ...liveWindows(seen).flatMap((window) => {
      if (window.status !== 'open') return [];
      if (window.dueReason !== null)
        return [`window ${window.windowId}: due (${window.dueReason}), not closed`];
      return isOver(seen, window.endedAtMs)
        ? [`window ${window.windowId}: over by the clock, still open`]
        : [];
    }),
    ...snapshot.work
      .filter(({ status, changed }) => changed || !ended.includes(status))
      .map(
        ({ windowId, status, errorCode }) =>
          `window ${windowId}: its work is ${status} (${errorCode ?? '-'})`,
      ),
    ...snapshot.outbox
      .filter(({ destination, isSent }) => !isSent && destination !== 'vectors')
      .map(
        ({ outboxId, destination, eventType }) => `outbox ${outboxId}: ${eventType ?? destination} not sent`,
      ),
  ];
};

function isOver({ snapshot, input }: Seen, endedAtMs: number): boolean {
  return endedAtMs + input.settings.gapMs + latenessMs < snapshot.nowMs;
}
