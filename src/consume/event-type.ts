import { messageEventTypes, type MessageEventType } from '../model/message-event.ts';
import { storableText } from '../model/storable-text.ts';

const longestTypeCharacters = 60;

/**
 * What a record says it is. The message event's own `type` counts; only without one does
 * the envelope's, where a producer may put his own name before the type and a version
 * after it: `com.example.chat.message.edited.v2` is `message.edited`. Without either it
 * is a message. Undefined when the type is not text.
 */
export function eventTypeOf(ownType: unknown, envelopeType: unknown): string | undefined {
  if (ownType !== undefined) return typeof ownType === 'string' ? ownType : undefined;
  if (envelopeType === undefined) return 'message';
  return typeof envelopeType === 'string' ? fromEnvelope(envelopeType) : undefined;
}

function fromEnvelope(envelopeType: string): string {
  const type = envelopeType.replace(/\.v\d+$/, '');
  return messageEventTypes.find((known) => type === known || type.endsWith(`.${known}`)) ?? envelopeType;
}

export function isMessageEventType(type: string): type is MessageEventType {
  return messageEventTypes.some((known) => known === type);
}

/** The name of an unknown type as it is counted: a producer must not be able to fill a table with names. */
export function countedTypeName(type: string): string {
  // Two code units at most make a character, so this prefix holds enough of them.
  const start = type.slice(0, 2 * longestTypeCharacters);
  return storableText(Array.from(start).slice(0, longestTypeCharacters).join(''));
}
