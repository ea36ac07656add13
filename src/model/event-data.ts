import type { ClosedWindowView } from './window-view.ts';

/** The window's part of an event's data (contract 3.3). */
export function windowEventFields(window: ClosedWindowView): Readonly<Record<string, unknown>> {
  return {
    run_id: String(window.runId),
    window_id: window.windowId,
    revision: window.revision,
    channel_id: window.channelId,
    channel_type: window.channelType,
    started_at: new Date(window.startedAtMs).toISOString(),
    ended_at: new Date(window.endedAtMs).toISOString(),
    message_count: window.messageCount,
    close_reason: window.closeReason,
  };
}
