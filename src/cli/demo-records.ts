import type { Config } from '../config/config.ts';
import type { OutgoingRecord } from '../publish/record-sink.ts';
import { parseJsonLine, userKey } from './json-lines.ts';

export type Event = Readonly<Record<string, unknown>>;

/** @throws AfterwordError INPUT_INVALID naming the first line that is not a JSON object */
export function parseConversations(text: string): readonly Event[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' ? [] : [parseJsonLine(line, index + 1, 'one message event each')],
    );
}

/**
 * The demo's conversations as records. Their times are moved back as a whole where the
 * newest would lie ahead of this machine's clock, and users who were talking only just
 * now get a `session.end`, so that nobody has to wait for a gap to pass.
 */
export function toDemoRecords(events: readonly Event[], config: Config, nowMs: number): OutgoingRecord[] {
  const newestMs = events.reduce((newest, event) => Math.max(newest, sentAtMs(event)), -Infinity);
  const shiftMs = newestMs > nowMs ? nowMs - newestMs : 0;
  const moved = shiftMs === 0 ? events : events.map((event) => moveBy(event, shiftMs));
  return [...moved, ...endings(moved, config, nowMs)].map((event) => ({
    topic: config.kafka.messagesTopic,
    key: userKey(event),
    value: JSON.stringify(event),
    headers: [],
  }));
}

function sentAtMs(event: Event): number {
  const { sent_at: sentAt } = event;
  const ms = typeof sentAt === 'string' || typeof sentAt === 'number' ? new Date(sentAt).getTime() : 0;
  return Number.isNaN(ms) ? 0 : ms;
}

function moveBy(event: Event, shiftMs: number): Event {
  return 'sent_at' in event
    ? { ...event, sent_at: new Date(sentAtMs(event) + shiftMs).toISOString() }
    : event;
}

function endings(events: readonly Event[], config: Config, nowMs: number): Event[] {
  const last = new Map<string, Event>();
  for (const event of events) {
    const key = JSON.stringify([event['bot_id'], event['user_id']]);
    const known = last.get(key);
    if (known === undefined || sentAtMs(event) >= sentAtMs(known)) last.set(key, event);
  }
  return [...last.values()]
    .filter((event) => sentAtMs(event) === 0 || nowMs - sentAtMs(event) <= config.session.gapMs)
    .map((event) => ({
      type: 'session.end',
      bot_id: event['bot_id'],
      user_id: event['user_id'],
      sent_at: new Date(nowMs).toISOString(),
    }));
}
