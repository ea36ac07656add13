import type { z } from 'zod';
import type {
  Addressed,
  ChatMessageEvent,
  MessageChangeEvent,
  SessionEndEvent,
} from '../model/decoded-record.ts';
import { changeIdentity, derivedMessageId, messageIdentity, sessionEndIdentity } from '../model/identity.ts';
import {
  chatMessageSchema,
  messageDeleteSchema,
  messageEditSchema,
  sessionEndSchema,
  type MessageEventType,
} from '../model/message-event.ts';
import type { LogRecord } from '../model/record.ts';
import type { OpenedRecord } from './cloud-events.ts';
import { refuse, type Refused } from './decode-bytes.ts';
import { parseSentAt } from './sent-at.ts';
import { storableObject, storableText } from '../model/storable-text.ts';

type Decoded = ChatMessageEvent | MessageChangeEvent | SessionEndEvent | Refused;

/** Reads the fields of a known type. `opened.fields` names that type, or none for a message. */
export function decodeFields(type: MessageEventType, opened: OpenedRecord, record: LogRecord): Decoded {
  switch (type) {
    case 'message':
      return decodeChatMessage(opened, record);
    case 'message.edited':
      return decodeEdit(opened, record);
    case 'message.deleted':
      return decodeDelete(opened, record);
    case 'session.end':
      return decodeSessionEnd(opened, record);
  }
}

export function isRefused(decoded: Decoded): decoded is Refused {
  return 'ok' in decoded;
}

function decodeChatMessage(opened: OpenedRecord, record: LogRecord): ChatMessageEvent | Refused {
  const parsed = parseFields(chatMessageSchema, opened);
  if (!parsed.ok) return parsed;
  const { fields, address } = parsed;
  const content = storable(fields.content, opened);
  const messageId = idOrNull(fields.id) ?? derivedMessageId(record, content);
  return {
    kind: 'message',
    ...address,
    identity: messageIdentity(address.botId, address.userId, address.channelId, messageId),
    messageId,
    role: fields.role === 'bot' ? 'assistant' : fields.role,
    content,
    metadata: metadataOf(opened),
    extra: unknownFields(opened),
  };
}

function decodeEdit(opened: OpenedRecord, record: LogRecord): MessageChangeEvent | Refused {
  const parsed = parseFields(messageEditSchema, opened);
  if (!parsed.ok) return parsed;
  return changeEvent(parsed, storable(parsed.fields.content, opened), record);
}

function decodeDelete(opened: OpenedRecord, record: LogRecord): MessageChangeEvent | Refused {
  const parsed = parseFields(messageDeleteSchema, opened);
  return parsed.ok ? changeEvent(parsed, null, record) : parsed;
}

function changeEvent(
  { fields, address }: Parsed<AddressFields & { id: string | number }>,
  content: string | null,
  record: LogRecord,
): MessageChangeEvent {
  const messageId = String(fields.id);
  const target = messageIdentity(address.botId, address.userId, address.channelId, messageId);
  const identity = changeIdentity(target, address.sentAtMs ?? record.timestampMs, content);
  return { kind: 'change', ...address, identity, target, messageId, content };
}

function decodeSessionEnd(opened: OpenedRecord, record: LogRecord): SessionEndEvent | Refused {
  const parsed = parseFields(sessionEndSchema, opened);
  if (!parsed.ok) return parsed;
  const { fields, address } = parsed;
  const endedAtMs = address.sentAtMs ?? record.timestampMs;
  return {
    kind: 'session-end',
    ...address,
    identity: sessionEndIdentity(address, endedAtMs, idOrNull(fields.id)),
  };
}

/** What every type has: whom it concerns, and when. */
interface AddressFields {
  readonly bot_id: string | number;
  readonly user_id: string | number;
  readonly channel_id?: string | number | null | undefined;
  readonly channel_type?: string | null | undefined;
  readonly sent_at?: string | number | null | undefined;
}

interface Parsed<Fields> {
  readonly ok: true;
  readonly fields: Fields;
  readonly address: Addressed & { readonly sentAtMs: number | null };
}

function parseFields<Fields extends AddressFields>(
  schema: z.ZodType<Fields>,
  opened: OpenedRecord,
): Parsed<Fields> | Refused {
  const parsed = schema.safeParse(opened.fields);
  if (!parsed.success) return refuseFields(parsed.error);
  const fields = parsed.data;
  const sentAt = sentAtOf(fields, opened);
  if (typeof sentAt === 'object' && sentAt !== null) return sentAt;
  const channelType = fields.channel_type ?? '';
  const address = {
    botId: String(fields.bot_id),
    userId: String(fields.user_id),
    channelId: idOrNull(fields.channel_id),
    channelType: channelType === '' ? null : storable(channelType, opened),
    sentAtMs: sentAt,
  };
  return { ok: true, fields, address };
}

/** Paths are names of our own fields and messages our own codes: neither can hold what was sent. */
function refuseFields(error: z.ZodError): Refused {
  const faults = error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  return refuse('invalid-fields', [...new Set(faults)].join('; '));
}

/** The event's own time, else the envelope's, else null: the record's timestamp holds. */
function sentAtOf(fields: AddressFields, opened: OpenedRecord): number | null | Refused {
  const own = fields.sent_at ?? undefined;
  const field = own === undefined ? 'time' : 'sent_at';
  const value = own ?? opened.envelopeTime ?? undefined;
  if (value === undefined) return null;
  if (typeof value !== 'string' && typeof value !== 'number')
    return refuse('invalid-fields', `${field}: not a time`);
  const sentAt = parseSentAt(value);
  return sentAt.ok ? sentAt.atMs : refuse(sentAt.reason, `${field}: ${sentAt.fault}`);
}

function idOrNull(id: string | number | null | undefined): string | null {
  return id === undefined || id === null ? null : String(id);
}

function storable(text: string, { escaped }: OpenedRecord): string {
  return escaped ? storableText(text) : text;
}

/** Taken from the JSON as it was parsed: the schema's own copy leaves out a key named `__proto__`. */
function metadataOf({ fields, escaped }: OpenedRecord): Record<string, unknown> | null {
  const metadata = (fields['metadata'] ?? null) as Record<string, unknown> | null;
  return metadata !== null && escaped ? storableObject(metadata) : metadata;
}

const knownFields = new Set(Object.keys(chatMessageSchema.shape));

function unknownFields({ fields, escaped }: OpenedRecord): Record<string, unknown> | null {
  let names: string[] | undefined;
  for (const name in fields) if (!knownFields.has(name)) (names ??= []).push(name);
  if (names === undefined) return null;
  const unknown = Object.fromEntries(names.map((name) => [name, fields[name]]));
  return escaped ? storableObject(unknown) : unknown;
}
