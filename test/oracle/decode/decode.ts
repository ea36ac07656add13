import type { LoggedRecord } from '../logged-record.ts';
import { refused, type Decoded, type Who } from './decoded.ts';
import { openEnvelope, type Opened } from './open-envelope.ts';
import { isObject, type Fields } from './read-json.ts';
import { readTime } from './read-time.ts';

/**
 * What a record is, written from the contract alone (DESIGN.md 3.1): null counts as absent,
 * fields that nobody knows are kept, and what cannot be used is refused with a reason.
 */
export function decode(record: LoggedRecord): Decoded {
  const opened = openEnvelope(record);
  if (opened.kind === 'refused') return opened;
  const type = typeOf(opened);
  if (type === undefined) return refused('invalid-fields');
  if (!knownTypes.includes(type)) return { kind: 'ignored', type: storable(firstCharacters(type, 60)) };
  const fields = withoutNulls(opened.fields);
  const who = whoOf(fields);
  if (who === undefined) return refused('invalid-fields');
  const time = timeOf(fields, opened.envelopeTime);
  const sentAtMs = time?.kind === 'time' ? time.atMs : null;
  const decoded = decodeType(type, fields, opened, { who, sentAtMs });
  // A time that cannot be used is told only where nothing else is wrong.
  return decoded.kind !== 'refused' && time?.kind === 'refused' ? time : decoded;
}

const knownTypes = ['message', 'message.edited', 'message.deleted', 'session.end'];

/** The event's own type, else the envelope's, which may have a name before it and a version after it. */
function typeOf({ fields, envelopeType }: Opened): string | undefined {
  const own = fields['type'] ?? undefined;
  if (own !== undefined) return typeof own === 'string' ? own : undefined;
  if (envelopeType === undefined) return 'message';
  if (typeof envelopeType !== 'string') return undefined;
  const bare = envelopeType.replace(/\.v\d+$/, '');
  return knownTypes.find((known) => bare === known || bare.endsWith(`.${known}`)) ?? envelopeType;
}

interface Addressed {
  readonly who: Who;
  readonly sentAtMs: number | null;
}

function whoOf(fields: Fields): Who | undefined {
  const { bot_id: bot, user_id: user, channel_id: channel = null, channel_type: channelType = '' } = fields;
  const botId = idOf(bot);
  const userId = idOf(user);
  const channelId = channel === null ? null : idOf(channel);
  if (botId === undefined || userId === undefined || channelId === undefined) return undefined;
  if (typeof channelType !== 'string' || channelType.length > 255) return undefined;
  return { botId, userId, channelId, channelType: channelType === '' ? null : storable(channelType) };
}

function timeOf(fields: Fields, envelopeTime: unknown): ReturnType<typeof readTime> | undefined {
  const told = fields['sent_at'] ?? envelopeTime ?? undefined;
  return told === undefined ? undefined : readTime(told);
}

function decodeType(type: string, fields: Fields, opened: Opened, { who, sentAtMs }: Addressed): Decoded {
  const id = fields['id'] === undefined ? null : idOf(fields['id']);
  const content = fields['content'];
  if (id === undefined) return refused('invalid-fields');
  if (type === 'session.end') return { kind: 'end', who, sentAtMs, markerId: id };
  if (type === 'message') return decodeMessage(id, fields, opened, { who, sentAtMs });
  if (id === null) return refused('invalid-fields');
  if (type === 'message.deleted') return { kind: 'change', who, sentAtMs, messageId: id, content: null };
  if (typeof content !== 'string') return refused('invalid-fields');
  return { kind: 'change', who, sentAtMs, messageId: id, content: storable(content) };
}

const roles = ['user', 'assistant', 'system', 'tool', 'bot'];
const namedFields = ['type', 'id', 'bot_id', 'user_id', 'channel_id', 'channel_type', 'sent_at', 'role'];
const ownFields = new Set([...namedFields, 'content', 'metadata']);

function decodeMessage(
  messageId: string | null,
  { role, content, metadata = null }: Fields,
  { fields }: Opened,
  { who, sentAtMs }: Addressed,
): Decoded {
  if (typeof role !== 'string' || !roles.includes(role)) return refused('invalid-fields');
  if (typeof content !== 'string') return refused('invalid-fields');
  if (metadata !== null && !isObject(metadata)) return refused('invalid-fields');
  const others = Object.entries(fields).filter(([name]) => !ownFields.has(name));
  return {
    kind: 'message',
    who,
    sentAtMs,
    messageId,
    role: role === 'bot' ? 'assistant' : role,
    content: storable(content),
    metadata: metadata === null ? null : storableObject(metadata),
    extra: others.length === 0 ? null : storableObject(Object.fromEntries(others)),
  };
}

/** Text of 1 to 255 characters that Postgres can hold, or an exact integer; undefined: no id. */
function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== 'string' || value === '' || Array.from(value).length > 255) return undefined;
  return storable(value) === value ? value : undefined;
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function firstCharacters(text: string, most: number): string {
  return Array.from(text).slice(0, most).join('');
}

/** Postgres holds neither U+0000 nor half of a surrogate pair. */
function storable(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, '\u{fffd}');
}

function storableObject(value: object): object {
  return storableValue(value) as object;
}

function storableValue(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(storableValue);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [storable(name), storableValue(one)]));
}
