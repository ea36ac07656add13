import type { Config } from '../config/config.ts';
import { AfterwordError } from '../errors.ts';
import type { OutgoingRecord } from '../publish/record-sink.ts';

type Event = Record<string, unknown>;

/**
 * The demo's conversations as records. Their times are moved back as a whole where the
 * newest would lie ahead of this machine's clock, and users who were talking only just
 * now get a `session.end`, so that nobody has to wait for a gap to pass.
 */
export function toDemoRecords(text: string, config: Config, nowMs: number): OutgoingRecord[] {
  const events = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseEvent);
  const newestMs = Math.max(...events.map(sentAtMs));
  const shiftMs = newestMs > nowMs ? nowMs - newestMs : 0;
  const moved = shiftMs === 0 ? events : events.map((event) => moveBy(event, shiftMs));
  return [...moved, ...endings(moved, config, nowMs)].map((event) => ({
    topic: config.kafka.messagesTopic,
    key: `${String(event['bot_id'])}/${String(event['user_id'])}`,
    value: JSON.stringify(event),
    headers: [],
  }));
}

function parseEvent(line: string, index: number): Event {
  try {
    return JSON.parse(line) as Event;
  } catch {
    throw new AfterwordError('INPUT_INVALID', `line ${index + 1} is not JSON`, {
      hint: 'give a file of JSON lines, one message event each',
    });
  }
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
