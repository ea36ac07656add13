import { decode } from './decode/decode.ts';
import type { DecodedChange, DecodedEnd, DecodedMessage, Who } from './decode/decoded.ts';
import type { LoggedRecord } from './logged-record.ts';

export interface Told<Event> {
  readonly record: LoggedRecord;
  readonly event: Event;
}

/** All records that are one thing, in the order of the log: the first, and what repeats it. */
export type Tellings<Event> = readonly [Told<Event>, ...Told<Event>[]];

/** What the records of the messages topic say together, by what each is about. */
export interface Meaning {
  /** By name of the message. */
  readonly messages: ReadonlyMap<string, Tellings<DecodedMessage>>;
  /** By name of the message meant; distinct changes of it. */
  readonly changes: ReadonlyMap<string, readonly Tellings<DecodedChange>[]>;
  readonly ends: readonly Tellings<DecodedEnd>[];
  readonly ignored: readonly { readonly record: LoggedRecord; readonly type: string }[];
  readonly refused: readonly { readonly record: LoggedRecord; readonly reason: string }[];
}

/** How far ahead of its record a time may lie before it is drawn back. */
const allowedSkewMs = 5 * 60_000;

export function readMeaning(records: readonly LoggedRecord[]): Meaning {
  const messages = new Map<string, Told<DecodedMessage>[]>();
  const changes = new Map<string, Told<DecodedChange>[]>();
  const ends = new Map<string, Told<DecodedEnd>[]>();
  const ignored: { record: LoggedRecord; type: string }[] = [];
  const refused: { record: LoggedRecord; reason: string }[] = [];
  for (const record of records) {
    const event = decode(record);
    if (event.kind === 'message') append(messages, messageName(event, record), { record, event });
    else if (event.kind === 'change') append(changes, changeName(event, record), { record, event });
    else if (event.kind === 'end') append(ends, endName(event, record), { record, event });
    else if (event.kind === 'ignored') ignored.push({ record, type: event.type });
    else refused.push({ record, reason: event.reason });
  }
  return {
    messages: new Map([...messages].map(([name, told]) => [name, tellings(told)])),
    changes: byTarget([...changes.values()].map(tellings)),
    ends: [...ends.values()].map(tellings),
    ignored,
    refused,
  };
}

/** Who, where, and what the platform calls it. */
export function nameOf({ botId, userId, channelId }: Omit<Who, 'channelType'>, messageId: string): string {
  return JSON.stringify([botId, userId, channelId ?? '', messageId]);
}

/** A message without an id of its own is named by its place in the log. */
export function nameOfPlace(partition: number, offset: bigint | string): string {
  return `at ${partition}/${offset}`;
}

function messageName({ who, messageId }: DecodedMessage, record: LoggedRecord): string {
  return messageId === null ? nameOfPlace(record.partition, record.offset) : nameOf(who, messageId);
}

/** The same change is the same time, as sent, and the same words. */
function changeName({ who, messageId, sentAtMs, content }: DecodedChange, record: LoggedRecord): string {
  return JSON.stringify([nameOf(who, messageId), sentAtMs ?? record.timestampMs, content]);
}

function endName({ who, markerId, sentAtMs }: DecodedEnd, record: LoggedRecord): string {
  return JSON.stringify([nameOf(who, markerId ?? ''), sentAtMs ?? record.timestampMs]);
}

function byTarget(
  all: readonly Tellings<DecodedChange>[],
): ReadonlyMap<string, readonly Tellings<DecodedChange>[]> {
  const changes = new Map<string, Tellings<DecodedChange>[]>();
  for (const told of all) append(changes, nameOf(told[0].event.who, told[0].event.messageId), told);
  return changes;
}

/** When it happened: as sent, unless that lies too far ahead of the record; then the record's own time. */
export function eventTimeMs({ record, event }: Told<{ readonly sentAtMs: number | null }>): number {
  return event.sentAtMs === null || isAhead({ record, event }) ? record.timestampMs : event.sentAtMs;
}

export function isAhead({ record, event }: Told<{ readonly sentAtMs: number | null }>): boolean {
  return event.sentAtMs !== null && event.sentAtMs > record.timestampMs + allowedSkewMs;
}

/** Where a time was drawn back, whichever of the repeats came first decides to which. */
export function possibleTimesMs(told: Tellings<{ readonly sentAtMs: number | null }>): readonly number[] {
  return told.map(eventTimeMs);
}

function append<T>(lists: Map<string, T[]>, name: string, one: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [one]);
  else list.push(one);
}

function tellings<Event>([first, ...repeats]: readonly Told<Event>[]): Tellings<Event> {
  if (first === undefined) throw new Error('nothing was told');
  return [first, ...repeats];
}
