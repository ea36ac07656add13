import { hash } from 'node:crypto';
import type { Role } from './message.ts';
import type { LogRecord } from './record.ts';

/**
 * Identities are SHA-256 over length-prefixed fields, cut to 128 bits and written as a
 * UUID. They are primary keys of rows that live for years: changing one bit of this file
 * would store every message again at the next rewind. Its test holds fixed vectors.
 */

/** Who and where; `channelId` null: no channel, or a session key without channels. */
export interface SessionKeyParts {
  readonly botId: string;
  readonly userId: string;
  readonly channelId: string | null;
}

/** Of a message: what its platform calls it, in its place. Ids are never empty, so '' is "no channel". */
export function messageIdentity(
  botId: string,
  userId: string,
  channelId: string | null,
  messageId: string,
): string {
  return identityOf('message', [botId, userId, channelId ?? '', messageId]);
}

/**
 * Of an edit (`content` is the new text) or a delete (null) of the message `target`, an
 * identity itself: two different changes never share one, a repeat always does.
 */
export function changeIdentity(target: string, changedAtMs: number, content: string | null): string {
  return content === null
    ? identityOf('delete', [target, String(changedAtMs)])
    : identityOf('edit', [target, String(changedAtMs), content]);
}

/** Of an end marker; `markerId` is the platform's id of the marker where it has one. */
export function sessionEndIdentity(key: SessionKeyParts, endedAtMs: number, markerId: string | null): string {
  const { botId, userId, channelId } = key;
  return identityOf('session-end', [botId, userId, channelId ?? '', String(endedAtMs), markerId ?? '']);
}

/** The same start in the same run is the same window, whatever it holds. */
export function windowId(runId: number, key: SessionKeyParts, startedAtMs: number): string {
  return identityOf('window', [
    String(runId),
    key.botId,
    key.userId,
    key.channelId ?? '',
    String(startedAtMs),
  ]);
}

/** A redelivery is the same dead letter; another record at the same offset of a re-created topic is not. */
export function deadLetterIdentity(record: LogRecord): string {
  const place = recordPlace(record);
  return record.value === null
    ? identityOf('dead-letter', place)
    : identityOf('dead-letter', [...place, hash('sha256', record.value, 'hex')]);
}

/**
 * The id of a message whose platform gave none. It survives redelivery and a rewind of
 * the same log, and nothing else (promise P1).
 */
export function derivedMessageId(record: LogRecord, content: string): string {
  return `derived:${identityOf('derived-message', [...recordPlace(record), content])}`;
}

/** The same for the messages of one record after its first, which a decoder took out of it. */
export function derivedPartId(record: LogRecord, part: number, content: string): string {
  return `derived:${identityOf('derived-part', [...recordPlace(record), String(part), content])}`;
}

/**
 * Keyed hash of role and text as first received: 128 bits in hex. Keyed, so that nobody can
 * guess a text from it. One hash over key and text is enough for that: half of it is cut off,
 * so that it cannot be continued, and a keyed hash of two passes costs five times as much.
 */
export function contentHash(secret: string, role: Role, content: string): string {
  return hash('sha256', secret + lengthPrefixed(role) + lengthPrefixed(content), 'hex').slice(0, 32);
}

function recordPlace(record: LogRecord): string[] {
  return [record.topic, String(record.partition), String(record.offset), String(record.timestampMs)];
}

function identityOf(kind: string, fields: readonly string[]): string {
  let text = lengthPrefixed(`afterword.${kind}`);
  for (const field of fields) text += lengthPrefixed(field);
  const hex = hash('sha256', text, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** `length:text,` with the length in bytes of UTF-8: no two lists of fields are written alike. */
function lengthPrefixed(field: string): string {
  return `${Buffer.byteLength(field)}:${field},`;
}
