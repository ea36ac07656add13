import type { Config } from '../config/config.ts';
import { parseSentAt } from '../consume/sent-at.ts';
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
  const newestMs = events.reduce((newest, event) => Math.max(newest, sentAtMs(event) ?? newest), -Infinity);
  const shiftMs = newestMs > nowMs ? nowMs - newestMs : 0;
  const moved = shiftMs === 0 ? events : events.map((event) => moveBy(event, shiftMs));
  return [...moved, ...endings(moved, config, nowMs)].map((event) => ({
    topic: config.kafka.messagesTopic,
    key: userKey(event),
    value: JSON.stringify(event),
    headers: [],
  }));
}

/** As the consumer will read it; undefined where there is none, or none that can be told. */
function sentAtMs({ sent_at: sentAt }: Event): number | undefined {
  if (typeof sentAt !== 'string' && typeof sentAt !== 'number') return undefined;
  const parsed = parseSentAt(sentAt);
  return parsed.ok ? parsed.atMs : undefined;
}

/** What cannot be read stays as it is, for the consumer to refuse. */
function moveBy(event: Event, shiftMs: number): Event {
  const atMs = sentAtMs(event);
  return atMs === undefined ? event : { ...event, sent_at: new Date(atMs + shiftMs).toISOString() };
}

function endings(events: readonly Event[], config: Config, nowMs: number): Event[] {
  const last = new Map<string, { readonly event: Event; readonly atMs: number }>();
  for (const event of events) {
    const key = JSON.stringify([event['bot_id'], event['user_id']]);
    // Without a time of its own it gets that of its record, which is written now.
    const atMs = (event['sent_at'] ?? null) === null ? nowMs : sentAtMs(event);
    if (atMs !== undefined && atMs >= (last.get(key)?.atMs ?? -Infinity)) last.set(key, { event, atMs });
  }
  return [...last.values()]
    .filter(({ atMs }) => nowMs - atMs <= config.session.gapMs)
    .map(({ event }) => ({
      type: 'session.end',
      bot_id: event['bot_id'],
      user_id: event['user_id'],
      sent_at: new Date(nowMs).toISOString(),
    }));
}
